package wire

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// ErrSkipped means that some records of a snapshot could not be read; the others
// are good.
var ErrSkipped = errors.New("records were left out")

// Room that a message needs beside the content of a snapshot, and below which
// it is not worth looking for a record that still fits, in bytes.
const (
	envelope = 512
	scraps   = 4 << 10
)

// SnapshotResult is the body of a successful answer to SNAPSHOT, which makes a
// message of at most limit bytes: a Java server cannot read more than 10 MiB,
// and the protocol knows no second part. It holds the first records for which
// there is room and returns the others; 0 is no limit. partial says that the
// sender is itself still loading; only our own members are told so.
func SnapshotResult(records []*naming.Record, limit int, partial bool) (body []byte, left []*naming.Record) {
	const head, tail = `{"clientSyncDataList":[`, "]}"
	room := base64.StdEncoding.DecodedLen(max(0, limit-envelope)) - len(tail)
	content := append(make([]byte, 0, roomFor(records, room)), head...)
	for i, r := range records {
		before := len(content)
		content = AppendRecord(separate(content, len(head)), r)
		if limit == 0 || len(content) <= room {
			continue
		}
		content = content[:before]
		left = append(left, r)
		if room-before < scraps {
			left = append(left, records[i+1:]...)
			break
		}
	}
	return distroResult("SNAPSHOT", append(content, tail...), partial || len(left) > 0), left
}

// roomFor guesses how long the content will be.
func roomFor(records []*naming.Record, most int) int {
	n := envelope
	for _, r := range records {
		n += 256 + 256*r.Len()
	}
	if most > 0 {
		n = min(n, most)
	}
	return n
}

// DecodeSnapshot reads an answer to SNAPSHOT: the records, and whether they are
// all that its sender will ever know. Records that cannot be read are left out,
// which the error ErrSkipped says beside those that can.
func DecodeSnapshot(body []byte) (records []*naming.Record, complete bool, err error) {
	in, err := decodeSnapshot(body)
	if err != nil {
		return nil, false, fmt.Errorf("%w: %s", ErrMalformed, err.Error())
	}
	if result := (Result{ResultCode: in.ResultCode, ErrorCode: in.ErrorCode}); !result.OK() {
		return nil, false, fmt.Errorf("snapshot refused: %d/%d %s", in.ResultCode, in.ErrorCode, in.Message)
	}
	if in.Data == nil {
		return nil, false, fmt.Errorf("%w: distroData is missing", ErrDistro)
	}
	list, err := decodeList(in.Data.Content)
	if err != nil {
		return nil, false, fmt.Errorf("%w: %s", ErrDistro, err.Error())
	}
	records = make([]*naming.Record, 0, len(list))
	var faults []error
	for _, raw := range list {
		r, err := DecodeRecord(raw)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		records = append(records, r)
	}
	if len(faults) > 0 {
		return records, !in.Partial, fmt.Errorf("%w: %w", ErrSkipped, errors.Join(faults...))
	}
	return records, !in.Partial, nil
}

type snapshotJSON struct {
	ResultCode int          `json:"resultCode"`
	ErrorCode  int          `json:"errorCode"`
	Message    string       `json:"message"`
	Partial    bool         `json:"partial"`
	Data       *contentJSON `json:"distroData"`
}

type contentJSON struct {
	Content []byte `json:"content"`
}

var (
	snapshotMembers = []string{"resultCode", "errorCode", "message", "partial", "distroData"}
	contentMembers  = []string{"content"}
	recordsMembers  = []string{"clientSyncDataList"}
)

// decodeSnapshot reads an answer to SNAPSHOT, in one pass if it can: it may have
// hundreds of megabytes.
func decodeSnapshot(body []byte) (out snapshotJSON, err error) {
	out.ResultCode = CodeSuccess
	r := reader{text: body}
	if out.read(&r); r.done() {
		return out, nil
	}
	out = snapshotJSON{ResultCode: CodeSuccess}
	err = json.Unmarshal(body, &out)
	return out, err
}

func (in *snapshotJSON) read(r *reader) {
	r.members(snapshotMembers, func(member int) {
		switch member {
		case 0:
			in.ResultCode = int(r.integer())
		case 1:
			in.ErrorCode = int(r.integer())
		case 2:
			in.Message = r.string()
		case 3:
			in.Partial = r.boolean()
		case 4:
			in.Data = &contentJSON{}
			r.members(contentMembers, func(int) { in.Data.Content = r.base64() })
		}
	})
}

type listJSON struct {
	Records []json.RawMessage `json:"clientSyncDataList"`
}

// decodeList reads the content of a snapshot as far as the texts of its records,
// in one pass if it can.
func decodeList(content []byte) ([]json.RawMessage, error) {
	var out listJSON
	r := reader{text: content}
	if out.read(&r); r.done() {
		return out.Records, nil
	}
	out = listJSON{}
	err := json.Unmarshal(content, &out)
	return out.Records, err
}

func (in *listJSON) read(r *reader) {
	r.members(recordsMembers, func(int) {
		in.Records = []json.RawMessage{}
		r.array(func() {
			r.next()
			start := r.at
			r.skip()
			in.Records = append(in.Records, r.text[min(start, r.at):r.at])
		})
	})
}
