// Package rollout decides how many members a cluster should have right now and
// which of them may be replaced by the newest template. It is pure: facts in,
// a decision out; no Kubernetes types, no clock, nothing remembered.
//
// Laws, each with a test: members are replaced one at a time, from the highest
// ordinal down, and only while every other member serves, is loaded, runs on
// the current list and agrees with the rest; a member that is down already may
// be replaced at any time, so that a corrected template gets through; members
// are added at once and removed one at a time; what a user holds back is never
// replaced; a member goes only while clients have another one to use.
package rollout

import "time"

// Facts is what one pass has seen.
type Facts struct {
	Want      int32 // members that the spec asks for
	Exists    bool  // the set of pods exists; if not, the fields below are zero
	Replicas  int32 // members that the set is told to have
	Partition int32 // ordinals below it keep the old template
	Settled   bool  // the set's controller has seen its newest shape, so Rolling and Updated can be believed
	Rolling   bool  // the set's current and newest templates differ
	Changed   bool  // this pass is about to write another template

	// Members are the pods that exist, leaving ones included, in order of ordinal.
	Members []Member

	OnDelete  bool  // users choose who is replaced, by deleting pods
	Held      bool  // nobody else may be replaced for now
	Keep      int32 // ordinals below it keep the template that they have
	Unchecked bool  // members need not agree before the next step

	Settle time.Duration // how long members must have agreed before the next step
	Agreed time.Duration // how long they have agreed; zero while they do not

	Poll time.Duration // how often to look again while members have to agree
}

// Member is what is known about one pod.
type Member struct {
	Ordinal int32
	Leaving bool // it is being deleted
	Ready   bool // clients could use it
	Fenced  bool // clients are kept from it
	Updated bool // it runs the newest template

	// What it says about itself; zero while it does not answer.
	Answered bool
	Loaded   bool   // it holds a complete registry
	Draining bool   // it is handing its clients over
	Current  bool   // it runs on the newest member list
	Digest   string // of its registry
	Settings string // digest of its settings; empty if it tells none, as earlier versions
}

// serves reports whether m has a complete registry and clients could use it.
func (m Member) serves() bool {
	return !m.Leaving && m.Ready && m.Answered && m.Loaded && !m.Draining
}

// stale reports whether m still has to be replaced.
func (m Member) stale() bool { return !m.Leaving && !m.Updated }

// Agree reports whether every wanted member is there, serves, runs on the
// current list and holds the same as the others.
func (f Facts) Agree() bool {
	return len(f.Members) > 0 && f.absent(f.Want) < 0 && f.agreed(f.Members)
}

// staying returns the members with an ordinal below n.
func (f Facts) staying(n int32) []Member {
	var out []Member
	for _, m := range f.Members {
		if m.Ordinal < n {
			out = append(out, m)
		}
	}
	return out
}

// absent returns the highest ordinal below n that has no pod, or -1.
func (f Facts) absent(n int32) int32 {
	exists := make(map[int32]bool, len(f.Members))
	for _, m := range f.Members {
		exists[m.Ordinal] = true
	}
	for o := n - 1; o >= 0; o-- {
		if !exists[o] {
			return o
		}
	}
	return -1
}
