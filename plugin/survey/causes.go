package survey

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/admin"
)

// Event is a cause, and the member that remembers it.
type Event struct {
	Member string `json:"member"`
	admin.Cause
	Batch bool `json:"batch,omitempty"` // the instance may be another one of a batch of the same client
}

// Story returns what happened to the instance at ip:port in the time order that
// members' clocks give, the oldest first; with port 0 to all instances of the
// service. A cause that is about several instances names one of them: it is told
// too if its client is one that published the instance, among clients or in
// another cause, or if nothing else is known.
func Story(said []Said[[]admin.Cause], ip string, port int, clients ...string) []Event {
	exact := func(c admin.Cause) bool { return port == 0 || c.IP == ip && c.Port == port }
	publishers := map[string]bool{}
	for _, c := range clients {
		publishers[c] = true
	}
	for _, one := range said {
		for _, c := range one.Value {
			if exact(c) {
				publishers[c.Client] = true
			}
		}
	}
	out := []Event{}
	for _, one := range said {
		for _, c := range one.Value {
			batch := c.Count > 1 && !exact(c)
			if exact(c) || batch && (len(publishers) == 0 || publishers[c.Client]) {
				out = append(out, Event{Member: one.Member, Cause: c, Batch: batch})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Event) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Member, b.Member))
	})
	return out
}

// First reports whether the event happened at the member that tells it, rather
// than having been told by another.
func (e Event) First() bool { return e.Peer == "" }

// Ends reports whether an instance is gone, or not shown, after the event.
func (e Event) Ends() bool {
	switch e.Kind {
	case "deregistered", "connection lost", "removed by peer", "expired", "superseded":
		return true
	}
	return false
}

// Last returns the event that explains how things are: the newest that ended the
// instance if it is not listed, otherwise the newest that did not; of equal
// explanations one that happened where it is told.
func Last(story []Event, listed bool) (Event, bool) {
	var found Event
	ok := false
	for _, e := range story {
		if e.Ends() == listed || e.Batch && ok && !found.Batch {
			continue
		}
		if !ok || e.First() || !found.First() {
			found, ok = e, true
		}
	}
	return found, ok
}

// reasons are what members give for an expiry, in more words.
var reasons = map[string]string{
	"no beats": "it sent no beats any more",
	"gone":     "the member that owned it restarted or left the list, and nobody took it over in time",
	"down":     "the member that owned it is dead, and nobody took it over in time",
	"missing":  "the member that owns it knows it no more",
	"lease":    "the member that owns it confirmed it no more",
}

// Sentence says what happened in plain words.
func (e Event) Sentence() string {
	client := "client " + e.Client
	if e.Count > 1 {
		client += fmt.Sprintf(" (%d instances together)", e.Count)
	}
	peer, _, _ := strings.Cut(e.Peer, ".")
	if _, err := netip.ParseAddrPort(e.Peer); err == nil {
		peer = e.Peer
	}
	switch e.Kind {
	case "registered":
		return client + " registered it"
	case "changed":
		return client + " changed it, or registered it once more"
	case "health changed":
		return "its health changed" + fromPeer(peer)
	case "deregistered":
		return client + " withdrew it"
	case "connection lost":
		return "the connection of " + client + " ended"
	case "replicated":
		return peer + " sent the registration of " + client
	case "removed by peer":
		return peer + " said that " + client + " is gone or withdrew it"
	case "superseded":
		return "the registration of " + client + " gave way to a newer one of client " + e.By
	case "braked":
		return client + " was lost (" + e.Reason + ") with many others: held as unhealthy for a while"
	case "expired":
		reason := reasons[e.Reason]
		return client + " was given up: " + cmp.Or(reason, e.Reason)
	default:
		return strings.TrimSpace(e.Kind + ": " + client + " " + e.Reason)
	}
}

func fromPeer(peer string) string {
	if peer == "" {
		return ""
	}
	return ", as " + peer + " said"
}
