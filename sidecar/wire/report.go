package wire

import (
	"encoding/json"
	"fmt"

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
	return append(appendString([]byte(`{"code":200,"data":`), string(appendNode(nil, n))), '}')
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
