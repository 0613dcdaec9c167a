package distro

import (
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Compare answers a peer that verifies the clients it owns: it returns those
// that are unknown or different here, in the order given, and renews the leases
// of the others. A mark with revision 0 matches any known record, one without
// an owner any of that version: who owns a client that beats may not be who
// wrote it. While this member loads, nothing is named nor renewed: what it lacks
// is on its way.
func (e *Engine) Compare(now time.Time, from member.Address, marks []naming.Mark) []naming.ClientID {
	e.at(now)
	if !e.loading.done {
		return nil
	}
	if len(marks) > 0 {
		defer e.leases.spoke(e.now, from)
	}
	return e.compare(from, marks)
}

func (e *Engine) compare(from member.Address, marks []naming.Mark) []naming.ClientID {
	var different []naming.ClientID
	for _, m := range marks {
		r := e.records[m.Client]
		if v, refused := e.intrudes(from, m.Client, r); refused {
			e.count(v) // a second claim: asking for the record could only end in a refusal
			continue
		}
		if r == nil || (m.Stamp.Revision != 0 && !alike(m.Stamp, r.stamp())) {
			if !e.correct(from, m, r) {
				different = append(different, m.Client)
			}
			continue
		}
		if m.Stamp.Version == 0 && r.version != 0 && m.Client.Beats() && e.streams[from] {
			e.outbox.plan(e.now, from, item{client: m.Client}) // it learns the version, and digests are equal again
		}
		if m.Stamp.Owner == "" {
			m.Stamp.Owner = from
		}
		e.learn(r, m.Stamp)
		e.renew(r)
	}
	return different
}

// correct tells a peer that verifies a client that beats what is newer here: a
// write, or an end. The member that made it while the ring was in dispute may
// have died before it told the owner, who would otherwise offer for ever what
// everybody else refuses. It reports whether there was anything to tell.
func (e *Engine) correct(from member.Address, m naming.Mark, r *record) bool {
	if !m.Client.Beats() || m.Stamp.Version == 0 || !slices.Contains(e.peers, from) {
		return false
	}
	t, dead := e.ended.of[m.Client]
	switch {
	case r != nil && r.version != 0 && r.stamp().Supersedes(m.Stamp):
		e.outbox.plan(e.now, from, item{client: m.Client})
		return true
	case r == nil && dead && !t.expired && t.version >= m.Stamp.Version:
		e.outbox.plan(e.now, from, item{client: m.Client, drop: true, version: t.version})
		return true
	}
	return false
}

// reply is what a lessor was last told about what is held of it.
type reply struct {
	at   instant // 0: nothing
	held Digest
}

// CompareDigest answers a peer that shows the digest of all that it owns. If the
// same is held here, everything that is held of it is confirmed and the answer is
// nil. Otherwise the answer is what is held of it, and nothing is confirmed before
// the peer says which buckets differ. While this member loads the answer is nil
// too and confirms nothing: what it lacks is on its way.
func (e *Engine) CompareDigest(now time.Time, from member.Address, root Digest) (buckets *[Buckets]Digest) {
	e.at(now)
	if !e.loading.done {
		return nil
	}
	o := e.leases.find(from)
	switch {
	case o == nil && root == Digest{}:
		return nil
	case o == nil:
		return &[Buckets]Digest{}
	case o.root == root:
		o.confirmed = e.instant()
		e.leases.spoke(e.now, from)
		return nil
	}
	o.said = reply{at: e.instant(), held: o.root}
	return o.digests()
}

// CompareBuckets answers a peer that shows the marks of all it owns in some
// buckets: those whose digests differed in an answer to CompareDigest that adds up
// to held. It returns the clients that are unknown or different here, like
// Compare, and renews the leases of the others. What is held of the peer in those
// buckets and was not shown is not renewed: it ends after Missing. What is held of
// it in all other buckets was the same and is confirmed as of that answer, however
// much changes all the time. An answer that is not the last one given confirms
// nothing but the marks. While this member loads, nothing is named nor renewed.
func (e *Engine) CompareBuckets(now time.Time, from member.Address, held Digest,
	buckets []uint8, marks []naming.Mark,
) (different []naming.ClientID) {
	e.at(now)
	if !e.loading.done {
		return nil
	}
	different = e.compare(from, marks)
	o := e.leases.find(from)
	if o == nil {
		return different
	}
	if o.said.at != 0 && o.said.held == held {
		var differ [Buckets]bool
		for _, b := range buckets {
			differ[b] = true
		}
		for i := range o.parts {
			if !differ[i] {
				o.parts[i].confirmed = o.said.at
			}
		}
		o.stale = true
	}
	e.leases.spoke(e.now, from)
	return different
}
