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

// Between completes c for a service in which its client published old and
// publishes fresh, each nil for nothing. A cause without a kind happened at this
// member, and what it was is told by the difference.
func (c Cause) Between(old, fresh *Publication) Cause {
	was, is := old.instances(), fresh.instances()
	switch {
	case c.Kind == CauseReplicated && len(is) == 0:
		c.Kind = CauseRemoved
	case c.Kind == CauseReplicated && onlyHealthDiffers(was, is):
		c.Kind = CauseHealth
	case c.Kind != "":
	case len(is) == 0:
		c.Kind = CauseDeregistered
	case len(was) == 0:
		c.Kind = CauseRegistered
	case onlyHealthDiffers(was, is):
		c.Kind = CauseHealth
	default:
		c.Kind = CauseChanged
	}
	shown := is
	if len(shown) == 0 {
		shown = was
	}
	if c.Count = len(shown); c.Count > 0 {
		c.Endpoint = shown[0].Endpoint()
	}
	return c
}

func (p *Publication) instances() []Instance {
	if p == nil {
		return nil
	}
	return p.Instances
}

func onlyHealthDiffers(was, is []Instance) bool {
	if len(was) != len(is) {
		return false
	}
	differs := false
	for i := range was {
		differs = differs || was[i].Healthy != is[i].Healthy
	}
	if !differs { // nearly always: the rest need not be compared
		return false
	}
	for i := range was {
		healed := was[i]
		healed.Healthy = is[i].Healthy
		if !healed.Equal(is[i]) {
			return false
		}
	}
	return true
}
