package distrotest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// The times of Java's delay engine (gRPC page, 5.2 and 9.1).
const (
	javaSyncDelay  = time.Second
	javaRetryDelay = 3 * time.Second
	javaTick       = 100 * time.Millisecond
)

type taskAction string

const (
	changeTask taskAction = "change"
	deleteTask taskAction = "delete"
)

// delayEngine is Java's map of pending tasks, at most one for each (client,
// target).
type delayEngine struct {
	tasks   map[taskKey]*delayTask
	ticking bool
}

type taskKey struct {
	client naming.ClientID
	target string
}

type delayTask struct {
	action    taskAction
	created   time.Time
	processed time.Time // from when the interval counts
	interval  time.Duration
}

// changed plans a task for every other member.
func (j *java) changed(c naming.ClientID, a taskAction) {
	for _, p := range j.peers() {
		j.plan(taskKey{c, p.name}, a, javaSyncDelay)
	}
}

// plan merges a task into the map as Java does: the new one replaces the old,
// inherits the time from which it counts, and adopts the old one's action only
// if that was created later. A retry is always created later; so a change that
// failed swallows the removal that came meanwhile.
func (j *java) plan(key taskKey, a taskAction, interval time.Duration) {
	task := &delayTask{action: a, created: j.now(), processed: j.now(), interval: interval}
	if old := j.tasks.tasks[key]; old != nil {
		task.processed = old.processed
		if old.action != a && old.created.After(task.created) {
			task.action = old.action
		}
	}
	j.tasks.tasks[key] = task
	if !j.tasks.ticking {
		j.tasks.ticking = true
		j.later(javaTick, j.tick)
	}
}

// tick carries out what is due.
func (j *java) tick() {
	keys := slices.SortedFunc(maps.Keys(j.tasks.tasks), func(a, b taskKey) int {
		return cmp.Or(cmp.Compare(a.client, b.client), cmp.Compare(a.target, b.target))
	})
	for _, key := range keys {
		if task := j.tasks.tasks[key]; j.now().Sub(task.processed) >= task.interval {
			delete(j.tasks.tasks, key)
			j.process(key, task.action)
		}
	}
	j.tasks.ticking = len(j.tasks.tasks) > 0
	if j.tasks.ticking {
		j.later(javaTick, j.tick)
	}
}

// process sends one task, which reads the client now: what has ended meanwhile
// is not told.
func (j *java) process(key taskKey, a taskAction) {
	to := j.cluster.node(key.target)
	if !slices.Contains(j.list, key.target) {
		return
	}
	var serve func(to *node) any
	known := j.clients[key.client]
	switch {
	case a == deleteTask:
		j.cluster.say("%s -> %s drop %s", j.name, key.target, key.client)
		serve = func(to *node) any { to.server.dropped(j.node, key.client, 0); return nil }
	case known == nil:
		j.cluster.say("%s has nothing to tell %s about %s any more", j.name, key.target, key.client)
		return
	default:
		m := message{naming.Mark{Client: key.client, Stamp: known.stamp}, known.content}
		j.cluster.say("%s -> %s send %s", j.name, key.target, j.cluster.version(m.Client, m.Stamp))
		serve = func(to *node) any { to.server.offered(j.node, m, true); return nil }
	}
	if !j.within(to) {
		j.plan(key, a, javaRetryDelay)
		return
	}
	j.cluster.call(request{from: j.node, to: to, serve: serve, answer: func(_ any, err error) {
		if err != nil {
			j.plan(key, a, javaRetryDelay)
		}
	}})
}
