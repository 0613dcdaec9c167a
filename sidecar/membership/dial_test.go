package membership

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

func hinted(ip string) string {
	return "# generation: 1\n" + string(self) + "\n" + string(peer1) + " # ip=" + ip + "\n"
}

func TestCandidatesAreOrdered(t *testing.T) {
	broken := errors.New("broken")
	tests := map[string]struct {
		events func(h *house)
		want   string
	}{
		"the hint before DNS has an answer": {func(*house) {}, "[10.0.0.1]"},
		"an introduction before the hint":   {func(h *house) { h.Heard(member.Node{Address: peer1}, "10.0.0.2") }, "[10.0.0.2 10.0.0.1]"},
		"DNS after the hint":                {func(h *house) { h.resolve("10.0.0.3") }, "[10.0.0.1 10.0.0.3]"},
		"what failed comes last":            {func(h *house) { h.resolve("10.0.0.3"); h.lost("10.0.0.1", broken) }, "[10.0.0.3 10.0.0.1]"},
		"a new hint is tried again": {func(h *house) {
			h.lost("10.0.0.7", broken)
			h.write(hinted("10.0.0.7"))
			h.last()
		}, "[10.0.0.7]"},
		"where it answered is remembered": {func(h *house) {
			h.Reached(member.Node{Address: peer1}, "10.0.0.9")
			h.write(list("1", self, peer1))
			h.last()
		}, "[10.0.0.9]"},
		"an answer clears the failures": {func(h *house) {
			h.lost("10.0.0.1", broken)
			h.Reached(member.Node{Address: peer1}, "10.0.0.9")
		}, "[10.0.0.1 10.0.0.9]"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			inHouse(t, hinted("10.0.0.1"), func(h *house) {
				tc.events(h)
				if got := fmt.Sprint(h.candidates(t.Context(), peer1)); got != tc.want {
					t.Errorf("candidates = %s, want %s", got, tc.want)
				}
			})
		})
	}
}

// resolve makes DNS know peer1 and lets the regular look-up find it.
func (h *house) resolve(ip string) {
	h.dns.mu.Lock()
	h.dns.hosts[peer1.Host()] = []string{ip}
	h.dns.srv = []string{peer1.Host() + ".cluster.local."}
	h.dns.mu.Unlock()
	for range 4 {
		h.last()
	}
}

// lost makes a call to peer1 fail after a connection to ip.
func (h *house) lost(ip string, err error) {
	h.mu.Lock()
	h.Watch.mu.Lock()
	h.peers[peer1].dialed = ip
	h.Watch.mu.Unlock()
	h.mu.Unlock()
	h.Failed(peer1, false, err)
}

func TestUnpublishedPodsAreNotLookedUp(t *testing.T) {
	inHouse(t, list("1", self, peer1, peer2), func(h *house) {
		h.dns.mu.Lock()
		h.dns.srv = []string{}
		h.dns.asked = 0
		h.dns.mu.Unlock()
		for range 10 {
			h.last()
		}
		if h.dns.asked > 2 { // the look-ups of the round that was under way
			t.Errorf("asked %d times for names that the Service does not publish", h.dns.asked)
		}
	})
}

func TestRaceTakesTheFirstThatAnswers(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, text, _ := net.SplitHostPort(listener.Addr().String())
	port, _ := strconv.Atoi(text)
	conn, err := race(t.Context(), nil, []string{"127.0.0.3", "127.0.0.2"}, port)
	if err != nil {
		t.Fatalf("race: %v", err)
	}
	defer conn.Close()
	if got := conn.RemoteAddr().(*net.TCPAddr).IP.String(); got != "127.0.0.2" {
		t.Errorf("connected to %s, want 127.0.0.2", got)
	}
	if _, err := race(t.Context(), nil, []string{"127.0.0.3"}, port); err == nil {
		t.Error("race to a closed port succeeded")
	}
}
