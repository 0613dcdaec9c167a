package frame

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
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
	stamp := naming.Stamp{Owner: "10.0.0.1:8848", Version: 1700000000005, Revision: -7}
	return naming.Normal("1700000000000_10.0.0.8_52114", stamp, []naming.Publication{
		{Service: store, Batch: true, Since: 1700000000001, Instances: []naming.Instance{usual("10.1.0.1"), odd("10.1.0.2"), unnamed, long}},
		{Service: web, Since: 1700000000005, Instances: []naming.Instance{usual("10.1.0.1")}},
		{Service: naming.ServiceKey{Namespace: "zone", Name: "empty"}, Batch: true, Since: 1700000000002},
	})
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
		"chunk":     Chunk{Records: []*naming.Record{java, single("1_a_1", 9), single("1_a_2", 10), whole()}, More: 300},
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

// recordHead is the length of a Chunk up to the services of a record of "1_a_1".
const recordHead = 1 + 1 + 6 + 2 + 1 + 2 + 1

func TestFaultyFramesAreRefused(t *testing.T) {
	portless, weightless := usual("10.1.0.1"), usual("10.1.0.1")
	portless.Port, weightless.Weight = 65536, math.Inf(1)
	chunk := func(c naming.ClientID, list ...naming.Instance) []byte {
		p := naming.Publication{Service: web, Batch: true, Instances: list}
		return Chunk{Records: []*naming.Record{naming.Normal(c, naming.Stamp{}, []naming.Publication{p})}}.Append(nil)
	}
	one := chunk("1_a_1", usual("10.1.0.1"))
	twice := append(slices.Clone(one), one[recordHead:]...)
	twice[recordHead-1] = 2
	for name, b := range map[string][]byte{
		"empty":                          nil,
		"of an unknown kind":             {99},
		"followed by something":          append(End{}.Append(nil), 0),
		"neither true nor false":         {byte(kindEnd), 2},
		"of a persistent client":         chunk("10.0.0.1:80#false"),
		"of a client without an id":      chunk(""),
		"with a port out of range":       chunk("1_a_1", portless),
		"with an infinite weight":        chunk("1_a_1", weightless),
		"with one service twice":         twice,
		"with a text that is not there":  {byte(kindChunk), 1, 1, 'c', 5, 0, 0, 0},
		"with more records than it says": append([]byte{byte(kindChunk), 0}, one[2:]...),
		"with too many records to come":  append([]byte{byte(kindChunk), 0xff, 0xff, 0xff, 0xff, 0x7f}, one[2:]...),
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
		if more := f.(Chunk).More; more != len(rest) {
			t.Errorf("%d records are to follow, %d do", more, len(rest))
		}
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
	of := func(r *naming.Record) map[string]string { return r.Publications()[0].Instances[0].Metadata }
	of(list[0])["seen"] = "by both"
	if of(list[1])["seen"] != "by both" {
		t.Error("each has its own")
	}
}
