package frame

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/test/golden"
)

var (
	web   = naming.ServiceKey{Namespace: "public", Group: "DEFAULT_GROUP", Name: "web"}
	store = naming.ServiceKey{Namespace: "public", Group: "DEFAULT_GROUP", Name: "store"}
)

// usual is what a client of an SDK publishes.
func usual(ip string) naming.Instance {
	return naming.Instance{
		ID: naming.DefaultID(ip, "8080", "DEFAULT", web.Grouped()), IP: ip, Port: 8080, Cluster: "DEFAULT",
		Weight: 1, Healthy: true, Enabled: true,
		Metadata: map[string]string{"preserved.register.source": "SPRING_CLOUD", "version": "1.2"},
	}
}

// odd differs from usual in all that it can.
func odd(ip string) naming.Instance {
	return naming.Instance{ID: "mine", IP: ip, Port: 65535, Cluster: "b", Weight: 0.25, Metadata: map[string]string{"": "ünï", "k": ""}}
}

func single(c naming.ClientID, version int64) *naming.Record {
	return naming.Normal(c, naming.Issue("10.0.0.1:8848", version), []naming.Publication{
		{Service: web, Instances: []naming.Instance{usual("10.1.0.1")}},
	})
}

// whole holds every kind of thing that a record can.
func whole() *naming.Record {
	unnamed := usual("fd00::1")
	unnamed.ID = naming.DefaultID("fd00::1", "8080", "null", store.Grouped())
	long := usual("10.1.0.9")
	long.Cluster = strings.Repeat("c", 300)
	long.ID = naming.DefaultID(long.IP, "8080", long.Cluster, store.Grouped())
	return &naming.Record{
		Client: "1700000000000_10.0.0.8_52114",
		Stamp:  naming.Stamp{Owner: "10.0.0.1:8848", Version: 1700000000005, Revision: -7},
		Publications: []naming.Publication{
			{Service: store, Batch: true, Since: 1700000000001, Instances: []naming.Instance{usual("10.1.0.1"), odd("10.1.0.2"), unnamed, long}},
			{Service: web, Since: 1700000000005, Instances: []naming.Instance{usual("10.1.0.1")}},
			{Service: naming.ServiceKey{Namespace: "zone", Name: "empty"}, Batch: true},
		},
	}
}

// frames are one of each kind, and more where one cannot say everything.
func frames() map[string]Frame {
	java := &naming.Record{Client: "10.0.0.8:80#true", Stamp: naming.Stamp{Revision: 12}}
	part := naming.Change{
		Client: "1_a_1", Base: naming.Issue("a:1", 8), Removed: []naming.ServiceKey{store}, Record: single("1_a_1", 9),
	}
	refused := []Refusal{{Seq: 3, Item: 1, Code: OwnedHere}, {Seq: 4, Item: 300, Code: Other, Reason: "no"}}
	return map[string]Frame{
		"hello":     Hello{Member: "a:8848", Epoch: 1700000000000, Clock: 1700000000900, Session: 1 << 63, Acked: 4},
		"welcome":   Welcome{Epoch: 1, Clock: 2, Known: true, Applied: 4, Refused: refused},
		"delta":     Delta{Seq: 5, Seen: 4, Clock: 7, Changes: []naming.Change{{Client: "1_a_2", Version: 9}, {Client: whole().Client, Record: whole()}, part}},
		"ack":       Ack{Seq: 5, Clock: 8, Refused: refused},
		"summarize": Summarize{ID: 300, Root: [16]byte{1, 15: 2}},
		"buckets":   Buckets{ID: 300, Digests: [][16]byte{{1}, {15: 2}}},
		"alike":     Buckets{ID: 300},
		"detail":    Detail{ID: 1, Held: [16]byte{3}, Buckets: []uint8{0, 255}, Marks: []naming.Mark{java.Mark(), whole().Mark()}},
		"different": Different{ID: 1, Clients: []naming.ClientID{"1_a_1", "1_a_2"}},
		"failed":    Failed{ID: 1, Reason: "stopping"},
		"load":      Load{Member: "a:8848", Except: []member.Address{"b:8848"}, After: "1_a_1"},
		"chunk":     Chunk{Records: []*naming.Record{java, single("1_a_1", 9), single("1_a_2", 10), whole()}},
		"end":       End{Complete: true},
	}
}

func TestEveryFrameReadsBack(t *testing.T) {
	for name, f := range frames() {
		t.Run(name, func(t *testing.T) {
			b := f.Append(nil)
			got, err := Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(f, got); diff != "" {
				t.Errorf("-written +read:\n%s", diff)
			}
			golden.Check(t, filepath.Join("testdata", name+".hex"), []byte(hex.Dump(b)))
		})
	}
}

func TestFrameCutOffAnywhereIsRefused(t *testing.T) {
	for name, f := range frames() {
		b := f.Append(nil)
		for n := range b {
			got, err := Decode(b[:n])
			if err == nil && cmp.Equal(got, f) {
				t.Errorf("%s of %d bytes was read whole from %d", name, len(b), n)
			}
			if err != nil && !errors.Is(err, ErrFrame) {
				t.Errorf("%s cut to %d: %v is no ErrFrame", name, n, err)
			}
		}
	}
}

func TestFaultyFramesAreRefused(t *testing.T) {
	persistent, portless, twice := single("10.0.0.1:80#false", 1), single("1_a_1", 1), single("1_a_1", 1)
	portless.Publications[0].Instances[0].Port = 65536
	twice.Publications = append(twice.Publications, twice.Publications[0])
	weightless := single("1_a_1", 1)
	weightless.Publications[0].Instances[0].Weight = math.Inf(1)
	chunk := func(r *naming.Record) []byte { return Chunk{Records: []*naming.Record{r}}.Append(nil) }
	for name, b := range map[string][]byte{
		"empty":                          nil,
		"of an unknown kind":             {99},
		"followed by something":          append(End{}.Append(nil), 0),
		"neither true nor false":         {byte(kindEnd), 2},
		"of a persistent client":         chunk(persistent),
		"of a client without an id":      chunk(&naming.Record{}),
		"with a port out of range":       chunk(portless),
		"with an infinite weight":        chunk(weightless),
		"with one service twice":         chunk(twice),
		"with a text that is not there":  {byte(kindChunk), 1, 'c', 5, 0, 0, 0},
		"with more than it has room for": {byte(kindDifferent), 1, 0xff, 0xff, 0xff, 0x7f},
		"with a number without an end":   {byte(kindAck), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
		"with a change of no kind":       append(AppendDelta(nil, 1, 0, 0), 1, 9),
		"with a string over its limit":   append([]byte{byte(kindHello), 0xff, 0x7f}, make([]byte, 1<<15)...),
	} {
		if f, err := Decode(b); !errors.Is(err, ErrFrame) {
			t.Errorf("a frame %s: %+v, %v, want ErrFrame", name, f, err)
		}
	}
}

func TestChunksHoldAsMuchAsFits(t *testing.T) {
	var list []*naming.Record
	for i := range 1000 {
		list = append(list, single(naming.ClientID(fmt.Sprintf("1_10.0.0.1_%04d", i)), int64(i+1)))
	}
	var (
		e    Encoder
		read []*naming.Record
	)
	for rest := list; len(rest) > 0; {
		b, n := e.Chunk(nil, rest, 4<<10)
		if len(b) > 5<<10 || len(b) < 4<<10 && n < len(rest) {
			t.Errorf("%d records in %d bytes", n, len(b))
		}
		f, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		read, rest = append(read, f.(Chunk).Records...), rest[n:]
	}
	if diff := cmp.Diff(list, read); diff != "" {
		t.Errorf("-written +read:\n%s", diff)
	}
}

func TestMetadataInCommonIsShared(t *testing.T) {
	f, err := Decode(Chunk{Records: []*naming.Record{single("1_a_1", 1), single("1_a_2", 2)}}.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	list := f.(Chunk).Records
	list[0].Publications[0].Instances[0].Metadata["seen"] = "by both"
	if list[1].Publications[0].Instances[0].Metadata["seen"] != "by both" {
		t.Error("each has its own")
	}
}
