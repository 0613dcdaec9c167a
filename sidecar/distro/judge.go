package distro

import (
	"cmp"
	"fmt"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Offered judges a record that a peer offers: direct when the peer sends it as
// a change, otherwise hearsay out of a load. After Accept the mark is noted and
// the shell must store the record. From is empty when the sender is unknown.
func (e *Engine) Offered(now time.Time, from member.Address, m naming.Mark, direct bool) Verdict {
	e.at(now)
	switch {
	case !direct:
		e.loading.given(e.now, from)
	case m.Stamp.Owner == "":
		m.Stamp.Owner = from
	}
	return e.count(e.judge(from, m, direct))
}

func (e *Engine) judge(from member.Address, m naming.Mark, direct bool) Verdict {
	if m.Client.Persistent() {
		return Verdict{Stale, "persistent clients are not replicated"}
	}
	r := e.records[m.Client]
	said := m.Stamp.Owner // hearsay speaks for the owner that it names
	if direct {
		said = from
	}
	if v, refused := e.intrudes(said, m.Client, r); refused {
		return v
	}
	if direct && from != "" && from != m.Stamp.Owner && !m.Client.Beats() {
		return Verdict{Stale, "its connection is held by " + string(m.Stamp.Owner)}
	}
	if !direct && e.overdue(m) {
		return Verdict{Stale, "its owner was restarted since"}
	}
	if r == nil {
		if t, dead := e.ended.of[m.Client]; dead && !t.admits(m, direct) {
			return Verdict{Stale, "it " + t.String()}
		}
		e.take(m, nil)
		return Verdict{Code: Accept}
	}
	switch {
	case alike(m.Stamp, r.stamp()):
		if direct {
			e.learn(r, m.Stamp)
			e.renew(r)
		}
		return Verdict{Code: Same}
	case !direct && m.Stamp.Version == 0:
		return Verdict{Stale, "hearsay without a version replaces nothing"}
	case !m.Stamp.Supersedes(r.stamp()):
		return Verdict{Stale, fmt.Sprintf("version %d is held", r.version)}
	}
	e.take(m, r)
	return Verdict{Code: Accept}
}

// overdue reports whether m is a connection of a member that was restarted since
// it was opened, for so long that everybody has given it up by now.
func (e *Engine) overdue(m naming.Mark) bool {
	life, known := e.leases.lives[m.Stamp.Owner]
	opened, dated := m.Client.Opened()
	return known && dated && !m.Client.Beats() && opened < life.epoch && e.now.Sub(life.learnt) >= e.cfg.Grace
}

// intrudes refuses what is said, by or in the name of a member, about a
// connection that is held here or by another member.
func (e *Engine) intrudes(from member.Address, c naming.ClientID, r *record) (Verdict, bool) {
	switch {
	case r == nil || c.Beats():
		return Verdict{}, false
	case e.owns(r):
		return Verdict{OwnedHere, "its connection is held here"}, true
	case from != "" && r.owner != "" && r.owner != from:
		return Verdict{Stale, "its connection is held by " + string(r.owner)}, true
	}
	return Verdict{}, false
}

// take notes a mark that a peer offered, in place of r or as a new record. Who owns a client that beats is then
// for the ring to say. Two members that disagree about the ring would adopt
// such a client from each other for ever; so it is not adopted again sooner
// than after a VerifyInterval.
func (e *Engine) take(m naming.Mark, r *record) {
	e.ended.forget(m.Client)
	var adopted instant
	if r != nil && e.owns(r) {
		adopted = r.since
	}
	r = e.put(m, r)
	switch {
	case !m.Client.Beats() || !e.mine(m.Client):
		e.lease(r)
	case adopted == 0 || e.now.Sub(e.origin.at(adopted)) >= e.cfg.VerifyInterval:
		e.adopt(r)
	default:
		e.place(r, &e.own)
		r.since = adopted
	}
}

// Dropped judges a peer's message that a client ended at version, which is 0
// from a Java server. After Accept the shell must remove the record; Same means
// that there was none.
func (e *Engine) Dropped(now time.Time, from member.Address, c naming.ClientID, version int64) Verdict {
	e.at(now)
	return e.count(e.judgeDrop(from, c, version))
}

func (e *Engine) judgeDrop(from member.Address, c naming.ClientID, version int64) Verdict {
	r := e.records[c]
	if v, refused := e.intrudes(from, c, r); refused {
		return v
	}
	switch {
	case r == nil:
		e.bury(c, tombstone{version: version})
		return Verdict{Same, "it is not known here"}
	case e.owns(r) && version == 0:
		return Verdict{OwnedHere, "its beats are watched here"}
	case version != 0 && r.version > version:
		return Verdict{Stale, fmt.Sprintf("version %d is held", r.version)}
	}
	e.remove(r)
	e.outbox.forget(e.peers, c)
	e.bury(c, tombstone{version: max(version, r.version)})
	return Verdict{Code: Accept}
}

// learn fills in what the held stamp lacks from one that is alike.
func (e *Engine) learn(r *record, s naming.Stamp) {
	known := r.stamp()
	if known.Version == 0 && s.Version != 0 && known.Revision == s.Revision {
		known = s
	}
	known.Owner = cmp.Or(known.Owner, s.Owner)
	if known == r.stamp() {
		return
	}
	held, since := r.share, r.since
	e.lift(r)
	e.stampRecord(r, known)
	if held != &e.own {
		e.lease(r)
		return
	}
	e.place(r, held)
	r.since = since
}

// alike reports whether both stamps are those of one write: by version and
// writer where both have them, otherwise by what they have.
func alike(a, b naming.Stamp) bool {
	if a.Version != 0 && b.Version != 0 {
		return a.Version == b.Version && (a.Owner == b.Owner || a.Owner == "" || b.Owner == "")
	}
	return a.Revision == b.Revision
}

func (e *Engine) count(v Verdict) Verdict {
	switch v.Code {
	case Accept:
		e.stats.Accepted++
	case Same:
		e.stats.Same++
	case Stale:
		e.stats.Stale++
	case OwnedHere:
		e.stats.OwnedHere++
	}
	return v
}
