package wire

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRecordedPushesOverUDP: packets that a server of 2.5.1 sent are written alike,
// and what a client answered is understood.
func TestRecordedPushesOverUDP(t *testing.T) {
	text, err := os.ReadFile("testdata/2.5.1/udp-push.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Packets []struct{ Text string } }
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	var sent struct {
		Type, Data string
		Ref        int64 `json:"lastRefTime"`
	}
	for _, p := range all.Packets {
		if ref, err := DecodePushAck([]byte(p.Text)); err == nil {
			if ref != sent.Ref {
				t.Errorf("acknowledged %d, sent was %d", ref, sent.Ref)
			}
			continue
		}
		if err := json.Unmarshal([]byte(p.Text), &sent); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p.Text, string(PushPacket([]byte(sent.Data), sent.Ref))); diff != "" {
			t.Errorf("not as recorded (-recorded +ours):\n%s", diff)
		}
	}
	if sent.Ref == 0 {
		t.Error("no push was recorded")
	}
}

func TestOnlyAcknowledgementsAcknowledge(t *testing.T) {
	for name, packet := range map[string]string{
		"no JSON":          `x`,
		"another type":     `{"type":"dump-ack","lastRefTime":1}`,
		"no number":        `{"type":"push-ack"}`,
		"a fraction":       `{"type":"push-ack","lastRefTime":1.5}`,
		"an endless one":   `{"type":"push-ack","lastRefTime":1111111111111111111111111111111111111111}`,
		"an object within": `{"type":"push-ack","lastRefTime":{}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if ref, err := DecodePushAck([]byte(packet)); err == nil {
				t.Errorf("taken for an acknowledgement of %d", ref)
			}
		})
	}
}
