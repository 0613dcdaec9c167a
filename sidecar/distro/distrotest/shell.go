package distrotest

import (
	"fmt"
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
func (n *node) perform(a distro.Action) {
	switch a := a.(type) {
	case distro.Send:
		n.send(a)
	case distro.Drop:
		n.cluster.say("%s -> %s drop %s", n.name, a.To.Host(), n.cluster.version(a.Client, a.Version))
		n.deliver(a.To, a.Ticket, func(to *node) { to.dropped(address(n.name), a.Client, a.Version) })
	case distro.Verify:
		n.call(a.To, a.Ticket, func(to *node) any {
			return to.engine.Compare(to.cluster.now, address(n.name), a.Marks)
		})
	case distro.Summarize:
		n.summarize(a)
	case distro.Detail:
		n.detail(a)
	case distro.Load:
		n.load(a)
	case distro.Expire:
		n.cluster.say("%s expires %s: %s", n.name, n.cluster.version(a.Client, n.store[a.Client].stamp.Version), a.Reason)
		n.trace.expired(a.Client, n.store[a.Client].stamp.Version)
		delete(n.store, a.Client)
	case distro.Adopt:
		n.adopt(a.Client)
	case distro.Yield:
		n.cluster.say("%s yields %s", n.name, a.Client)
		delete(n.beats, a.Client)
	}
}

func (n *node) send(a distro.Send) {
	held, ok := n.store[a.Client]
	if !ok {
		n.cluster.violated("%s: send of %s to %s, which is not in the store", n.name, a.Client, a.To)
		return
	}
	m := message{naming.Mark{Client: a.Client, Stamp: held.stamp}, held.content}
	n.cluster.say("%s -> %s send %s", n.name, a.To.Host(), n.cluster.version(a.Client, held.stamp.Version))
	n.deliver(a.To, a.Ticket, func(to *node) { to.offered(address(n.name), m, true) })
}

// deliver calls a node that may forget what it is told.
func (n *node) deliver(to member.Address, t distro.Ticket, take func(to *node)) {
	n.call(to, t, func(to *node) any {
		if n.cluster.net.loses(n.name, to.name) {
			n.cluster.say("%s forgets what %s told it", to.name, n.name)
			return nil
		}
		take(to)
		return nil
	})
}

// adopt takes over a client that beats. Its beats count from now.
func (n *node) adopt(id naming.ClientID) {
	held, ok := n.store[id]
	if !ok {
		n.cluster.violated("%s: adopts %s, which is not in the store", n.name, id)
		return
	}
	n.cluster.say("%s adopts %s", n.name, n.cluster.version(id, held.stamp.Version))
	if n.cluster.options.Reissue {
		n.write(n.cluster.ledger.client(id), held.content)
	}
	n.beats[id] = n.cluster.now
}

// call sends one action's request and reports its outcome.
func (n *node) call(to member.Address, t distro.Ticket, serve func(*node) any) {
	n.cluster.call(request{
		from: n, to: n.cluster.at(to), serve: serve,
		answer: func(reply any, err error) { n.finished(to, t, reply, err) },
	})
}

func (n *node) finished(from member.Address, t distro.Ticket, reply any, err error) {
	r := distro.Result{Err: err}
	switch reply := reply.(type) {
	case []naming.ClientID:
		r.Different = reply
	case *[distro.Buckets]distro.Digest:
		r.Buckets = reply
	case loaded:
		r.Complete = reply.complete
		n.trace.answered[from] = true
		for _, m := range reply.messages {
			n.offered(from, m, false)
		}
	}
	n.trace.finished(t)
	n.engine.Finished(n.cluster.now, t, r)
}

// load asks a node for everything, or for all but what some nodes own.
func (n *node) load(a distro.Load) {
	var without []string
	for _, owner := range a.Except {
		without = append(without, owner.Host())
	}
	line := fmt.Sprintf("%s <- %s load", n.name, a.From.Host())
	if len(without) > 0 {
		line += " without " + strings.Join(without, ", ")
	}
	n.cluster.say("%s", line)
	n.call(a.From, a.Ticket, func(to *node) any { return to.snapshot(a.Except) })
}

// sorted returns the clients in the store, in order.
func (n *node) sorted() []naming.ClientID { return slices.Sorted(maps.Keys(n.store)) }

// offered takes a record that a peer offers.
func (n *node) offered(from member.Address, m message, direct bool) {
	n.clock = max(n.clock, m.Stamp.Version)
	v := n.engine.Offered(n.cluster.now, from, m.Mark, direct)
	n.tell(v, n.cluster.version(m.Client, m.Stamp.Version))
	if v.Code == distro.Accept {
		n.put(m.Client, entry{m.Stamp, m.content})
	}
}

// dropped takes a peer's removal.
func (n *node) dropped(from member.Address, c naming.ClientID, version int64) {
	n.clock = max(n.clock, version)
	v := n.engine.Dropped(n.cluster.now, from, c, version)
	n.tell(v, "end of "+n.cluster.version(c, version))
	if v.Code == distro.Accept || v.Code == distro.Same {
		n.drop(c, version)
		delete(n.beats, c)
	}
}

func (n *node) tell(v distro.Verdict, what string) {
	if v.Reason != "" && v.Code != distro.Same {
		what += ": " + v.Reason
	}
	n.cluster.say("%s %s %s", n.name, v.Code, what)
}

func (n *node) put(c naming.ClientID, e entry) {
	n.trace.applied(n, c, e.stamp.Version)
	n.store[c] = e
}

func (n *node) drop(c naming.ClientID, version int64) {
	n.trace.removed(c, version)
	delete(n.store, c)
}

// version writes a client's version as the ordinal of its write.
func (c *Cluster) version(id naming.ClientID, version int64) string {
	return fmt.Sprintf("%s@%d", id, c.ledger.client(id).ordinal(version))
}
