package distro

import (
	"cmp"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Engine decides what one member must do to replicate. Make it with New. It is
// used by one goroutine; its time is the latest one it was told and never moves
// back.
type Engine struct {
	self   member.Address
	cfg    Config
	now    time.Time
	random *rand.Rand

	view      member.View
	peers     []member.Address // in order
	reachable map[member.Address]bool
	ring      []member.Address // in order

	records map[naming.ClientID]*record
	room    int           // clients that it was made for
	own     share         // of records, what is owned here
	marks   []naming.Mark // of own, in order; nil when it must be built anew
	digest  Digest        // over records

	outbox  outbox
	rounds  map[member.Address]*round // of verification, by peer
	streams map[member.Address]bool
	loading loading
	leases  leases
	ended   tombstones

	errands map[Ticket]errand
	issued  Ticket
	actions []Action
	stats   Stats

	origin   origin
	promised earliest // what Next returned last
}

// errand is one outstanding action.
type errand struct {
	kind   errandKind
	peer   member.Address
	client naming.ClientID // of a delivery
	owner  member.Address  // of a load for a debt
}

type errandKind int

const (
	delivery     errandKind = iota // Send or Drop
	verification                   // Verify or Detail
	summary                        // Summarize
	load
)

// New returns the engine of the member self. The configuration must be valid.
// Members must be called before anything is replicated.
func New(self member.Address, cfg Config) *Engine {
	h := fnv.New64a()
	_, _ = h.Write([]byte(self))
	return &Engine{
		self:      self,
		cfg:       cfg,
		random:    rand.New(rand.NewPCG(cfg.Seed, h.Sum64())),
		reachable: map[member.Address]bool{},
		records:   map[naming.ClientID]*record{},
		outbox:    newOutbox(cfg),
		rounds:    map[member.Address]*round{},
		streams:   map[member.Address]bool{},
		loading:   newLoading(),
		leases:    newLeases(self, cfg),
		ended:     tombstones{of: map[naming.ClientID]tombstone{}},
		errands:   map[Ticket]errand{},
		stats:     Stats{Expired: map[Reason]uint64{}},
	}
}

// Local notes that a client wrote here; every peer will be told. A connection
// is owned here from now until Gone. A client that beats is owned here if the
// ring says so; otherwise the shell is told to Yield it.
func (e *Engine) Local(now time.Time, m naming.Mark) {
	e.at(now)
	r := e.put(m, e.records[m.Client])
	e.ended.forget(m.Client)
	if !m.Client.Beats() || e.mine(m.Client) {
		e.place(r, &e.own)
	} else {
		e.lease(r)
		e.emit(Yield{Client: m.Client})
	}
	for _, p := range e.peers {
		e.outbox.plan(e.now, p, item{client: m.Client})
	}
}

// Gone notes that a client of this member ended at version; every peer will be
// told, and no copy up to that version is taken again. A connection that is not
// owned here is left alone.
func (e *Engine) Gone(now time.Time, c naming.ClientID, version int64) {
	e.at(now)
	r := e.records[c]
	if !c.Beats() && (r == nil || !e.owns(r)) {
		return
	}
	if r != nil {
		version = max(version, r.version)
		e.remove(r)
	}
	e.bury(c, tombstone{version: version})
	for _, p := range e.peers {
		e.outbox.plan(e.now, p, item{client: c, drop: true, version: version})
	}
}

// Finished reports the outcome of an action. The records that a Load brought
// must have been offered before.
func (e *Engine) Finished(now time.Time, t Ticket, r Result) {
	e.at(now)
	done, known := e.errands[t]
	if !known {
		return
	}
	delete(e.errands, t)
	if r.Err != nil {
		e.stats.Failed++
	}
	switch done.kind {
	case delivery:
		e.outbox.finished(e.now, done.peer, done.client, r.Err, e.jitter)
	case verification:
		e.verified(done.peer, r)
	case summary:
		e.summarized(done.peer, r)
	case load:
		e.answered(done, r)
	}
}

// Expect makes room for that many clients more, which a Load will bring. It decides
// nothing, and to be told again meanwhile what is still to come costs nothing.
func (e *Engine) Expect(clients int) {
	need := len(e.records) + clients
	if need <= max(e.room, len(e.records))*3/2 {
		return
	}
	e.room = need
	records := make(map[naming.ClientID]*record, need)
	maps.Copy(records, e.records)
	e.records = records
}

// Advance turns everything that is due by now into actions for Take.
func (e *Engine) Advance(now time.Time) {
	e.at(now)
	e.expire()
	e.exhume()
	e.ask()
	e.deliver()
	e.verify()
}

// Take returns the actions decided since the last call, in the order in which
// they should be started.
func (e *Engine) Take() []Action {
	taken := e.actions
	e.actions = nil
	return taken
}

// Next returns when Advance will next find something to do if nothing else
// happens before. The shell promises to come back by then.
func (e *Engine) Next() (time.Time, bool) {
	var first earliest
	e.nextExpiry(&first)
	e.nextQuestion(&first)
	e.nextVerify(&first)
	for _, p := range e.peers {
		if e.reachable[p] {
			e.outbox.next(p, &first)
		}
	}
	e.promised = first
	return first.time, first.set
}

// Digest returns the digest over all records known here, own and replicated.
func (e *Engine) Digest() Digest { return e.digest }

// Pending returns how many changes some peer has not acknowledged, counted once
// for each peer.
func (e *Engine) Pending() int {
	n := 0
	for _, p := range e.peers {
		n += e.outbox.pending(p)
	}
	return n
}

// PendingFor returns how many changes peer has not acknowledged.
func (e *Engine) PendingFor(peer member.Address) int { return e.outbox.pending(peer) }

// Stamp returns the stamp held for c. It may know more than the shell's record
// does: an owner and a version may be learnt from a Verify.
func (e *Engine) Stamp(c naming.ClientID) (naming.Stamp, bool) {
	r, ok := e.records[c]
	if !ok {
		return naming.Stamp{}, false
	}
	return r.stamp(), true
}

// Stats returns the counts.
func (e *Engine) Stats() Stats {
	s := e.stats
	s.Clients, s.Owned, s.Tombstones = len(e.records), e.own.count, len(e.ended.of)
	s.Pending = e.Pending()
	for _, p := range e.peers {
		s.InFlight += e.outbox.inFlight(p)
	}
	s.Retried, s.Abandoned = e.outbox.retried, e.outbox.abandoned
	s.Braked = e.leases.braked
	s.Expired = maps.Clone(e.stats.Expired)
	return s
}

// at moves the engine's time to now, never back. A shell that comes later than
// Next asked for by more than settle was paused, and what it knows of its peers
// is old: it then gives nothing up until they had time to speak.
func (e *Engine) at(now time.Time) {
	if e.origin.time.IsZero() {
		e.origin.time = now
	}
	if e.promised.set && now.Sub(e.promised.time) > e.cfg.settle() {
		if due, ok := e.Next(); ok && now.Sub(due) > e.cfg.settle() { // there is still something to do
			e.leases.calm = later(e.leases.calm, now.Add(e.cfg.settle()))
		}
	}
	e.now = later(e.now, now)
}

func (e *Engine) instant() instant { return e.origin.instant(e.now) }

// put notes m, in place of r or as a new record, which must then be placed.
func (e *Engine) put(m naming.Mark, r *record) *record {
	if r == nil {
		r = &record{client: m.Client, bucket: bucketOf(m.Client)}
		e.records[m.Client] = r
	} else {
		e.lift(r)
	}
	e.stampRecord(r, m.Stamp)
	return r
}

func (e *Engine) stampRecord(r *record, s naming.Stamp) {
	r.owner, r.version, r.revision = e.leases.known(s.Owner), s.Version, s.Revision
}

// lift takes r out of its share.
func (e *Engine) lift(r *record) {
	plain := fingerprint(r.client, r.revision)
	e.digest = e.digest.minus(plain)
	e.touched(r)
	r.share.take(r, plain)
}

// place puts r, lifted or not, into a share.
func (e *Engine) place(r *record, s *share) {
	plain := fingerprint(r.client, r.revision)
	if r.share == nil {
		e.digest = e.digest.Plus(plain)
	} else {
		e.touched(r)
		r.share.take(r, plain)
	}
	r.kind = s.kindOf(r.client)
	s.add(r, plain, e.instant())
	e.touched(r)
}

// touched notes that the marks of what is owned here change with r.
func (e *Engine) touched(r *record) {
	if e.owns(r) {
		e.marks = nil
	}
}

// remove forgets r.
func (e *Engine) remove(r *record) {
	e.lift(r)
	delete(e.records, r.client)
}

func (e *Engine) owns(r *record) bool { return r.share == &e.own }

// bury remembers that c ended.
func (e *Engine) bury(c naming.ClientID, t tombstone) {
	t.at = e.now
	e.ended.put(c, t)
}

func (e *Engine) emit(a Action) { e.actions = append(e.actions, a) }

// issue returns the ticket of a new errand.
func (e *Engine) issue(job errand) Ticket {
	e.issued++
	e.errands[e.issued] = job
	return e.issued
}

// jitter spreads d by ±20 %.
func (e *Engine) jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*e.random.Float64()))
}

// ownMarks returns the marks of all clients owned here, in order. They are
// shared until something changes and then built anew, never changed.
func (e *Engine) ownMarks() []naming.Mark {
	if e.marks == nil {
		e.marks = make([]naming.Mark, 0, e.own.count)
		for r := range e.own.all() {
			e.marks = append(e.marks, r.mark())
		}
		slices.SortFunc(e.marks, func(a, b naming.Mark) int { return cmp.Compare(a.Client, b.Client) })
	}
	return e.marks
}

// earliest collects the first of several times.
type earliest struct {
	time time.Time
	set  bool
}

func (f *earliest) add(t time.Time) {
	if !f.set || t.Before(f.time) {
		f.time, f.set = t, true
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// earlier returns the first of two times, of which a zero one is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
