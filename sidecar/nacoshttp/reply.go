package nacoshttp

import (
	"maps"
	"net/http"
	"strconv"
)

// Content types as Nacos writes them.
const (
	plainType   = "text/plain;charset=UTF-8"
	jsonType    = "application/json"
	relayedType = "application/json;charset=UTF-8" // of all that another member answered
	noType      = ""
)

// reply is an answer as it goes out.
type reply struct {
	status int
	kind   string // content type
	body   []byte
	header http.Header // more of them; mostly nil
}

func (a reply) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.Header()["Content-Type"] = nil // or it would be guessed
	if a.kind != noType {
		w.Header().Set("Content-Type", a.kind)
	}
	w.Header().Set("X-Content-Type-Options", "nosniff") // some answers have no type, as Nacos's do
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the caller has gone
}

// said is what an operation has to say. Its dialect gives it the form of one
// version of the API: a text, or a JSON value, or what has its form already.
type said struct {
	text string
	json []byte
	as   *reply
}

func words(text string) said { return said{text: text} }

func value(json []byte) said { return said{json: json} }

func formed(a reply) said { return said{as: &a} }

// done is what most writes have to say.
var done = words("ok")

func plain(status int, text string) reply {
	return reply{status: status, kind: plainType, body: []byte(text)}
}
