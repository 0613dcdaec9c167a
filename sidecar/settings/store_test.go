package settings

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

var (
	web = naming.ServiceKey{Namespace: "public", Group: "g", Name: "web"}
	one = naming.Endpoint{IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT"}
)

func nobody(Key) bool    { return false }
func everybody(Key) bool { return true }

// weighs says that an instance has a weight.
func weighs(e naming.Endpoint, weight float64, at int64, by member.Address) Entry {
	return Entry{Key: Key{web, e}, Stamp: Stamp{Time: at, By: by}, Override: &naming.Override{Weight: &weight}}
}

// everything returns all that s holds.
func (s *Store) everything() (out []Entry) {
	for _, part := range s.parts() {
		for _, h := range part {
			out = append(out, h.Entry)
		}
	}
	return out
}

// history returns entries as several members may have written, kept and ended
// them, many of them under one key, some with stamps that only faults can give.
func history(r *rand.Rand) (out []Entry) {
	for range 2 + r.IntN(12) {
		of := naming.Endpoint{IP: fmt.Sprint("10.0.0.", r.IntN(3)), Port: 80}
		e := weighs(of, float64(r.IntN(4)), 1+int64(r.IntN(4)), member.Address("abc"[r.IntN(3):]))
		if r.IntN(4) == 0 {
			e = Entry{Key: Key{Service: web}, Stamp: e.Stamp, Service: &naming.Settings{ProtectThreshold: r.Float64()}}
		}
		e.Stamp.Kept = int64(r.IntN(2))
		if r.IntN(3) == 0 {
			e = e.ends(1 + int64(r.IntN(5)))
		}
		out = append(out, e)
	}
	return out
}

// TestMergeKnowsNoOrder: the same entries, in any order, any parts and any
// number, are the same in the end.
func TestMergeKnowsNoOrder(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		list := history(r)
		want := New(DefaultConfig())
		want.Merge(5, list, nobody)
		for range 4 {
			again := append(slices.Clone(list), list[:r.IntN(len(list))]...)
			r.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
			middle := r.IntN(len(again))
			a, b := New(DefaultConfig()), New(DefaultConfig())
			a.Merge(5, again[:middle], nobody)
			b.Merge(5, again[middle:], nobody)
			a.Merge(5, b.everything(), nobody)
			if diff := cmp.Diff(want.everything(), a.everything()); diff != "" {
				t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
			}
			if a.Root() != want.Root() {
				t.Fatalf("seed %d: equal entries, digests %x and %x", seed, a.Root(), want.Root())
			}
			if changed := a.Merge(5, again, nobody); len(changed) != 0 {
				t.Fatalf("seed %d: merging again changed %v", seed, changed)
			}
		}
	}
}

// TestTwoThatAskEachOtherAgree: whatever two members hold, one question and what
// follows from its answer make them alike, and then nothing more is said.
func TestTwoThatAskEachOtherAgree(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		a, b := New(DefaultConfig()), New(DefaultConfig())
		common := history(r)
		a.Merge(5, append(history(r), common...), nobody)
		b.Merge(5, append(common, history(r)...), nobody)
		said := converse(t, a, b, 1+r.IntN(2000))
		if diff := cmp.Diff(a.everything(), b.everything()); diff != "" {
			t.Fatalf("seed %d, after %d questions (-asker +asked):\n%s", seed, said, diff)
		}
		if said := converse(t, a, b, 1000); said != 1 {
			t.Fatalf("seed %d: %d questions between members that hold the same", seed, said)
		}
	}
}

// converse lets a ask b, through their texts, and returns the number of questions.
func converse(t *testing.T, a, b *Store, most int) (said int) {
	t.Helper()
	ask := func(q Question) Answer {
		said++
		in, err := DecodeQuestion(q.Encode())
		if err != nil {
			t.Fatal(err)
		}
		b.Merge(5, in.Entries, nobody)
		out, err := DecodeAnswer(b.Answer(in).Encode())
		if err != nil {
			t.Fatal(err)
		}
		a.Merge(5, out.Entries, nobody)
		return out
	}
	if first := ask(Question{Root: a.Root()}); len(first.Digests) > 0 {
		for _, q := range a.Ask(first.Digests, most) {
			ask(q)
		}
	}
	return said
}

func TestWriteIsLaterThanWhatIsHeld(t *testing.T) {
	s := New(DefaultConfig())
	s.Merge(1, []Entry{weighs(one, 1, 1<<50, "z")}, nobody) // a clock far ahead
	wrote, err := s.Write(weighs(one, 2, 100, "a"))
	if err != nil || wrote.Stamp.Time != 1<<50+1 {
		t.Fatalf("wrote %+v, %v", wrote, err)
	}
	if o, ok := s.Override(web, one); !ok || *o.Weight != 2 {
		t.Errorf("held %+v", o)
	}
	wrote, _ = s.Write(wrote.ends(100))
	if _, ok := s.Override(web, one); ok || wrote.Ended < wrote.Stamp.Time {
		t.Errorf("after its end %+v is held", wrote)
	}
}

func TestWriteIsKeptAsOthersReadIt(t *testing.T) {
	a, b := New(DefaultConfig()), New(DefaultConfig())
	odd := &naming.Settings{Metadata: map[string]string{"\xff<": "\xfe&"}}
	if _, err := a.Write(Entry{Key: Key{Service: web}, Stamp: Stamp{1, "a", 0}, Service: odd}); err != nil {
		t.Fatal(err)
	}
	if converse(t, b, a, 1000); a.Root() != b.Root() {
		t.Error("a copy has another digest")
	}
}

func TestLimits(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Entries, cfg.EntryBytes = 2, 400
	s := New(cfg)
	at := func(n int) naming.Endpoint { return naming.Endpoint{IP: fmt.Sprint("10.0.0.", n)} }
	long := naming.Settings{Metadata: map[string]string{"k": strings.Repeat("v", 400)}}
	for _, c := range []struct {
		what string
		e    Entry
		want error
	}{
		{"one", weighs(at(1), 1, 1, "a"), nil},
		{"one that is too large", Entry{Key: Key{Service: web}, Stamp: Stamp{1, "a", 0}, Service: &long}, naming.ErrTooLarge},
		{"a second", weighs(at(2), 1, 2, "a"), nil},
		{"a third", weighs(at(3), 1, 3, "a"), naming.ErrFull},
		{"the first anew", weighs(at(1), 2, 4, "a"), nil},
		{"the end of the second", weighs(at(2), 1, 5, "a").ends(5), nil},
		{"the third again", weighs(at(3), 1, 6, "a"), nil},
	} {
		if _, err := s.Write(c.e); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
	if c := s.Counts(); c != (Counts{Instances: 2, Tombstones: 1}) {
		t.Errorf("held %+v", c)
	}
	cfg.Bytes = s.bytes
	s.cfg = cfg
	if _, err := s.Write(weighs(at(3), 1.25, 7, "a")); !errors.Is(err, naming.ErrFull) {
		t.Errorf("more bytes: %v", err)
	}
}

func TestWhatOthersHoldIsBoundedToo(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Entries = 2
	s := New(cfg)
	var list []Entry
	for i := range 100 {
		list = append(list, weighs(naming.Endpoint{IP: fmt.Sprint("10.0.0.", i)}, 1, 1, "a"))
	}
	if s.Merge(1, list, nobody); s.Len() != 20 {
		t.Errorf("%d entries were taken", s.Len())
	}
	s.Merge(1, []Entry{list[0].ends(9)}, nobody)
	if _, held := s.Override(web, list[0].Key.Endpoint); held {
		t.Error("there is no room for the end of what is held")
	}
}

func TestWhatIsNotListedEndsAfterItsLife(t *testing.T) {
	s, now := New(DefaultConfig()), time.UnixMilli(1e12)
	after := func(d time.Duration, listed func(Key) bool) []Key {
		now = now.Add(d)
		return s.Sweep(now, now.UnixMilli(), listed)
	}
	s.Merge(1, []Entry{
		weighs(one, 2, 1, "a"), {Key: Key{Service: web}, Stamp: Stamp{1, "a", 0}, Service: &naming.Settings{}},
	}, nobody)
	after(time.Hour, everybody)
	after(0, nobody)
	after(59*time.Second, everybody) // it is back, and its time begins anew
	after(time.Second, nobody)
	if ended := after(59*time.Second, nobody); len(ended) != 0 {
		t.Errorf("%v ended before its time", ended)
	}
	if ended := after(time.Second, nobody); !slices.Equal(ended, []Key{{web, one}}) {
		t.Errorf("%v ended, want the instance", ended)
	}
	if ended := after(24*time.Hour-time.Minute, nobody); !slices.Equal(ended, []Key{{Service: web}}) {
		t.Errorf("%v ended, want the service", ended)
	}
	if changed := s.Merge(now.UnixMilli(), []Entry{weighs(one, 2, 1, "a")}, nobody); len(changed) != 0 {
		t.Error("an old copy came back")
	}
	if after(24*time.Hour, nobody); s.Len() != 0 {
		t.Errorf("%d tombstones are left", s.Len())
	}
	tomb := weighs(one, 2, 1, "a").ends(1)
	if s.Merge(now.UnixMilli(), []Entry{tomb}, nobody); s.Len() != 0 {
		t.Error("a tombstone that is over was taken")
	}
}

func TestMembersLetOneWriteEndAlike(t *testing.T) {
	a, b := New(DefaultConfig()), New(DefaultConfig())
	list := []Entry{weighs(one, 2, 1, "a")}
	for i, s := range []*Store{a, b} {
		s.Merge(1, list, nobody)
		began := time.UnixMilli(int64(i))
		s.Sweep(began, 0, nobody)
		s.Sweep(began.Add(time.Minute), int64(60_000+i), nobody)
	}
	converse(t, a, b, 1000)
	if diff := cmp.Diff(a.everything(), b.everything()); diff != "" || a.Counts().Tombstones != 1 {
		t.Errorf("(-a +b):\n%s", diff)
	}
}

// TestWhereAnInstanceIsListedItKeepsWhatIsSaidOfIt: a member that was apart lets
// it end, but not for the others.
func TestWhereAnInstanceIsListedItKeepsWhatIsSaidOfIt(t *testing.T) {
	here, apart := New(DefaultConfig()), New(DefaultConfig())
	e := weighs(one, 2, 1, "a")
	here.Merge(1, []Entry{e}, nobody)
	apart.Merge(1, []Entry{e.ends(60_000)}, nobody)
	if changed := here.Merge(2, apart.everything(), everybody); len(changed) != 0 {
		t.Errorf("%v changed where it is listed", changed)
	}
	if changed := apart.Merge(2, here.everything(), nobody); len(changed) != 1 {
		t.Error("the other did not take it back")
	}
	if here.Root() != apart.Root() {
		t.Error("they do not hold the same")
	}
	removed, _ := here.Write(e.ends(5))
	if apart.Merge(6, []Entry{removed}, everybody); apart.Counts().Instances != 0 {
		t.Error("what somebody took away was kept")
	}
}

func TestOldestTombstonesAreForgottenFirst(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Entries = 3
	s := New(cfg)
	for i := range int64(10) {
		s.Merge(1, []Entry{weighs(naming.Endpoint{IP: fmt.Sprint(i)}, 1, 1, "a").ends(10 - i)}, nobody)
	}
	s.Sweep(time.UnixMilli(0), 11, nobody)
	var kept []string
	for _, e := range s.everything() {
		kept = append(kept, e.Key.Endpoint.IP)
	}
	if slices.Sort(kept); !slices.Equal(kept, []string{"0", "1", "2"}) {
		t.Errorf("kept %v", kept)
	}
}

func TestWhatIsFaultyIsLeftOut(t *testing.T) {
	good := weighs(one, 2, 1, "a")
	for what, fault := range map[string]func(e *Entry){
		"no service":                 func(e *Entry) { e.Key.Service.Name = "" },
		"no time":                    func(e *Entry) { e.Stamp.Time = 0 },
		"an end before all time":     func(e *Entry) { e.Ended = -1 },
		"nothing":                    func(e *Entry) { e.Override = nil },
		"an end with content":        func(e *Entry) { e.Ended = 1 },
		"settings of an instance":    func(e *Entry) { e.Service = &naming.Settings{} },
		"an override of a service":   func(e *Entry) { e.Key.Endpoint = naming.Endpoint{} },
		"settings, not the override": func(e *Entry) { e.Service, e.Override = &naming.Settings{}, nil },
	} {
		e, s := good, New(DefaultConfig())
		fault(&e)
		if s.Merge(1, []Entry{e}, nobody); s.Len() != 0 {
			t.Errorf("%s was taken: %+v", what, e)
		}
	}
}

func TestFaultyMessages(t *testing.T) {
	for _, text := range []string{``, `{`, `{"Root":"00"}`, `{"Root":"` + strings.Repeat("z", 32) + `"}`, `{"Buckets":[256]}`, `{"Buckets":[-1]}`} {
		if q, err := DecodeQuestion([]byte(text)); err == nil {
			t.Errorf("question %q is %+v", text, q)
		}
	}
	for _, text := range []string{``, `[]`, `{"Digests":["` + strings.Repeat("0", 32) + `"]}`} {
		if a, err := DecodeAnswer([]byte(text)); err == nil {
			t.Errorf("answer %q is %+v", text, a)
		}
	}
}

// TestTexts: members of other versions read what is written, and it gives the same
// digest there.
func TestTexts(t *testing.T) {
	weight, enabled := 2.5, false
	s := New(DefaultConfig())
	s.Merge(1, []Entry{
		{
			Key: Key{web, one}, Stamp: Stamp{7, "a:8848", 1},
			Override: &naming.Override{Weight: &weight, Enabled: &enabled, Metadata: map[string]string{"b": "2", "a": "1"}, Without: []string{"c"}},
		},
		{Key: Key{Service: web}, Stamp: Stamp{8, "b:8848", 0}, Service: &naming.Settings{
			ProtectThreshold: 0.5, Selector: naming.Selector{Type: "label", Expression: "x"},
			Clusters: map[string]naming.ClusterSettings{"c": {HealthChecker: `{"type":"NONE"}`, CheckPort: 80}},
		}},
	}, nobody)
	const want = `{"Root":"8cc5234e86d1a66aff8ec05af4c72c42"}`
	if got := string(Question{Root: s.Root()}.Encode()); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
