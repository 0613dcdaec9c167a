package rollout

import (
	"cmp"
	"slices"
	"time"
)

// Reason says what is being done or waited for. It is shown to users.
type Reason string

// The reasons.
const (
	Idle                  Reason = "Idle"
	ScalingUp             Reason = "ScalingUp"
	Draining              Reason = "Draining"
	RollingUpdate         Reason = "RollingUpdate"
	WaitingForMembers     Reason = "WaitingForMembers"
	WaitingForConvergence Reason = "WaitingForConvergence"
	Settling              Reason = "Settling"
	RolloutPaused         Reason = "RolloutPaused"
	PartitionReached      Reason = "PartitionReached"
	WaitingForDeletion    Reason = "WaitingForDeletion"
	WaitingForStatefulSet Reason = "WaitingForStatefulSet"
)

// Resting reports whether nothing happens any more until a user acts.
func (r Reason) Resting() bool {
	return r == Idle || r == RolloutPaused || r == PartitionReached || r == WaitingForDeletion
}

// Decision is what the planner wants now and, if it has to wait, why and how long.
type Decision struct {
	Replicas  int32         // members that the set should be told to have
	Partition int32         // ordinals at and above it get the newest template
	Reason    Reason        // why the cluster is not, or not yet, in the wanted shape
	Recheck   time.Duration // when to look again; zero: a watch will wake us
}

// Decide returns the next step. The same facts give the same decision.
func Decide(f Facts) Decision {
	if !f.Exists {
		return Decision{Replicas: f.Want, Partition: f.Want, Reason: starting(f.Want), Recheck: f.Poll}
	}
	replicas, scaling := f.scale()
	partition, rolling := f.roll(replicas)
	if scaling == Draining {
		// One disruption at a time: nothing is replaced while a member leaves.
		partition = f.hold(replicas)
	}
	d := Decision{Replicas: replicas, Partition: partition, Reason: scaling, Recheck: f.Poll}
	if d.Reason == Idle || d.Reason == ScalingUp && !rolling.Resting() && f.Settled && f.Want == f.Replicas {
		d.Reason = rolling
	}
	switch {
	case d.Reason == Settling:
		d.Recheck = min(f.Poll, f.Settle-f.Agreed)
	case d.Reason.Resting() && f.agreed(f.staying(replicas)):
		d.Recheck = calm * f.Poll
	}
	if replicas == 0 && len(f.Members) == 0 {
		d.Recheck = 0 // nobody to ask
	}
	return d
}

// calm is by how much the polling of a cluster slows down that has its wanted
// shape and agrees.
const calm = 2

func starting(want int32) Reason {
	if want == 0 {
		return Idle
	}
	return ScalingUp
}

// scale says how many members the set should have. Members are added at once,
// since a new one is no risk to the others. One is removed at a time: the next
// only when the last has gone, after handing over, and those that stay agree.
func (f Facts) scale() (int32, Reason) {
	last := f.Replicas - 1
	switch {
	case f.Want >= f.Replicas:
		if f.absent(f.Want) >= 0 {
			return f.Want, ScalingUp
		}
		return f.Want, Idle
	case len(f.staying(f.Replicas)) < len(f.Members):
		return f.Replicas, Draining
	case f.Want == 0, !f.served(last):
		return last, Draining
	}
	members := f.staying(f.Replicas)
	ready := slices.DeleteFunc(slices.Clone(members), func(m Member) bool { return !m.Ready || m.Leaving })
	if !covered(members, last) || f.Rolling && !f.proven(members) { // nobody could take over, or one is away already
		return f.Replicas, WaitingForMembers
	}
	if why := f.obstacle(ready); why != Idle {
		return f.Replicas, why
	}
	return last, Draining
}

// covered reports whether clients have another member to use than the one
// with ordinal o.
func covered(members []Member, o int32) bool {
	return slices.ContainsFunc(members, func(m Member) bool {
		return m.Ordinal != o && m.Ready && !m.Leaving && !m.Fenced
	})
}

// served reports whether clients may be using the member with ordinal o.
func (f Facts) served(o int32) bool {
	return slices.ContainsFunc(f.Members, func(m Member) bool { return m.Ordinal == o && m.Ready && !m.Leaving })
}

// obstacle says what members have to do with what they hold before the next
// step, or Idle if nothing.
func (f Facts) obstacle(members []Member) Reason {
	switch {
	case f.Unchecked:
		return Idle
	case !f.agreed(members):
		return WaitingForConvergence
	case f.Agree() && f.Agreed < f.Settle:
		return Settling
	}
	return Idle
}

// agreed reports whether each of the members serves, runs on the current list
// and holds the same registry and settings. A silent member agrees with nobody; one
// that tells no digest of its settings is taken to hold those of the others.
func (f Facts) agreed(members []Member) bool {
	settings := ""
	for _, m := range members {
		if !m.serves() || !m.Current || m.Digest != members[0].Digest {
			return false
		}
		settings = cmp.Or(settings, m.Settings)
		if cmp.Or(m.Settings, settings) != settings {
			return false
		}
	}
	return true
}

// roll says which ordinals may get the newest template.
func (f Facts) roll(replicas int32) (partition int32, why Reason) {
	members := f.staying(replicas)
	stale := highest(members, Member.stale)
	next := highest(members, f.due)
	switch {
	case f.OnDelete && (f.Changed || !f.Settled):
		return replicas, WaitingForStatefulSet // a pod deleted now may come back as it was
	case f.OnDelete && stale >= 0:
		return replicas, WaitingForDeletion
	case f.OnDelete:
		return replicas, Idle
	case f.Changed:
		return replicas, RollingUpdate // the new template starts with nobody
	case !f.Settled:
		return f.Partition, RollingUpdate // nobody knows yet what the newest shape means for whom
	case f.Held && stale >= 0:
		return f.Partition, RolloutPaused
	case !f.Rolling && stale < 0 && f.Partition >= f.Replicas:
		return replicas, Idle
	case !f.Rolling && stale < 0:
		return replicas, RollingUpdate // the gate has to be closed before it can be called finished
	case slices.ContainsFunc(members, func(m Member) bool { return m.Leaving }):
		return f.Partition, RollingUpdate // it must come back with the template that was meant for it
	case next < 0 && stale >= 0 && f.absent(replicas) < 0:
		return min(f.Keep, replicas), f.arrived(members)
	}
	return f.step(members, next, f.absent(replicas))
}

// due reports whether m is to be replaced.
func (f Facts) due(m Member) bool { return m.stale() && m.Ordinal >= f.Keep }

// arrived says what a rollout waits for that has got as far as it may.
func (f Facts) arrived(members []Member) Reason {
	if !f.proven(members) {
		return WaitingForMembers
	}
	return PartitionReached
}

// step takes the next step of a rollout, or none. next is the highest ordinal
// that is due, absent the highest without a pod; each is -1 if there is none.
func (f Facts) step(members []Member, next, absent int32) (partition int32, why Reason) {
	down := highest(members, func(m Member) bool { return f.due(m) && !m.Ready })
	if absent > next && absent >= f.Keep {
		down = max(down, absent)
	}
	switch {
	case down >= 0 && f.proven(members):
		return down, RollingUpdate // it serves nobody, so replacing it costs nothing
	case absent >= 0:
		return f.Partition, WaitingForMembers
	case next < 0 && f.proven(members):
		return 0, RollingUpdate // all replaced: the set may call the newest template its current one
	case slices.ContainsFunc(members, func(m Member) bool { return !m.Ready }):
		return next + 1, WaitingForMembers
	case len(members) > 1 && !covered(members, next):
		return next + 1, WaitingForMembers
	}
	if why := f.obstacle(members); why != Idle {
		return next + 1, why
	}
	return next, RollingUpdate
}

// hold returns the partition that starts nothing new.
func (f Facts) hold(replicas int32) int32 {
	if f.Changed || f.Settled && !f.Rolling {
		return replicas
	}
	return f.Partition
}

// proven reports whether nothing speaks against the newest template: every
// member that runs it serves or, where that is not asked, is ready at least.
func (f Facts) proven(members []Member) bool {
	return !slices.ContainsFunc(members, func(m Member) bool {
		return m.Updated && !m.serves() && (!f.Unchecked || m.Leaving || !m.Ready)
	})
}

// highest returns the highest ordinal among members for which is holds, or -1.
func highest(members []Member, is func(Member) bool) int32 {
	found := int32(-1)
	for _, m := range members {
		if is(m) {
			found = max(found, m.Ordinal)
		}
	}
	return found
}
