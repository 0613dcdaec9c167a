package wire

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// ReportPath is where members that know no MemberReportRequest, Nacos 2.0.0 to
// 2.2.0, report to each other over HTTP (gRPC page, 4.5).
const ReportPath = "/nacos/v1/core/cluster/report"

// HTTPReport is the body of a report by n over HTTP.
func HTTPReport(n member.Node) []byte { return appendNode(nil, n) }

// HTTPReportResult is the body of a successful answer by n to such a report:
// the Member is text within the JSON. Nacos 2.0.0 to 2.1.1 ignore it.
func HTTPReportResult(n member.Node) []byte {
	return RestResult(appendString(nil, string(appendNode(nil, n))))
}

// ReportRefused is the body of the answer to a report by what can be no member.
func ReportRefused(why error) []byte {
	return inEnvelope(CodeInvalid, appendString(nil, why.Error()), nil)
}

// DecodeHTTPReport reads the body of a report over HTTP, with the errors of
// DecodeReport.
func DecodeHTTPReport(body []byte) (member.Node, error) {
	var in *memberJSON
	if err := json.Unmarshal(body, &in); err != nil {
		return member.Node{}, fmt.Errorf("%w: %s", ErrMalformed, err.Error())
	}
	return in.node()
}

// DecodeHTTPReportResult reads the answer to a report over HTTP. One that does
// not say who answered, as Nacos answered before 2.1.2, has no address.
func DecodeHTTPReportResult(body []byte) (member.Node, error) {
	var in struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Data    string `json:"data"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return member.Node{}, fmt.Errorf("%w: %s", ErrMalformed, err.Error())
	}
	if in.Code != CodeSuccess && in.Code != 0 {
		return member.Node{}, fmt.Errorf("report refused: %d %s", in.Code, in.Message)
	}
	if in.Data == "" || in.Data[0] != '{' {
		return member.Node{State: member.Up, Ready: true}, nil
	}
	return DecodeHTTPReport([]byte(in.Data))
}

// KeepsRevisions reports whether Nacos of this version remembers the revisions
// of replicated records, so that it can verify them: since 2.3.0 (gRPC page,
// 10.3). What cannot be read is taken for new.
func KeepsRevisions(version string) bool {
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		return true
	}
	return major > 2 || major == 2 && minor >= 3
}

// SelfResult is the body of the answer to who n is.
func SelfResult(n member.Node) []byte {
	return append(appendNode([]byte(`{"code":200,"message":null,"data":`), n), '}')
}

// DecodeSelf reads such an answer, and whether the member says that it can leave
// the protocol of Nacos 1.x, as those of 2.0 and 2.1 do when all say so (HTTP
// page, 6.13).
func DecodeSelf(body []byte) (n member.Node, upgrades bool, err error) {
	var in struct {
		Data *memberJSON `json:"data"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return member.Node{}, false, fmt.Errorf("%w: %s", ErrMalformed, err.Error())
	}
	n, err = in.Data.node()
	return n, err == nil && (in.Data.Extend.Upgrade == true || in.Data.Extend.Upgrade == "true"), err
}

// Generation is what a version of Nacos says about how a member replicates.
type Generation int

// The generations.
const (
	Unclear  Generation = iota // 2.0 and 2.1 replicate in either way
	First                      // 1.x: by whole services, over HTTP
	SecondOn                   // since 2.2: by clients, over gRPC
)

// GenerationOf reads a version. One that cannot be read is old.
func GenerationOf(version string) Generation {
	var major, minor int
	switch _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); {
	case err != nil || major < 2:
		return First
	case major == 2 && minor < 2:
		return Unclear
	default:
		return SecondOn
	}
}

// DecodeJudgement reads whether a member of 2.0 or 2.1 has left the protocol of
// Nacos 1.x, of its own words; known is false when it does not say.
func DecodeJudgement(body []byte) (upgraded, known bool) {
	for line := range strings.Lines(string(body)) {
		name, value, found := strings.Cut(line, "=")
		if found && strings.TrimSpace(name) == "upgraded" {
			return strings.TrimSpace(value) == "true", true
		}
	}
	return false, false
}

// RaftPeer is what members of Nacos 1.x say of each other while they elect a
// leader in the old way, which they do until all are known to be newer (HTTP
// page, 7.3). One of ours follows whoever asks.
func RaftPeer(self member.Address, voteFor string, term int64) []byte {
	b := appendString([]byte(`{"ip":`), string(self))
	b = appendString(append(b, `,"voteFor":`...), voteFor)
	b = strconv.AppendInt(append(b, `,"term":`...), term, 10)
	return append(b, `,"leaderDueMs":15000,"heartbeatDueMs":5000,"state":"FOLLOWER"}`...)
}

// DecodeVote reads who asks to be elected, and for which term.
func DecodeVote(text string) (candidate string, term int64, err error) {
	var in struct {
		IP   string `json:"ip"`
		Term int64  `json:"term"`
	}
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return "", 0, fmt.Errorf("%w: %s", ErrMalformed, err.Error())
	}
	return in.IP, in.Term, nil
}
