package wire

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Operation is what a DistroDataRequest asks for.
type Operation string

// The operations (gRPC page, 4.6). Java sends neither OpAdd nor OpQuery.
const (
	OpAdd      Operation = "ADD"
	OpChange   Operation = "CHANGE"
	OpDelete   Operation = "DELETE"
	OpVerify   Operation = "VERIFY"
	OpSnapshot Operation = "SNAPSHOT"
	OpQuery    Operation = "QUERY"
)

// plain returns OpChange for OpAdd, which means the same.
func (o Operation) plain() Operation {
	if o == OpAdd {
		return OpChange
	}
	return o
}

// Headers by which our own members tell each other what Nacos has no place for;
// Java ignores them.
const (
	HeaderMember  = "distro-member"  // the sender's address
	HeaderEpoch   = "distro-epoch"   // the sender's incarnation
	HeaderClock   = "distro-clock"   // the sender's hybrid time
	HeaderVersion = "distro-version" // of the record deleted or verified
)

const resourceType = "Nacos:Naming:v2:ClientData"

// ErrDistro means that a Distro message cannot be processed: its operation is
// understood, its content is not.
var ErrDistro = errors.New("distro content is faulty")

// Distro is the body of a DistroDataRequest. Content is what base64 covered.
type Distro struct {
	Operation Operation
	Client    naming.ClientID
	Content   []byte
}

type distroJSON struct {
	Operation Operation   `json:"dataOperation"`
	Data      *distroData `json:"distroData"`
}

type distroData struct {
	Key     distroKey `json:"distroKey"`
	Type    Operation `json:"type"`
	Content []byte    `json:"content"`
}

type distroKey struct {
	ResourceKey  naming.ClientID `json:"resourceKey"`
	ResourceType string          `json:"resourceType"`
}

// DecodeDistro reads a DistroDataRequest. The error is ErrMalformed when it
// cannot be read at all, and ErrDistro when it lacks what its operation needs.
func DecodeDistro(body []byte) (Distro, error) {
	in, err := decodeDistro(body)
	if err != nil {
		return Distro{}, fmt.Errorf("%w: %s", ErrMalformed, err.Error())
	}
	switch in.Operation {
	case OpSnapshot:
		return Distro{Operation: OpSnapshot}, nil
	case OpAdd, OpChange, OpDelete, OpVerify, OpQuery:
	default:
		return Distro{}, fmt.Errorf("%w: operation %q is unknown", ErrMalformed, in.Operation)
	}
	out := Distro{Operation: in.Operation}
	if in.Data == nil {
		return out, fmt.Errorf("%w: distroData is missing", ErrDistro)
	}
	out.Client, out.Content = in.Data.Key.ResourceKey, in.Data.Content
	switch {
	case in.Data.Key.ResourceType != resourceType:
		return out, fmt.Errorf("%w: resource type %q is not %q", ErrDistro, in.Data.Key.ResourceType, resourceType)
	case in.Data.Type == "":
		return out, fmt.Errorf("%w: type is missing", ErrDistro)
	case in.Data.Type.plain() != in.Operation.plain():
		return out, fmt.Errorf("%w: type %s within %s", ErrDistro, in.Data.Type, in.Operation)
	case out.Client == "":
		return out, fmt.Errorf("%w: resourceKey is missing", ErrDistro)
	case out.Client.Persistent():
		return out, fmt.Errorf("%w: persistent client %q is not replicated by Distro", ErrDistro, out.Client)
	}
	return out, nil
}

// Change is a CHANGE of one record, written for any number of peers. It may be
// shared by goroutines.
type Change struct {
	client naming.ClientID
	rest   []byte // what follows the key, and is the same for every peer
}

// NewChange writes r.
func NewChange(r *naming.Record) *Change {
	content := AppendRecord(make([]byte, 0, 256+384*r.Len()), r)
	rest := make([]byte, 0, 128+base64.StdEncoding.EncodedLen(len(content)))
	return &Change{client: r.Client, rest: appendRest(rest, OpChange, content)}
}

// Request is the body of the request to a peer.
func (c *Change) Request(to member.Address) []byte {
	b := make([]byte, 0, 256+len(c.rest))
	return append(appendHead(b, c.client, to), c.rest...)
}

// DeleteRequest is the body of a DELETE of c for a peer.
func DeleteRequest(c naming.ClientID, to member.Address) []byte {
	return distroRequest(OpDelete, c, to, nil)
}

// VerifyRequest is the body of a VERIFY of one record.
func VerifyRequest(m naming.Mark) []byte {
	return distroRequest(OpVerify, m.Client, "", appendMark(nil, m))
}

// SnapshotRequest is the body of a SNAPSHOT.
func SnapshotRequest() []byte {
	return []byte(`{"headers":{},"dataOperation":"SNAPSHOT","module":"cluster"}`)
}

func distroRequest(op Operation, c naming.ClientID, to member.Address, content []byte) []byte {
	b := make([]byte, 0, 256+base64.StdEncoding.EncodedLen(len(content)))
	return appendRest(appendHead(b, c, to), op, content)
}

func appendHead(b []byte, c naming.ClientID, to member.Address) []byte {
	return appendKey(append(b, `{"headers":{},"distroData":{"distroKey":`...), string(c), to)
}

func appendRest(b []byte, op Operation, content []byte) []byte {
	b = appendString(append(b, `,"type":`...), string(op))
	if content != nil {
		b = appendContent(b, content)
	}
	b = appendString(append(b, `},"dataOperation":`...), string(op))
	return append(b, `,"module":"cluster"}`...)
}

func appendKey(b []byte, key string, to member.Address) []byte {
	b = appendString(append(b, `{"resourceKey":`...), key)
	b = append(b, `,"resourceType":"`+resourceType+`"`...)
	if to != "" {
		b = appendString(append(b, `,"targetServer":`...), string(to))
	}
	return append(b, '}')
}

func appendContent(b, content []byte) []byte {
	b = append(b, `,"content":"`...)
	return append(base64.StdEncoding.AppendEncode(b, content), '"')
}

// QueryRecordResult is the body of a successful answer to QUERY; r may be nil.
func QueryRecordResult(r *naming.Record) []byte {
	if r == nil {
		return Success()
	}
	return distroResult(string(r.Client), AppendRecord(nil, r), false)
}

func distroResult(key string, content []byte, partial bool) []byte {
	b := make([]byte, 0, 256+base64.StdEncoding.EncodedLen(len(content)))
	b = appendKey(append(b, `{"resultCode":200,"errorCode":0,"distroData":{"distroKey":`...), key, "")
	b = append(appendContent(b, content), '}')
	if partial {
		b = append(b, `,"partial":true`...)
	}
	return append(b, `,"success":true}`...)
}

// DecodeMark reads the content of a VERIFY.
func DecodeMark(content []byte) (naming.Mark, error) {
	var in struct {
		Client   naming.ClientID `json:"clientId"`
		Revision json.Number     `json:"revision"`
	}
	if err := json.Unmarshal(content, &in); err != nil {
		return naming.Mark{}, fmt.Errorf("%w: %s", ErrDistro, err.Error())
	}
	if in.Client == "" {
		return naming.Mark{}, fmt.Errorf("%w: clientId is missing", ErrDistro)
	}
	revision, err := decodeRevision(in.Revision)
	return naming.Mark{Client: in.Client, Stamp: naming.Stamp{Revision: revision}}, err
}

func appendMark(b []byte, m naming.Mark) []byte {
	b = appendString(append(b, `{"clientId":`...), string(m.Client))
	b = strconv.AppendInt(append(b, `,"revision":`...), int64(m.Stamp.Revision), 10)
	return append(b, '}')
}

// decodeRevision reads a revision in the one form that Java takes: a whole
// number in 32 bits. An absent one is 0.
func decodeRevision(n json.Number) (int32, error) {
	if n == "" {
		return 0, nil
	}
	v, err := strconv.ParseInt(n.String(), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%w: revision %s is not a whole number of 32 bits", ErrDistro, n)
	}
	return int32(v), nil
}
