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
	content := []byte(head)
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

// DecodeSnapshot reads an answer to SNAPSHOT: the records, and whether they are
// all that its sender will ever know. Records that cannot be read are left out,
// which the error ErrSkipped says beside those that can.
func DecodeSnapshot(body []byte) (records []*naming.Record, complete bool, err error) {
	var in struct {
		Result
		Partial bool `json:"partial"`
		Data    *struct {
			Content []byte `json:"content"`
		} `json:"distroData"`
	}
	in.ResultCode = CodeSuccess
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, false, fmt.Errorf("%w: %s", ErrMalformed, err.Error())
	}
	if !in.OK() {
		return nil, false, fmt.Errorf("snapshot refused: %d/%d %s", in.ResultCode, in.ErrorCode, in.Message)
	}
	if in.Data == nil {
		return nil, false, fmt.Errorf("%w: distroData is missing", ErrDistro)
	}
	var list struct {
		Records []json.RawMessage `json:"clientSyncDataList"`
	}
	if err := json.Unmarshal(in.Data.Content, &list); err != nil {
		return nil, false, fmt.Errorf("%w: %s", ErrDistro, err.Error())
	}
	var faults []error
	for _, raw := range list.Records {
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
