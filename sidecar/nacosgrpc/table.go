package nacosgrpc

import (
	"cmp"
	"maps"
	"slices"
	"sync"
)

// table is the set of open connections.
type table struct {
	mu       sync.Mutex
	sessions map[*session]struct{}
}

// add enters s.
func (t *table) add(s *session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sessions == nil {
		t.sessions = map[*session]struct{}{}
	}
	t.sessions[s] = struct{}{}
}

func (t *table) remove(s *session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.sessions, s)
}

// count returns how many connections are open.
func (t *table) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.sessions)
}

// all returns the open connections in no order.
func (t *table) all() []*session { return t.appendTo(nil) }

// appendTo appends the open connections to list, in no order.
func (t *table) appendTo(list []*session) []*session {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.AppendSeq(slices.Grow(list, len(t.sessions)), maps.Keys(t.sessions))
}

// oldest returns the open connections in order of age.
func (t *table) oldest() []*session {
	return slices.SortedFunc(slices.Values(t.all()), func(a, b *session) int { return cmp.Compare(a.id, b.id) })
}

func (t *table) closeAll() {
	for _, s := range t.all() {
		_ = s.Close() // what is left of it is gone in any case
	}
}
