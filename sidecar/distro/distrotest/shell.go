package distrotest

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// message is a record on its way.
type message struct {
	naming.Mark
	content string
}

// loaded is the answer to a Load.
type loaded struct {
	messages []message
	complete bool
}

// perform carries out one action.
func (s *sidecar) perform(a distro.Action) {
	c := s.cluster
	switch a := a.(type) {
	case distro.Send:
		s.send(a)
	case distro.Drop:
		c.say("%s -> %s drop %s", s.name, a.To.Host(), c.version(a.Client, naming.Stamp{Version: a.Version}))
		s.deliver(a.To, a.Ticket, func(to *node) { to.server.dropped(s.node, a.Client, a.Version) })
	case distro.Verify:
		s.call(a.To, a.Ticket, func(to *node) any { return to.server.compare(s.node, a.Marks) })
	case distro.Summarize:
		s.summarize(a)
	case distro.Detail:
		s.detail(a)
	case distro.Load:
		s.load(a)
	case distro.Expire:
		c.say("%s expires %s: %s", s.name, c.version(a.Client, s.store[a.Client].stamp), a.Reason)
		s.trace.expired(a.Client, s.store[a.Client].stamp.Version)
		s.erase(a.Client)
	case distro.Adopt:
		s.adopt(a.Client)
	case distro.Yield:
		c.say("%s yields %s", s.name, a.Client)
		delete(s.beats, a.Client)
	}
}

func (s *sidecar) send(a distro.Send) {
	held, ok := s.store[a.Client]
	if !ok {
		s.violated(lawModel, "send of %s to %s, which is not in the store", a.Client, a.To)
		return
	}
	m := s.attributed(a.Client, held)
	s.cluster.say("%s -> %s send %s", s.name, a.To.Host(), s.cluster.version(a.Client, held.stamp))
	s.deliver(a.To, a.Ticket, func(to *node) { to.server.offered(s.node, m, true) })
}

// deliver calls a node that may answer and forget what it was told.
func (s *sidecar) deliver(to member.Address, t distro.Ticket, take func(to *node)) {
	s.call(to, t, func(to *node) any {
		if s.cluster.net.loses(s.name, to.name) {
			s.cluster.say("%s forgets what %s told it", to.name, s.name)
			return nil
		}
		take(to)
		return nil
	})
}

// load asks a node for everything, or for all but what some nodes own.
func (s *sidecar) load(a distro.Load) {
	var left strings.Builder
	for i, owner := range a.Except {
		left.WriteString([]string{" without ", ", "}[min(i, 1)] + owner.Host())
	}
	s.cluster.say("%s <- %s load%s", s.name, a.From.Host(), left.String())
	s.call(a.From, a.Ticket, func(to *node) any { return to.server.snapshot(s.node, a.Except) })
}

// attributed returns a stored record with the stamp that the engine has for it,
// which may know an owner and a version that were learnt since it came.
func (s *sidecar) attributed(id naming.ClientID, held entry) message {
	stamp, ok := s.engine.Stamp(id)
	if !ok {
		stamp = held.stamp
	}
	return message{naming.Mark{Client: id, Stamp: stamp}, held.content}
}

// adopt takes over a client that beats. Its beats count from now.
func (s *sidecar) adopt(id naming.ClientID) {
	held, ok := s.store[id]
	if !ok {
		s.violated(lawModel, "adopts %s, which is not in the store", id)
		return
	}
	s.cluster.say("%s adopts %s", s.name, s.cluster.version(id, held.stamp))
	if s.cluster.options.Reissue {
		s.write(s.cluster.ledger.client(id), held.content)
	}
	s.beats[id] = s.now()
}

// call sends one action's request and reports its outcome.
func (s *sidecar) call(to member.Address, t distro.Ticket, serve func(*node) any) {
	s.cluster.call(request{
		from: s.node, to: s.cluster.at(to), serve: serve,
		answer: func(reply any, err error) { s.finished(to, t, reply, err) },
	})
}

func (s *sidecar) finished(from member.Address, t distro.Ticket, reply any, err error) {
	r := distro.Result{Err: err}
	switch reply := reply.(type) {
	case loaded:
		s.take(s.cluster.at(from), t, reply)
		return
	case error:
		r.Err = reply
	case []naming.ClientID:
		r.Different = reply
	case *[distro.Buckets]distro.Digest:
		r.Buckets = reply
	}
	s.trace.finished(t)
	s.engine.Finished(s.now(), t, r)
}

// take takes what is given to it in a load, and reports its end.
func (s *sidecar) take(from *node, t distro.Ticket, rest loaded) {
	for len(rest.messages) > 0 {
		s.trace.gave[address(from.name)] = s.now()
		s.trace.promise[rest.messages[0].Client] = true
		s.offered(from, rest.messages[0], false)
		rest.messages = rest.messages[1:]
		if life := s.life; from.drip > 0 {
			s.cluster.after(from.drip, func() {
				if s.up && s.life == life {
					s.cluster.step(s.node, func() { s.take(from, t, rest) })
				}
			})
			return
		}
	}
	s.trace.answered[address(from.name)] = true
	s.trace.finished(t)
	s.engine.Finished(s.now(), t, distro.Result{Complete: rest.complete})
}

// errLoading is what a Java server is told that asks a member that is loading.
var errLoading = errors.New("loading")

// snapshot answers a Load. A Java server would take whatever it gets for all
// there is, so it is refused for as long as that is not so. It asks when it
// starts: the connections that it held before are no more, and it is not given
// them back.
func (s *sidecar) snapshot(from *node, except []member.Address) any {
	if from.java && !s.engine.Loaded() {
		return errLoading
	}
	out := loaded{complete: s.engine.Loaded()}
	for _, c := range slices.Sorted(maps.Keys(s.store)) {
		m := s.attributed(c, s.store[c])
		owner, known := s.engine.Owner(c)
		former := from.java && owner == address(from.name) && !c.Beats()
		if known && former || slices.Contains(except, m.Stamp.Owner) {
			continue
		}
		out.messages = append(out.messages, m)
	}
	if from.java {
		s.engine.Restarted(s.now(), address(from.name))
	}
	return out
}

// offered takes a record that a peer offers. A Java server sends only what it
// owns, and tells neither version nor owner.
func (s *sidecar) offered(from *node, m message, direct bool) {
	if direct && m.Stamp.Version == 0 {
		m.Stamp.Owner = address(from.name)
	}
	s.observe(m.Stamp.Version)
	v := s.engine.Offered(s.now(), address(from.name), m.Mark, direct)
	s.tell(v, s.cluster.version(m.Client, m.Stamp))
	switch {
	case v.Code == distro.Accept:
		s.put(m.Client, m.Stamp, m.content)
		s.trace.confirmed[m.Client] = s.now()
	case v.Code == distro.Same && direct:
		s.trace.confirmed[m.Client] = s.now()
	}
}

// dropped takes a peer's removal.
func (s *sidecar) dropped(from *node, c naming.ClientID, version int64) {
	s.observe(version)
	v := s.engine.Dropped(s.now(), address(from.name), c, version)
	s.tell(v, "end of "+s.cluster.version(c, naming.Stamp{Version: version}))
	if v.Code == distro.Accept || v.Code == distro.Same {
		s.drop(c, version)
		delete(s.beats, c)
	}
}

// compare answers a peer's Verify, which tells the version but not who wrote it.
func (s *sidecar) compare(from *node, marks []naming.Mark) []naming.ClientID {
	told := slices.Clone(marks)
	for i, m := range told {
		told[i].Stamp.Owner = ""
		if !m.Client.Beats() {
			told[i].Stamp.Owner = address(from.name)
		}
	}
	different := s.engine.Compare(s.now(), address(from.name), told)
	if s.engine.Loaded() {
		s.confirm(told, different)
	}
	return different
}

func (s *sidecar) tell(v distro.Verdict, what string) {
	if v.Reason != "" && v.Code != distro.Same {
		what += ": " + v.Reason
	}
	s.cluster.say("%s %s %s", s.name, v.Code, what)
}

func (s *sidecar) put(c naming.ClientID, stamp naming.Stamp, content string) {
	s.trace.applied(s, c, stamp)
	s.erase(c)
	e := newEntry(c, stamp, content)
	s.sum = s.sum.plus(e.sum)
	s.store[c] = e
	s.changed = true
	if !s.cluster.ledger.client(c).wrote(stamp, content) {
		s.violated(lawInvention, "%s with %q was never written", s.cluster.version(c, stamp), content)
	}
}

func (s *sidecar) drop(c naming.ClientID, version int64) {
	s.trace.removed(c, version)
	s.erase(c)
}

func (s *sidecar) erase(c naming.ClientID) {
	if held, ok := s.store[c]; ok {
		s.sum = s.sum.minus(held.sum)
		delete(s.store, c)
		s.changed = true
	}
}
