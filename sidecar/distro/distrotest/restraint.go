package distrotest

import (
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// What may be given up of one owner at once: the larger number.
const (
	mostAtOnce  = 10
	shareAtOnce = 15 // per cent
)

// losses are what a node has given up of one owner, for the passing of time alone.
type losses struct {
	began time.Time // of the interval
	limit int
	count int
}

// loses checks that not too much of one owner is given up at once. An interval that
// follows another at once goes on with its limit. Records that came through a Java
// server may be those of any owner, as their stamps do not say it.
func (t *trace) loses(s *sidecar, c naming.ClientID) {
	held, interval := s.store[c], s.cluster.options.Config.VerifyInterval
	if held.stamp.Version == 0 {
		return
	}
	owner := s.lessor(c, held)
	l := t.lost[owner]
	if l == nil {
		l = &losses{}
		t.lost[owner] = l
	}
	if since := s.now().Sub(l.began); l.limit == 0 || since >= interval {
		if l.limit == 0 || since >= 2*interval {
			l.limit = max(mostAtOnce, s.heldOf(owner)*shareAtOnce/100)
		}
		l.began, l.count = s.now(), 0
	}
	if l.count++; l.count > l.limit {
		s.violated(lawRestraint, "gives up %d clients of %s within %v, %d may be", l.count, owner, interval, l.limit)
	}
}

// lessor returns the member that should confirm a record.
func (s *sidecar) lessor(c naming.ClientID, held entry) member.Address {
	if !c.Beats() {
		return held.stamp.Owner
	}
	owner, _ := s.engine.Owner(c)
	return owner
}

// heldOf counts the records that a member may own.
func (s *sidecar) heldOf(owner member.Address) int {
	n := 0
	for c, held := range s.store {
		if held.stamp.Version == 0 || s.lessor(c, held) == owner {
			n++
		}
	}
	return n
}
