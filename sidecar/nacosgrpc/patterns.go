package nacosgrpc

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// mostPatterns bounds the different patterns that are watched at this member:
// each is compared with every service that changes.
const mostPatterns = 1000

// between is how long changes are collected before the next are looked at.
const between = 50 * time.Millisecond

// patterns knows which services match what clients watch. Who watches the same
// pattern shares what is known of it.
type patterns struct {
	catalog Catalog
	hub     PatternSubscriptions
	wake    chan struct{}

	looking sync.Mutex // what was read of a service is noted before another reads it

	mu      sync.Mutex
	matched map[naming.Pattern]*matched
	touched map[naming.ServiceKey]struct{} // services that may have come or gone
}

// matched is what is known of one pattern.
type matched struct {
	filled   sync.Once
	watchers int
	services map[naming.ServiceKey]string // each with its text
	changes  int64                        // from 1
}

func newPatterns(deps Deps) patterns {
	return patterns{
		catalog: deps.Catalog,
		hub:     deps.Patterns,
		wake:    make(chan struct{}, 1),
		matched: map[naming.Pattern]*matched{},
		touched: map[naming.ServiceKey]struct{}{},
	}
}

// touch says that a service may have come or gone. It never waits.
func (p *patterns) touch(s naming.ServiceKey) {
	p.mu.Lock()
	if len(p.matched) == 0 {
		p.mu.Unlock()
		return
	}
	p.touched[s] = struct{}{}
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// follow looks at what was touched, until stopping is closed.
func (p *patterns) follow(stopping <-chan struct{}) {
	for {
		select {
		case <-stopping:
			return
		case <-p.wake:
		}
		for s := range p.take() {
			p.look(s)
		}
		select {
		case <-stopping:
			return
		case <-time.After(between):
		}
	}
}

func (p *patterns) take() map[naming.ServiceKey]struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.touched
	p.touched = map[naming.ServiceKey]struct{}{}
	return taken
}

// look notes whether a service is there, and has who watches it told. What
// matches no pattern is not read: that may cost the building of an answer.
func (p *patterns) look(s naming.ServiceKey) {
	p.looking.Lock()
	defer p.looking.Unlock()
	if !p.watched(s) {
		return
	}
	there := len(p.catalog.View(s).Hosts) > 0
	p.mu.Lock()
	defer p.mu.Unlock()
	for pattern, m := range p.matched {
		if _, known := m.services[s]; known == there || !pattern.Matches(s) {
			continue
		}
		if there {
			m.services[s] = textOf(s)
		} else {
			delete(m.services, s)
		}
		m.changes++
		p.hub.Touch(naming.ServiceKey(pattern))
	}
}

// watched reports whether a service matches any pattern.
func (p *patterns) watched(s naming.ServiceKey) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for pattern := range p.matched {
		if pattern.Matches(s) {
			return true
		}
	}
	return false
}

// textOf names a service as clients know it, to whom the namespace "" is "public".
func textOf(s naming.ServiceKey) string {
	s.Namespace = cmp.Or(s.Namespace, naming.DefaultNamespace)
	return s.String()
}

// enter counts one who watches a pattern, and returns when all that matches is
// known. It returns false when too many others are watched.
func (p *patterns) enter(pattern naming.Pattern) bool {
	p.mu.Lock()
	m := p.matched[pattern]
	if m == nil {
		if len(p.matched) >= mostPatterns {
			p.mu.Unlock()
			return false
		}
		m = &matched{services: map[naming.ServiceKey]string{}, changes: 1}
		p.matched[pattern] = m
	}
	m.watchers++
	p.mu.Unlock()
	m.filled.Do(func() { // after it was entered: a change from now on is seen
		for _, s := range p.catalog.AllServices() {
			if pattern.Matches(s) {
				p.look(s)
			}
		}
	})
	return true
}

// leave counts one who watches a pattern no longer.
func (p *patterns) leave(pattern naming.Pattern) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m := p.matched[pattern]; m != nil {
		if m.watchers--; m.watchers == 0 {
			delete(p.matched, pattern)
		}
	}
}

// matching returns the keys of the services that match a pattern which is watched,
// in order.
func (p *patterns) matching(pattern naming.Pattern) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.matched[pattern]
	if m == nil {
		return nil
	}
	return slices.Compact(slices.Sorted(maps.Values(m.services)))
}

// Matching returns as a view how often it has changed what matches a pattern: the
// services themselves are read when it is delivered.
func (s *Server) Matching(pattern naming.ServiceKey) *naming.View {
	s.patterns.mu.Lock()
	defer s.patterns.mu.Unlock()
	view := &naming.View{Service: pattern}
	if m := s.patterns.matched[naming.Pattern(pattern)]; m != nil {
		view.LastRef = m.changes
	}
	return view
}

// Touch says that the answer for a service may have changed. It never waits.
func (s *Server) Touch(service naming.ServiceKey) { s.patterns.touch(service) }
