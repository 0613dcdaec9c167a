package naming

import (
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// Cause says why the answer for a service may have changed. It names who
// published what, never what instances carry in their metadata.
type Cause struct {
	Time     time.Time
	Kind     CauseKind
	Client   ClientID
	Endpoint Endpoint       // the first of what came, changed or went
	Count    int            // of endpoints: more than 1 for a batch
	Peer     member.Address // who said so; empty when it happened at this member, or is unknown
	By       ClientID       // that took over, of CauseSuperseded
	Reason   string         // of an expiry, or of a brake
}

// CauseKind is what happened.
type CauseKind string

// The kinds. What comes from a peer is CauseReplicated, CauseHealth or
// CauseRemoved.
const (
	CauseRegistered   CauseKind = "registered"
	CauseChanged      CauseKind = "changed"
	CauseHealth       CauseKind = "health changed"
	CauseDeregistered CauseKind = "deregistered"
	CauseConnection   CauseKind = "connection lost"
	CauseReplicated   CauseKind = "replicated"
	CauseRemoved      CauseKind = "removed by peer"
	CauseExpired      CauseKind = "expired"
	CauseSuperseded   CauseKind = "superseded" // another client's registration of the endpoint is listed
	CauseBraked       CauseKind = "braked"     // lost, and listed as unhealthy for a while
)

// Between completes c for a service in which its client published what is in the
// record old and publishes what is in fresh, each nil for nothing. A cause without
// a kind happened at this member, and what it was is told by the difference.
func (c Cause) Between(old, fresh *Record, s *ServiceKey) Cause {
	was, is := old.entry(s), fresh.entry(s)
	gone, onlyHealth := is.count() == 0, onlyHealthDiffers(was, is)
	switch {
	case c.Kind == CauseReplicated && gone:
		c.Kind = CauseRemoved
	case c.Kind == CauseReplicated && onlyHealth:
		c.Kind = CauseHealth
	case c.Kind != "":
	case gone:
		c.Kind = CauseDeregistered
	case was.count() == 0:
		c.Kind = CauseRegistered
	case onlyHealth:
		c.Kind = CauseHealth
	default:
		c.Kind = CauseChanged
	}
	shown := is
	if gone {
		shown = was
	}
	if c.Count = shown.count(); c.Count > 0 {
		c.Endpoint = shown.at(0).endpoint()
	}
	return c
}

func onlyHealthDiffers(was, is *entry) bool {
	if was.count() != is.count() {
		return false
	}
	differs := false
	for i := range is.count() {
		differs = differs || (was.at(i).flags^is.at(i).flags)&healthy != 0
	}
	if !differs { // nearly always: the rest need not be compared
		return false
	}
	for i := range is.count() {
		healed := was.at(i)
		healed.flags ^= (healed.flags ^ is.at(i).flags) & healthy
		if !healed.equal(is.at(i)) {
			return false
		}
	}
	return true
}
