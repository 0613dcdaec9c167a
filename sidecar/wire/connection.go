package wire

import (
	"encoding/json"
	"strconv"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// Codes in answers (gRPC page, 2.7).
const (
	CodeSuccess       = 200
	CodeStarting      = 300
	CodeUnregistered  = 301
	CodeNoHandler     = 302
	CodeInvalid       = 400
	CodeForbidden     = 403
	CodeServerError   = 500
	CodeNotServed     = 501
	CodeBadGateway    = 502
	CodeOverThreshold = 503
	CodeNoClient      = -401
)

// Success is the body of every answer that has nothing to say but that it went
// well.
func Success() []byte { return []byte(success) }

const success = `{"resultCode":200,"errorCode":0,"success":true}`

// Failure is the body of a failed answer. extra, when not empty, is written
// before the last member and must end with a comma.
func Failure(resultCode, errorCode int, message, extra string) []byte {
	b := strconv.AppendInt([]byte(`{"resultCode":`), int64(resultCode), 10)
	b = strconv.AppendInt(append(b, `,"errorCode":`...), int64(errorCode), 10)
	b = append(appendString(append(b, `,"message":`...), message), ',')
	b = append(b, extra...)
	return append(b, `"success":false}`...)
}

// Setup is the body of a ConnectionSetupRequest.
type Setup struct {
	ClientVersion string            `json:"clientVersion"`
	Tenant        string            `json:"tenant"`
	Labels        map[string]string `json:"labels"`
	Abilities     map[string]any    `json:"abilityTable"` // nil: absent, and then no SetupAck is awaited
}

// DecodeSetup reads a ConnectionSetupRequest.
func DecodeSetup(body []byte) (out Setup, err error) {
	err = decode(body, &out)
	return out, err
}

// Naming reports whether the connection is one that registers and subscribes.
func (s Setup) Naming() bool { return s.Labels["module"] == "naming" }

// ClusterSetup is the body of the ConnectionSetupRequest that a member sends.
func ClusterSetup(version string) []byte {
	b := appendString([]byte(`{"headers":{},"clientVersion":`), "Nacos-Server:v"+version)
	return append(b, `,"labels":{"source":"cluster","tls.enable":"false"},"abilityTable":{},"module":"internal"}`...)
}

// Internal is the body of a request of the connection level without members of
// its own: ServerCheckRequest, HealthCheckRequest.
func Internal() []byte { return []byte(`{"headers":{},"module":"internal"}`) }

// Abilities is the body of a SetupAckRequest from a member: fuzzy watch, but no
// persistent instances and no locks.
func Abilities() []byte {
	return []byte(`{"headers":{},"abilityTable":{"fuzzyWatch":true},"module":"internal"}`)
}

// Detection is the body of a ClientDetectionRequest.
func Detection(requestID string) []byte {
	return append(appendString([]byte(`{"headers":{},"requestId":`), requestID), `,"module":"internal"}`...)
}

// Reset is the body of a ConnectResetRequest. target is the main address of the
// server to go to; a client that does not list its host, or finds nobody there,
// takes the next on its list, as it does when target is empty.
func Reset(requestID, connectionID string, target member.Address) []byte {
	b := appendString([]byte(`{"headers":{},"requestId":`), requestID)
	if target != "" {
		b = appendString(append(b, `,"serverIp":`...), target.Host())
		b = appendString(append(b, `,"serverPort":`...), strconv.Itoa(target.Port())) // text, as Java has it
	}
	b = appendString(append(b, `,"connectionId":`...), connectionID)
	return append(b, `,"module":"internal"}`...)
}

// Ready is the body of a ServerCheckResponse.
func Ready(connectionID string) []byte {
	b := appendString([]byte(`{"resultCode":200,"errorCode":0,"connectionId":`), connectionID)
	return append(b, `,"supportAbilityNegotiation":true,"success":true}`...)
}

// Answered is the body of an answer on the stream, which names its request.
func Answered(requestID string) []byte {
	b := appendString([]byte(`{"resultCode":200,"errorCode":0,"requestId":`), requestID)
	return append(b, `,"success":true}`...)
}

// Result is what every answer says. A client's answer is judged by ResultCode
// alone: some leave success out or false.
type Result struct {
	RequestID   string `json:"requestId"`
	ResultCode  int    `json:"resultCode"`
	ErrorCode   int    `json:"errorCode"`
	Message     string `json:"message"`
	Negotiation bool   `json:"supportAbilityNegotiation"` // ServerCheckResponse only
}

// OK reports whether the answer is a success. An error code beside a result of
// 200 is how some Java servers say that nothing was applied (gRPC page, 4.6).
func (r Result) OK() bool { return r.ResultCode == CodeSuccess && r.ErrorCode == 0 }

// DecodeResult reads an answer of any kind. A missing result code is a success.
func DecodeResult(body []byte) (Result, error) {
	out := Result{ResultCode: CodeSuccess}
	if string(body) == success { // what our own members say to nearly everything
		return out, nil
	}
	r := reader{text: body}
	if out.read(&r); r.done() {
		return out, nil
	}
	out = Result{ResultCode: CodeSuccess}
	err := decode(body, &out)
	return out, err
}

var resultMembers = []string{"requestId", "resultCode", "errorCode", "message", "supportAbilityNegotiation"}

func (r *Result) read(from *reader) {
	from.members(resultMembers, func(member int) {
		switch member {
		case 0:
			r.RequestID = from.string()
		case 1:
			r.ResultCode = int(from.integer())
		case 2:
			r.ErrorCode = int(from.integer())
		case 3:
			r.Message = from.string()
		default:
			r.Negotiation = from.boolean()
		}
	})
}

// RequestID returns the id of a request on the stream, empty when it has none.
func RequestID(body []byte) string {
	var request struct {
		RequestID string `json:"requestId"`
	}
	if json.Unmarshal(body, &request) != nil {
		return ""
	}
	return request.RequestID
}
