package wire

import (
	"strconv"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// What a NamingFuzzyWatchRequest asks for, as its "watchType" says it.
const (
	FuzzyWatchStart  = "WATCH"
	FuzzyWatchCancel = "CANCEL_WATCH"
)

// Kinds of a NamingFuzzyWatchSyncRequest (gRPC page, 3.7).
const (
	FuzzyInit   = "FUZZY_WATCH_INIT_NOTIFY"        // a part of all that matches
	FuzzyDiff   = "FUZZY_WATCH_DIFF_SYNC_NOTIFY"   // what a client lacks that watched before
	FuzzyFinish = "FINISH_FUZZY_WATCH_INIT_NOTIFY" // all was told
)

// Codes of a NamingFuzzyWatchResponse, with Nacos's words.
const (
	CodeTooManyPatterns = 50310
	TooManyPatterns     = "fuzzy watch pattern over limit"
	CodeTooManyMatches  = 50311
	TooManyMatches      = "fuzzy watch pattern matched count over limit"
)

// FuzzyWatch is the body of a NamingFuzzyWatchRequest or ConfigFuzzyWatchRequest.
type FuzzyWatch struct {
	Pattern      string   `json:"groupKeyPattern"`
	Type         string   `json:"watchType"`
	Received     []string `json:"receivedGroupKeys"` // what the client knows to match
	Initializing bool     `json:"initializing"`      // it was never told that it knows all
}

// DecodeFuzzyWatch reads a NamingFuzzyWatchRequest or ConfigFuzzyWatchRequest.
func DecodeFuzzyWatch(body []byte) (out FuzzyWatch, err error) {
	err = decode(body, &out)
	return out, err
}

// CheckPattern reads a pattern and complains about one that no service could
// match by its characters or length.
func CheckPattern(text string) (naming.Pattern, error) {
	p, ok := naming.ParsePattern(text)
	if !ok {
		return p, &Invalid{
			Field: "groupKeyPattern", Text: "Param 'groupKeyPattern' is illegal, it should be namespace>>group>>service.",
			Hint: "Group and service may begin or end with \"*\".",
		}
	}
	fixed := naming.ServiceKey{
		Namespace: p.Namespace,
		Group:     strings.ReplaceAll(p.Group, "*", ""),
		Name:      strings.ReplaceAll(p.Name, "*", ""),
	}
	return p, CheckNames(fixed)
}

// FuzzySync is the body of a NamingFuzzyWatchSyncRequest: a part of the services
// that match a pattern, by their keys. Parts count from 1.
func FuzzySync(requestID, kind, pattern string, services []string, part, parts int) []byte {
	return appendSync(requestID, kind, pattern, services, part, parts, "naming")
}

func appendSync(requestID, kind, pattern string, services []string, part, parts int, module string) []byte {
	b := appendString([]byte(`{"headers":{},"requestId":`), requestID)
	b = appendString(append(b, `,"syncType":`...), kind)
	b = appendString(append(b, `,"groupKeyPattern":`...), pattern)
	b = append(b, `,"contexts":[`...)
	for i, s := range services {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(append(b, `{"serviceKey":`...), s), `,"changedType":"ADD_SERVICE"}`...)
	}
	b = strconv.AppendInt(append(b, `],"totalBatch":`...), int64(parts), 10)
	b = strconv.AppendInt(append(b, `,"currentBatch":`...), int64(part), 10)
	return append(appendString(append(b, `,"module":`...), module), '}')
}

// FuzzyChange is the body of a NamingFuzzyWatchChangeNotifyRequest: a service
// came, or went.
func FuzzyChange(requestID, service string, came bool) []byte {
	change := "DELETE_SERVICE"
	if came {
		change = "ADD_SERVICE"
	}
	b := appendString([]byte(`{"headers":{},"requestId":`), requestID)
	b = appendString(append(b, `,"syncType":"FUZZY_WATCH_RESOURCE_CHANGED","serviceKey":`...), service)
	return append(appendString(append(b, `,"changedType":`...), change), `,"module":"naming"}`...)
}
