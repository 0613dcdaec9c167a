package membership

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// What proves an address is the list and DNS, never what a peer says of itself.
func TestAddressesOfListedPeersAreAdmitted(t *testing.T) {
	lines := "# generation: 1\n" + string(self) + "\n" + string(peer1) + " # ip=10.0.0.1\n10.0.0.9:8848\n"
	inHouse(t, lines, func(h *house) {
		h.resolve("10.0.0.3")
		h.Heard(member.Node{Address: peer1, Epoch: 1}, "10.0.0.66")
		for ip, want := range map[string]bool{
			"10.0.0.1": true, "10.0.0.3": true, "10.0.0.9": true, "::ffff:10.0.0.9": true,
			"10.0.0.66": false, "10.0.0.2": false, "": false, "demo-1.demo-headless.prod.svc": false,
		} {
			if err := h.AdmitIP(ip); (err == nil) != want || err != nil && !errors.Is(err, ErrStranger) {
				t.Errorf("%q: %v, want admitted: %t", ip, err, want)
			}
		}
	})
}

// A stranger makes names be looked up, but not as often as it likes.
func TestAMissLooksNamesUpAtMostOnceASecond(t *testing.T) {
	inHouse(t, list("1", self, peer1), func(h *house) {
		h.dns.mu.Lock()
		h.dns.hosts[peer1.Host()] = []string{"10.0.0.5"}
		h.dns.asked = 0
		h.dns.mu.Unlock()
		for range 10 * int(restBetween/(10*time.Millisecond)) { // ten seconds
			_ = h.AdmitIP("10.0.0.77") // a stranger throughout
			<-time.After(10 * time.Millisecond)
		}
		synctest.Wait()
		h.dns.mu.Lock()
		asked := h.dns.asked
		h.dns.mu.Unlock()
		if asked < 5 || asked > 12 {
			t.Errorf("asked %d times in ten seconds, want about once a second", asked)
		}
		if err := h.AdmitIP("10.0.0.5"); err != nil {
			t.Errorf("who has moved there is refused after the look-up: %v", err)
		}
	})
}

func TestHostsOfListedPeersAreAdmitted(t *testing.T) {
	inHouse(t, list("1", self, peer1, peer2), func(h *house) {
		valid := func(suffix string) func(string) error {
			return func(host string) error {
				if strings.HasSuffix(host, suffix) {
					return nil
				}
				return errors.New("for another host")
			}
		}
		for suffix, want := range map[string]bool{
			peer2.Host(): true, ".demo-headless.prod.svc": true, "demo-3.demo-headless.prod.svc": false,
			self.Host(): false, // nobody else is this member
		} {
			if err := h.AdmitHost(valid(suffix)); (err == nil) != want {
				t.Errorf("%q: %v, want admitted: %t", suffix, err, want)
			}
		}
	})
}
