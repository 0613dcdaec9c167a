package nacoshttp

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Content types as Nacos writes them.
const (
	plainType = "text/plain;charset=UTF-8"
	jsonType  = "application/json"
)

// javaTime is the form of times in Spring's error pages.
const javaTime = "2006-01-02T15:04:05.000-07:00"

// request is a call with its parameters.
type request struct {
	form wire.Form
	body []byte
}

// read takes in the parameters, of the query and of a form body, whatever the
// method: Nacos's clients use both for all of them.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) (request, error) {
	if ofMembers(r.URL.Path) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.cfg.MaxDatums))
		if err == nil {
			body, err = unzipped(body, h.cfg.MaxDatums)
		}
		return request{form: wire.ParseForm(r.URL.RawQuery, ""), body: body}, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.cfg.MaxBody))
	if err != nil {
		return request{}, err
	}
	return request{form: wire.ParseForm(r.URL.RawQuery, string(body)), body: body}, nil
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // a caller that left is not owed an answer
}

func text(w http.ResponseWriter, status int, body string) {
	write(w, status, plainType, []byte(body))
}

func ok(w http.ResponseWriter) { text(w, http.StatusOK, "ok") }

func object(w http.ResponseWriter, body []byte) { write(w, http.StatusOK, jsonType, body) }

// page answers as Spring's error page does.
func page(w http.ResponseWriter, r *http.Request, status int, message string) {
	now := time.Now().UTC().Format(javaTime)
	write(w, status, jsonType, wire.Page(now, status, http.StatusText(status), message, r.URL.Path))
}

// notFound is an answer of its own: what was asked for is not there.
type notFound string

func (e notFound) Error() string { return string(e) }

// fail answers an error in the form that Nacos has for it.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	var (
		invalid *wire.Invalid
		absent  notFound
		format  *wire.MetadataError
		large   *http.MaxBytesError
	)
	switch {
	case errors.Is(err, wire.ErrGroupEmpty):
		page(w, r, http.StatusBadRequest, wire.ErrGroupEmpty.Text)
	case errors.As(err, &invalid):
		body := invalid.Text
		if invalid.Param {
			body += "\r\n"
		}
		text(w, http.StatusBadRequest, body)
	case errors.As(err, &absent):
		text(w, http.StatusNotFound, string(absent))
	case errors.As(err, &format):
		page(w, r, http.StatusInternalServerError,
			"Server failed, caused: ErrCode:400, ErrMsg:"+err.Error()+";caused: "+err.Error()+";")
	case errors.As(err, &large):
		text(w, http.StatusRequestEntityTooLarge, "body is too large")
	case errors.Is(err, naming.ErrLoading), errors.Is(err, naming.ErrStopped):
		text(w, http.StatusServiceUnavailable, "server is DOWNnow, detailed error message: Optional["+err.Error()+"]")
	case errors.Is(err, wire.ErrMalformed):
		page(w, r, http.StatusBadRequest, err.Error())
	case errors.Is(err, wire.ErrBeat):
		page(w, r, http.StatusInternalServerError, "Server failed, caused: "+err.Error()+";")
	default:
		text(w, http.StatusInternalServerError, "caused: "+err.Error()+";")
	}
}

// health is a body that says yes, in the form of one version of the API.
type health struct {
	contentType string
	body        string
}

var (
	plainOK    = health{plainType, "OK"}
	envelopeOK = health{jsonType, string(wire.Envelope(0, "success", "ok"))}
	envelopeUp = health{jsonType, string(wire.Envelope(0, "success", "UP"))}
)

// alive says that the program answers.
func (h *Handler) alive(yes health) call {
	return func(w http.ResponseWriter, _ *http.Request, _ request) error {
		write(w, http.StatusOK, yes.contentType, []byte(yes.body))
		return nil
	}
}

// ready says whether this member serves clients, and why not.
func (h *Handler) ready(yes health) call {
	return func(w http.ResponseWriter, _ *http.Request, _ request) error {
		no := ""
		switch {
		case h.leaving.Load():
			no = "server is leaving"
		case !h.deps.Catalog.Loaded():
			no = "naming not in readiness"
		default:
			write(w, http.StatusOK, yes.contentType, []byte(yes.body))
			return nil
		}
		body := no
		if strings.HasPrefix(yes.contentType, jsonType) {
			body = string(wire.Envelope(serverError, "server error", no))
		}
		write(w, http.StatusServiceUnavailable, yes.contentType, []byte(body))
		return nil
	}
}

// serverError is the code of v2 and v3 for a server that is not well.
const serverError = 30000
