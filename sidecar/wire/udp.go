package wire

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Of packets over UDP (HTTP page, 3.6).
const (
	zipFrom       = 1024  // bytes from which a packet is compressed
	MaxDatagram   = 65507 // bytes that fit into one
	ackType       = "push-ack"
	maxAckNumeral = 32
)

// PushPacket is a list of instances as it is pushed over UDP; ref is what the
// acknowledgement will name.
func PushPacket(info []byte, ref int64) []byte {
	b := appendString([]byte(`{"type":"dom","data":`), string(info))
	b = append(strconv.AppendInt(append(b, `,"lastRefTime":`...), ref, 10), '}')
	if len(b) < zipFrom {
		return b
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(b) // into memory
	_ = z.Close()
	return zipped.Bytes()
}

// DecodePushAck reads an acknowledgement. Some clients send the number as text.
func DecodePushAck(packet []byte) (ref int64, err error) {
	var in struct {
		Type string          `json:"type"`
		Ref  json.RawMessage `json:"lastRefTime"`
	}
	if err := json.Unmarshal(packet, &in); err != nil || in.Type != ackType || len(in.Ref) > maxAckNumeral {
		return 0, fmt.Errorf("%w: no acknowledgement", ErrMalformed)
	}
	ref, err = strconv.ParseInt(strings.Trim(string(in.Ref), `"`), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: no acknowledgement", ErrMalformed)
	}
	return ref, nil
}

// pushFrom are the programs that take pushes over UDP, with the version since
// which they do.
var pushFrom = map[string][3]int{
	"Nacos-Java-Client":   {0, 1, 0},
	"Nacos-DNS":           {0, 4, 3},
	"Nacos-C-Client":      {1, 0, 12},
	"vip-client4cpp":      {1, 0, 12},
	"Nacos-Go-Client":     {0, 1, 0},
	"Nacos-CSharp-Client": {0, 9, 0},
}

// TakesPushes reports whether a program takes pushes over UDP, by how it names
// itself: "Nacos-Java-Client:v1.4.3".
func TakesPushes(agent string) bool {
	name, version, _ := strings.Cut(agent, ":v")
	since, known := pushFrom[name]
	if !known {
		return false
	}
	var is [3]int
	_, _ = fmt.Sscanf(version, "%d.%d.%d", &is[0], &is[1], &is[2]) // what is missing is 0
	for i, n := range is {
		if n != since[i] {
			return n > since[i]
		}
	}
	return true
}
