package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// Headers of a member report and its answer, for what Nacos's Member cannot
// say: a state that Java does not know would make it refuse the whole report.
const (
	HeaderState = "distro-state" // member.State
	HeaderReady = "distro-ready" // "true" once it is loaded and serves clients
)

// raftOffset is where Java computes a member's Raft port (gRPC page, 1).
const raftOffset = -1000

// Errors of a member report.
var (
	// ErrNoNode means that a report carries no member at all.
	ErrNoNode = errors.New("member report has no node")
	// ErrBadNode means that the reported member cannot be one.
	ErrBadNode = errors.New("Node information is illegal") //nolint:staticcheck // Nacos's text
)

// ReportRequest is the body of a MemberReportRequest by n.
func ReportRequest(n member.Node) []byte {
	return append(appendNode([]byte(`{"headers":{},"node":`), n), `,"module":"cluster"}`...)
}

// ReportResult is the body of a successful MemberReportResponse by n.
func ReportResult(n member.Node) []byte {
	return append(appendNode([]byte(`{"resultCode":200,"errorCode":0,"node":`), n), `,"success":true}`...)
}

// appendNode writes a Member (gRPC page, 4.4). It depends on nothing that
// changes by the minute: Java publishes an event for every difference.
func appendNode(b []byte, n member.Node) []byte { return appendNodeIn(b, n, "UP") }

// appendNodeIn writes a Member in a state.
func appendNodeIn(b []byte, n member.Node, state string) []byte {
	port := n.Address.Port()
	b = appendString(append(b, `{"ip":`...), n.Address.Host())
	b = strconv.AppendInt(append(b, `,"port":`...), int64(port), 10)
	b = appendString(append(b, `,"state":`...), state)
	b = append(b, `,"extendInfo":{"raftPort":"`...)
	b = strconv.AppendInt(b, int64(port+raftOffset), 10)
	b = append(b, `","readyToUpgrade":true,"supportGrayModel":true,"version":`...)
	b = appendString(b, n.Version)
	b = appendString(append(b, `},"address":`...), string(n.Address))
	return append(b, `,"failAccessCnt":0,"abilities":{`+
		`"remoteAbility":{"supportRemoteConnection":true,"grpcReportEnabled":true},`+
		`"configAbility":{"supportRemoteMetrics":false},`+
		`"namingAbility":{"supportJraft":true}},"grpcReportEnabled":true}`...)
}

// DecodeReport reads the member in a MemberReportRequest: ErrNoNode without
// one, ErrBadNode for one that lacks its address.
func DecodeReport(p *nacospb.Payload) (member.Node, error) { return decodeNode(p) }

// DecodeReportResult reads the member in a MemberReportResponse.
func DecodeReportResult(p *nacospb.Payload) (member.Node, error) {
	result, err := DecodeResult(Body(p))
	if err != nil {
		return member.Node{}, err
	}
	if !result.OK() {
		return member.Node{}, fmt.Errorf("member report refused: %d/%d %s", result.ResultCode, result.ErrorCode, result.Message)
	}
	return decodeNode(p)
}

// memberJSON is what is read of a Member.
type memberJSON struct {
	IP      string       `json:"ip"`
	Port    int          `json:"port"`
	Address string       `json:"address"`
	State   member.State `json:"state"`
	Extend  struct {
		Version string `json:"version"`
		Upgrade any    `json:"readyToUpgrade"`
	} `json:"extendInfo"`
}

func (in *memberJSON) node() (member.Node, error) {
	if in == nil {
		return member.Node{}, ErrNoNode
	}
	address, err := member.ParseAddress(in.Address)
	if err != nil || in.IP == "" || in.Port < 0 {
		return member.Node{}, ErrBadNode
	}
	n := member.Node{Address: address, Version: in.Extend.Version, State: in.State, Ready: true}
	if n.State == "" {
		n.State = member.Up
	}
	return n, nil
}

func decodeNode(p *nacospb.Payload) (member.Node, error) {
	var in struct {
		Node *memberJSON `json:"node"`
	}
	if err := json.Unmarshal(Body(p), &in); err != nil {
		return member.Node{}, fmt.Errorf("%w: %s", ErrMalformed, err.Error())
	}
	n, err := in.Node.node()
	if err != nil {
		return member.Node{}, err
	}
	if Header(p, HeaderMember) != "" { // one of ours says more in headers
		n.Epoch = number(p, HeaderEpoch)
		n.Clock = number(p, HeaderClock)
		n.State = member.State(Header(p, HeaderState))
		n.Ready = Header(p, HeaderReady) == "true"
	}
	if n.State == "" {
		n.State = member.Up
	}
	return n, nil
}

func number(p *nacospb.Payload, header string) int64 {
	n, err := strconv.ParseInt(Header(p, header), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Sender returns who sent a request, when it is one of our own members.
func Sender(p *nacospb.Payload) member.Address { return member.Address(Header(p, HeaderMember)) }

// Version returns the version of the record that a DELETE or VERIFY is about,
// 0 from a Java server.
func Version(p *nacospb.Payload) int64 { return number(p, HeaderVersion) }

// Sign puts the headers by which our own members know each other on a message.
func Sign(p *nacospb.Payload, n member.Node) *nacospb.Payload {
	p.Metadata.Headers = map[string]string{
		HeaderMember: string(n.Address),
		HeaderEpoch:  strconv.FormatInt(n.Epoch, 10),
		HeaderClock:  strconv.FormatInt(n.Clock, 10),
	}
	p.Metadata.ClientIp = n.Address.Host()
	return p
}

// Introduce signs a member report or its answer, which also say how n is.
func Introduce(p *nacospb.Payload, n member.Node) *nacospb.Payload {
	Sign(p, n)
	p.Metadata.Headers[HeaderState] = string(n.State)
	p.Metadata.Headers[HeaderReady] = strconv.FormatBool(n.Ready)
	return p
}

// SignDistro signs a Distro request, with the version of the record it is about
// when it carries none itself.
func SignDistro(p *nacospb.Payload, n member.Node, version int64) *nacospb.Payload {
	Sign(p, n)
	if version != 0 {
		p.Metadata.Headers[HeaderVersion] = strconv.FormatInt(version, 10)
	}
	return p
}
