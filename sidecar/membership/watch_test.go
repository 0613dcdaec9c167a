package membership

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

const (
	self  member.Address = "demo-0.demo-headless.prod.svc:8848"
	peer1 member.Address = "demo-1.demo-headless.prod.svc:8848"
	peer2 member.Address = "demo-2.demo-headless.prod.svc:8848"
)

// house is a Watch in fake time, with a file and a DNS that the test writes.
type house struct {
	*Watch
	t    *testing.T
	file string
	dns  *dns

	mu    sync.Mutex
	views []member.View
	met   []int64
	clock int64
}

type dns struct {
	mu    sync.Mutex
	hosts map[string][]string
	srv   []string // nil: the look-up fails
	asked int
}

func (d *dns) LookupHost(_ context.Context, host string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	if ips := d.hosts[host]; len(ips) > 0 {
		return ips, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func (d *dns) LookupSRV(context.Context, string, string, string) (string, []*net.SRV, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.srv == nil {
		return "", nil, errors.New("no such service")
	}
	var out []*net.SRV
	for _, t := range d.srv {
		out = append(out, &net.SRV{Target: t, Port: 8848})
	}
	return "", out, nil
}

func inHouse(t *testing.T, list string, test func(h *house)) {
	t.Helper()
	h := &house{file: filepath.Join(t.TempDir(), "cluster.conf"), dns: &dns{hosts: map[string][]string{}}}
	synctest.Test(t, func(t *testing.T) {
		h.t = t
		h.write(list)
		ctx, stop := context.WithCancel(t.Context())
		cfg := DefaultConfig()
		cfg.Self, cfg.File, cfg.HeadlessService = self, h.file, "demo-headless.prod.svc"
		h.Watch = New(cfg, logr.Discard(), h.dns, Events{View: h.seeView, Met: h.meet, Clock: h.seeClock},
			func() bool { return true }, func() int64 { return 1 })
		done := make(chan error, 1)
		go func() { done <- h.Run(ctx) }()
		synctest.Wait()
		test(h)
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func (h *house) write(list string) {
	h.t.Helper()
	if err := os.WriteFile(h.file, []byte(list), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) seeView(v member.View) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.views = append(h.views, v)
}

func (h *house) meet(m Meeting) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.met = append(h.met, m.Epoch)
	if m.Peer != peer1 {
		h.t.Errorf("met %s, want only %s", m.Peer, peer1)
	}
}

func (h *house) seeClock(c int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock = c
}

// last lets the watch notice what happened and returns the newest view.
func (h *house) last() member.View {
	h.t.Helper()
	time.Sleep(time.Second) //nolint:forbidigo // fake clock: returns at once
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.views) == 0 {
		h.t.Fatal("no view was told")
	}
	return h.views[len(h.views)-1]
}

func list(generation string, members ...member.Address) string {
	out := "# generation: " + generation + "\n"
	for _, m := range members {
		out += string(m) + "\n"
	}
	return out
}

func TestListIsFollowed(t *testing.T) {
	inHouse(t, list("1", self, peer1), func(h *house) {
		if got := h.last(); got.List.Generation() != 1 || len(got.Peers()) != 1 {
			t.Fatalf("view = generation %d, peers %v", got.List.Generation(), got.Peers())
		}
		h.write(list("2", self, peer1, peer2))
		if got := h.last(); got.List.Generation() != 2 || len(got.Peers()) != 2 {
			t.Errorf("view after growth = generation %d, peers %v", got.List.Generation(), got.Peers())
		}
		told := len(h.views)
		h.last()
		if len(h.views) != told {
			t.Errorf("told %d views although nothing changed", len(h.views)-told)
		}
	})
}

func TestBadListNeverReplacesAGoodOne(t *testing.T) {
	tests := map[string]struct{ text, fault string }{
		"a list without this member": {list("9", peer1, peer2), "does not contain"},
		"an empty file":              {"", "does not contain"},
		"a broken line":              {list("9", self) + "bad host:1\n", "neither an IP nor a DNS name"},
		"a port without room":        {list("9", self) + "a:65000\n", "want 1-64534"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			inHouse(t, list("1", self, peer1), func(h *house) {
				h.write(tc.text)
				if got := h.last(); got.List.Generation() != 1 {
					t.Errorf("generation = %d, want the good list's 1", got.List.Generation())
				}
				generation, fault := h.Generation()
				if generation != 1 || !strings.Contains(fault, tc.fault) {
					t.Errorf("Generation() = %d, %q, want 1 and a fault with %q", generation, fault, tc.fault)
				}
			})
		})
	}
}

func TestFaultEndsWhenTheGoodListIsBack(t *testing.T) {
	good := list("1", self, peer1)
	spoil := map[string]func(h *house){
		"it was written over": func(h *house) { h.write("") },
		"it was taken away": func(h *house) {
			if err := os.Remove(h.file); err != nil {
				h.t.Fatal(err)
			}
		},
	}
	for name, spoils := range spoil {
		t.Run(name, func(t *testing.T) {
			inHouse(t, good, func(h *house) {
				spoils(h)
				h.last()
				if _, fault := h.Generation(); fault == "" {
					t.Fatal("no fault while the file is bad")
				}
				h.write(good)
				h.last()
				if _, fault := h.Generation(); fault != "" {
					t.Errorf("fault = %q though the file holds the list in use", fault)
				}
			})
		})
	}
}

func TestStateOfAPeer(t *testing.T) {
	broken := errors.New("broken")
	answer := member.Node{Address: peer1, Epoch: 1, State: member.Up}
	leaving := member.Node{Address: peer1, Epoch: 1, State: member.Draining}
	tests := map[string]struct {
		events func(h *house)
		want   member.State
	}{
		"never heard of is suspect":             {func(*house) {}, member.Suspect},
		"an answer makes it up":                 {func(h *house) { h.Reached(answer, "10.0.0.1") }, member.Up},
		"one failure makes it suspect":          {func(h *house) { h.Reached(answer, "10.0.0.1"); h.Failed(peer1, false, broken) }, member.Suspect},
		"a refusal makes it down":               {func(h *house) { h.Failed(peer1, true, broken) }, member.Down},
		"a failure after a refusal leaves down": {func(h *house) { h.Failed(peer1, true, broken); h.Failed(peer1, false, broken) }, member.Down},
		"three failures leave it suspect":       {func(h *house) { h.Reached(answer, "10.0.0.1"); times(3, func() { h.Failed(peer1, false, broken) }) }, member.Suspect},
		"a success begins the count anew": {func(h *house) {
			times(3, func() { h.Failed(peer1, false, broken) })
			h.Reached(answer, "10.0.0.1")
			times(3, func() { h.Failed(peer1, false, broken) })
		}, member.Suspect},
		"a report from a down one leaves it so": {func(h *house) { h.Failed(peer1, true, broken); h.Heard(answer, "10.0.0.1") }, member.Down},
		"four failures make it down":            {func(h *house) { times(4, func() { h.Failed(peer1, false, broken) }) }, member.Down},
		"an answer makes a down one up again":   {func(h *house) { h.Failed(peer1, true, broken); h.Reached(answer, "10.0.0.1") }, member.Up},
		"it says that it leaves":                {func(h *house) { h.Reached(answer, "10.0.0.1"); h.Heard(leaving, "10.0.0.1") }, member.Draining},
		"a leaving one that fails is down":      {func(h *house) { h.Reached(leaving, "10.0.0.1"); h.Failed(peer1, false, broken) }, member.Down},
		"its former self is not listened to": {func(h *house) {
			h.Reached(member.Node{Address: peer1, Epoch: 2, State: member.Up}, "10.0.0.2")
			h.Heard(leaving, "10.0.0.1")
			h.Reached(leaving, "10.0.0.1")
		}, member.Up},
		"a Java server does not follow a living one": {func(h *house) {
			h.Reached(answer, "10.0.0.1")
			h.Failed(peer1, false, broken)
			h.Reached(member.Node{Address: peer1, State: member.Up}, "10.0.0.1")
		}, member.Suspect},
		"a Java server follows a dead one": {func(h *house) {
			h.Reached(answer, "10.0.0.1")
			h.Failed(peer1, true, broken)
			h.Reached(member.Node{Address: peer1, State: member.Up}, "10.0.0.1")
		}, member.Up},
		"an introduction alone proves nothing": {func(h *house) { h.Heard(answer, "10.0.0.1") }, member.Suspect},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			inHouse(t, list("1", self, peer1), func(h *house) {
				tc.events(h)
				if got := h.last().State(peer1); got != tc.want {
					t.Errorf("state = %s, want %s", got, tc.want)
				}
			})
		})
	}
}

func times(n int, do func()) {
	for range n {
		do()
	}
}

func TestEachIncarnationIsToldOnce(t *testing.T) {
	inHouse(t, list("1", self, peer1), func(h *house) {
		for _, epoch := range []int64{5, 5, 7, 5, 7} {
			h.Heard(member.Node{Address: peer1, Epoch: epoch, Clock: epoch}, "10.0.0.1")
			h.last()
		}
		h.Heard(member.Node{Address: "stranger:8848", Epoch: 9}, "10.0.0.9")
		h.last()
		if fmt.Sprint(h.met) != "[5 7]" || h.clock != 7 {
			t.Errorf("met incarnations %v, clock = %d, want [5 7] and 7", h.met, h.clock)
		}
	})
}

func TestDrainingMemberSaysSo(t *testing.T) {
	inHouse(t, list("1", self, peer1), func(h *house) {
		h.Drain()
		if got := h.last().State(self); got != member.Draining || h.Node().State != member.Draining {
			t.Errorf("own state = %s, node says %s, want DRAINING", got, h.Node().State)
		}
	})
}

func TestJavaServersAreThoseWithoutAnIncarnation(t *testing.T) {
	inHouse(t, list("1", self, peer1, peer2), func(h *house) {
		h.last()
		java := func(a member.Address) member.Node { return member.Node{Address: a, Version: "2.1.0"} }
		if h.WithJava() {
			t.Error("a peer that was never met is taken for a Java server")
		}
		if !h.Lists(peer1) || h.Lists(self) || h.Lists("stranger:8848") {
			t.Error("it does not know who the peers are")
		}
		h.Heard(member.Node{Address: peer1, Epoch: 5}, "10.0.0.1")
		if h.WithJava() || h.JavaAt("10.0.0.1") != "" {
			t.Error("one of ours is taken for a Java server")
		}
		h.Reached(java(peer2), "10.0.0.3")
		h.Heard(java(peer2), "10.0.0.2")
		if !h.WithJava() || h.JavaAt("10.0.0.2") != peer2 || h.JavaAt("10.0.0.3") != peer2 ||
			h.JavaAt("10.0.0.1") != "" {
			t.Errorf("with Java: %v, at .2: %q, at .1: %q", h.WithJava(), h.JavaAt("10.0.0.2"), h.JavaAt("10.0.0.1"))
		}
	})
	inHouse(t, list("1", self, peer1, peer2), func(h *house) {
		h.last()
		h.Heard(member.Node{Address: peer1}, "10.0.0.1")
		h.Heard(member.Node{Address: peer2}, "10.0.0.1")
		if got := h.JavaAt("10.0.0.1"); got != "" {
			t.Errorf("of two at one place it is said to be %s", got)
		}
	})
}

func TestPeersThatReplicateAsNacos1x(t *testing.T) {
	inHouse(t, list("1", self, peer1, peer2), func(h *house) {
		h.SetV1(peer2, true)
		h.SetV1("stranger:8848", true)
		if v := h.last(); !v.V1(peer2) || v.V1(peer1) || len(v.PeersOfV1()) != 1 {
			t.Errorf("of 1.x: %v, want %s", v.PeersOfV1(), peer2)
		}
		h.SetV1(peer2, false)
		if v := h.last(); len(v.PeersOfV1()) != 0 {
			t.Errorf("of 1.x: %v, want none", v.PeersOfV1())
		}
	})
}

func TestWhoIsWhere(t *testing.T) {
	inHouse(t, list("1", self, peer1, peer2), func(h *house) {
		h.last()
		h.Heard(member.Node{Address: peer1, Epoch: 5}, "10.0.0.1")
		h.Reached(member.Node{Address: peer2}, "10.0.0.1")
		if got := h.At("10.0.0.1"); len(got) != 2 || len(h.At("10.0.0.2")) != 0 {
			t.Errorf("at .1: %v, at .2: %v", got, h.At("10.0.0.2"))
		}
		if !h.Ours(peer1) || h.Ours(peer2) || !h.Listed(peer2) || h.Listed("stranger:8848") {
			t.Error("it is mistaken who is ours, or listed")
		}
		h.Failed(peer1, true, errors.New("broken"))
		if h.Ours(peer1) {
			t.Error("a dead one is not replaced by another kind of member")
		}
	})
}
