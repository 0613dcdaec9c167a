package wire

import (
	"strconv"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// Load is how busy a member is.
type Load struct {
	Connections int     // of clients and members
	Clients     int     // of those, of clients
	Average     float64 // processes that ran or waited, over the last minute; negative when unknown
	Processors  float64 // share of the machine's processors that was busy, 0 to 1; negative when unknown
}

// LoadResult is the body of a successful ServerLoaderInfoResponse, whose values
// are text.
func LoadResult(l Load) []byte {
	b := appendString([]byte(`{"resultCode":200,"errorCode":0,"loaderMetrics":{"conCount":`), strconv.Itoa(l.Connections))
	b = appendString(append(b, `,"sdkConCount":`...), strconv.Itoa(l.Clients))
	b = appendDouble(append(b, `,"load":"`...), l.Average)
	b = appendDouble(append(b, `","cpu":"`...), l.Processors)
	return append(b, `"},"success":true}`...)
}

// Reload is the body of a ServerReloadRequest: the receiver shall keep Count
// clients and send the others to Server, or anywhere if that is empty.
type Reload struct {
	Count  int            `json:"reloadCount"`
	Server member.Address `json:"reloadServer"`
}

// DecodeReload reads a ServerReloadRequest.
func DecodeReload(body []byte) (out Reload, err error) {
	err = decode(body, &out)
	return out, err
}

// Surplus returns how many of that many clients are to go: what is above Count,
// but never more than a tenth, as one request must not empty a member (gRPC
// page, 2.8).
func (r Reload) Surplus(clients int) int {
	keep := max(r.Count, int(float64(clients)*0.9))
	return max(0, clients-keep)
}

// Words in which a reload is answered.
const (
	ReloadOK      = "ok"
	ReloadIgnored = "ignore"
)

// ReloadResult is the body of a ServerReloadResponse in one of these words.
func ReloadResult(word string) []byte {
	b := appendString([]byte(`{"resultCode":200,"errorCode":0,"message":`), word)
	return append(b, `,"success":true}`...)
}
