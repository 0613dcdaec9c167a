package distrotest

import (
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// What a Java server of version 2.3 or later waits for (gRPC page, 5 and 9.1).
const (
	javaVerify     = 5 * time.Second
	javaLoadRetry  = 30 * time.Second
	javaExpiry     = 180 * time.Second // of replicas that nobody verifies
	javaBeatExpiry = 30 * time.Second  // of clients that beat, by their owner
	javaExpiryScan = 5 * time.Second
)

// java models a Java server as it meets ours (gRPC page, 5): revisions are
// compared for equality and nothing else, changes leave a second late, a failed
// one is queued again and may thereby swallow a removal, everything own is
// verified one client after the other, the first peer that answers is the only
// one that is loaded from, and a replica lives for three minutes.
type java struct {
	*node
	clients map[naming.ClientID]*javaClient
	tasks   delayEngine
	loaded  bool
}

// javaClient is what it knows of one client.
type javaClient struct {
	entry
	native  bool // its connection is here
	renewed time.Time
}

func newJava(n *node) *java {
	return &java{node: n, clients: map[naming.ClientID]*javaClient{}, tasks: delayEngine{tasks: map[taskKey]*delayTask{}}}
}

func (j *java) start() {
	j.load()
	j.every(javaVerify, j.verify)
	j.every(javaExpiryScan, j.expire)
}

// every does something again and again as long as the process lives.
func (j *java) every(d time.Duration, do func()) {
	j.later(d, func() { do(); j.every(d, do) })
}

func (j *java) later(d time.Duration, do func()) {
	life := j.life
	j.cluster.after(d, func() {
		if j.up && j.life == life {
			j.cluster.step(j.node, do)
		}
	})
}

func (j *java) members()                     {}
func (j *java) hears(_ *node, _ server) bool { return true }
func (j *java) settle()                      {}
func (j *java) check()                       {}

// write is that of an own client. The revision of a connection is a count, that
// of a client that beats a hash of what it publishes.
func (j *java) write(k *client, content string) {
	revision := int32(len(k.writes) + 1) //nolint:gosec // a few dozen
	if k.id.Beats() {
		h := fnv.New32a()
		_, _ = h.Write([]byte(content))
		revision = int32(h.Sum32()>>1 | 1) //nolint:gosec // 31 bits
	}
	stamp := naming.Stamp{Revision: revision}
	k.writes = append(k.writes, write{stamp: stamp, content: content})
	j.put(k.id, stamp, content, !k.id.Beats())
	j.changed(k.id, changeTask)
}

func (j *java) put(c naming.ClientID, stamp naming.Stamp, content string, native bool) {
	known := j.clients[c]
	if known == nil {
		known = &javaClient{native: native, renewed: j.now()}
		j.clients[c] = known
	}
	known.entry = newEntry(c, naming.Stamp{Revision: stamp.Revision}, content)
}

func (j *java) end(k *client) {
	k.writes = append(k.writes, write{removal: true})
	delete(j.clients, k.id)
	j.changed(k.id, deleteTask)
}

func (j *java) beaten(k *client) {
	if known := j.clients[k.id]; known == nil || known.content != k.content {
		j.write(k, k.content)
	}
	j.clients[k.id].renewed = j.now()
}

// expireBeats is part of expire.
func (j *java) expireBeats() {}

// expire ends what was silent for too long.
func (j *java) expire() {
	for _, c := range slices.Sorted(maps.Keys(j.clients)) {
		k := j.clients[c]
		silent := j.now().Sub(k.renewed)
		switch {
		case c.Beats() && j.owns(c) && silent > javaBeatExpiry:
			j.cluster.say("%s gives up %s, which is silent", j.name, c)
			j.end(j.cluster.ledger.client(c))
		case !k.native && silent > javaExpiry:
			j.cluster.say("%s expires %s", j.name, c)
			delete(j.clients, c)
		}
	}
}

// owns reports whether the client is its to replicate: it holds the connection,
// or the ring names it.
func (j *java) owns(c naming.ClientID) bool {
	if !c.Beats() {
		return j.clients[c] != nil && j.clients[c].native
	}
	owner, ok := j.owner(c)
	return ok && owner == address(j.name)
}

// owner asks the ring. A Java server that is not in the ring claims everything.
func (j *java) owner(c naming.ClientID) (member.Address, bool) {
	ring := j.view().Ring()
	if !slices.Contains(ring, address(j.name)) {
		return address(j.name), len(ring) > 0
	}
	return distro.RingOwner(ring, c)
}

// peers are the other members, in order.
func (j *java) peers() []*node {
	var out []*node
	for _, name := range j.list {
		if name != j.name {
			out = append(out, j.cluster.node(name))
		}
	}
	return out
}

// within reports whether the server would send anything to that node.
func (j *java) within(to *node) bool { return j.states[to.name] == member.Up }

// load asks one peer after the other, and is content with the first that
// answers, however little it knows.
func (j *java) load() {
	targets := slices.DeleteFunc(j.peers(), func(p *node) bool { return !j.within(p) })
	var next func()
	next = func() {
		if len(targets) == 0 {
			j.later(javaLoadRetry, j.load)
			return
		}
		from := targets[0]
		targets = targets[1:]
		j.cluster.say("%s <- %s load", j.name, from.name)
		j.cluster.call(request{
			from: j.node, to: from,
			serve: func(to *node) any { return to.server.snapshot(j.node, nil) },
			answer: func(reply any, err error) {
				all, answered := reply.(loaded)
				if err != nil || !answered {
					next()
					return
				}
				for _, m := range all.messages {
					j.offered(from, m, false)
				}
				j.loaded = true
			},
		})
	}
	next()
}

// verify asks every peer within reach about every own client, with one call for
// each; before it has loaded, it does not.
func (j *java) verify() {
	if !j.loaded {
		return
	}
	for _, p := range j.peers() {
		if !j.within(p) {
			continue
		}
		for _, c := range slices.Sorted(maps.Keys(j.clients)) {
			if !j.owns(c) {
				continue
			}
			mark := naming.Mark{Client: c, Stamp: j.clients[c].stamp}
			j.cluster.call(request{
				from: j.node, to: p,
				serve: func(to *node) any { return to.server.compare(j.node, []naming.Mark{mark}) },
				answer: func(reply any, err error) {
					if err == nil && len(reply.([]naming.ClientID)) > 0 {
						j.plan(taskKey{c, p.name}, changeTask, 0)
					}
				},
			})
		}
	}
}

// offered stores what it is told, whether it is newer or not and whosever it is: a
// load may bring back what its own client published before, which then counts.
// Only a record that was unknown begins to live by it.
func (j *java) offered(from *node, m message, direct bool) {
	if m.Client.Persistent() {
		return
	}
	verb := "loads"
	if direct {
		verb = "takes"
	}
	j.cluster.say("%s %s %s from %s", j.name, verb, j.cluster.version(m.Client, m.Stamp), from.name)
	if known := j.clients[m.Client]; known != nil && known.native {
		j.cluster.ledger.client(m.Client).content = m.content
	}
	j.put(m.Client, m.Stamp, m.content, false)
}

func (j *java) dropped(from *node, c naming.ClientID, _ int64) {
	j.cluster.say("%s removes %s for %s", j.name, c, from.name)
	delete(j.clients, c)
}

func (j *java) compare(_ *node, marks []naming.Mark) []naming.ClientID {
	var different []naming.ClientID
	for _, m := range marks {
		known := j.clients[m.Client]
		if known == nil || m.Stamp.Revision != 0 && known.stamp.Revision != m.Stamp.Revision {
			different = append(different, m.Client)
			continue
		}
		known.renewed = j.now()
	}
	return different
}

func (j *java) snapshot(_ *node, _ []member.Address) any {
	out := loaded{complete: true} // it does not tell whether it has loaded itself
	for _, c := range slices.Sorted(maps.Keys(j.clients)) {
		k := j.clients[c]
		out.messages = append(out.messages, message{naming.Mark{Client: c, Stamp: k.stamp}, k.content})
	}
	return out
}

func (j *java) holds() map[naming.ClientID]entry {
	out := map[naming.ClientID]entry{}
	for c, k := range j.clients {
		out[c] = k.entry
	}
	return out
}

func (j *java) state() state {
	var all sum
	for _, k := range j.clients {
		all = all.plus(k.sum)
	}
	return state{loaded: j.loaded, pending: len(j.tasks.tasks), digest: all.String()}
}
