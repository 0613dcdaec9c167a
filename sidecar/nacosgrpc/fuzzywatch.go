package nacosgrpc

import (
	"context"
	"slices"

	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// inOneSync is how many services one message tells of.
const inOneSync = 100

var fuzzyWatched = wire.Payload(wire.NamingFuzzyWatchResponse, wire.Success())

// fuzzyWatch begins or ends the watching of a pattern. Who begins again says what
// it knows, and is told the difference (gRPC page, 3.7).
func (s *Server) fuzzyWatch(_ context.Context, c *session, in *nacospb.Payload) *nacospb.Payload {
	request, err := wire.DecodeFuzzyWatch(wire.Body(in))
	var pattern naming.Pattern
	if err == nil {
		pattern, err = wire.CheckPattern(request.Pattern)
	}
	if refused := faulty(wire.NamingFuzzyWatchRequest, wire.Names{}, "", err); refused != nil {
		return refused
	}
	switch request.Type {
	case wire.FuzzyWatchStart:
		return s.watchPattern(c, pattern, request)
	case wire.FuzzyWatchCancel:
		s.deps.Patterns.Unsubscribe(c.id, naming.ServiceKey(pattern))
		if c.unwatch(pattern) {
			s.patterns.leave(pattern)
		}
		return fuzzyWatched
	default:
		return unsupported(request.Type)
	}
}

func (s *Server) watchPattern(c *session, pattern naming.Pattern, request wire.FuzzyWatch) *nacospb.Payload {
	if c.phase.Load() != connected {
		return c.undone(wire.NamingFuzzyWatchRequest, naming.ServiceKey{}, naming.ErrNoClient)
	}
	if !s.enterPattern(c, pattern) {
		s.over(limits.Patterns)
		return overLimit(wire.CodeTooManyPatterns, wire.TooManyPatterns)
	}
	w := &watcher{session: c, pattern: pattern, text: request.Pattern, told: map[string]struct{}{}}
	for _, known := range request.Received[:min(len(request.Received), int(s.cfg.Limits.Matches))] {
		w.told[known] = struct{}{}
	}
	w.kind = wire.FuzzyDiff
	if request.Initializing {
		w.kind = wire.FuzzyInit
	}
	s.deps.Patterns.Subscribe(c.id, naming.ServiceKey(pattern), w.deliver)
	s.deps.Patterns.Touch(naming.ServiceKey(pattern))
	if c.phase.Load() == gone { // and may have been forgotten before it was entered
		s.forgetPatterns(c)
	}
	if int64(len(s.patterns.matching(pattern))) > s.cfg.Limits.Matches {
		s.over(limits.Matches)
		return overLimit(wire.CodeTooManyMatches, wire.TooManyMatches) // those that it is told of stay watched
	}
	return fuzzyWatched
}

func overLimit(code int, message string) *nacospb.Payload {
	return wire.Refuse(wire.NamingFuzzyWatchRequest, naming.ServiceKey{}, "", code, message)
}

// enterPattern makes a pattern one of those that a connection watches, unless they
// are too many. It is counted before: the connection may end at any time, and then
// what is counted for it is what it has.
func (s *Server) enterPattern(c *session, pattern naming.Pattern) bool {
	if !c.mayWatch(pattern, s.cfg.Limits.Patterns) || !s.patterns.enter(pattern) {
		return false
	}
	if !c.watch(pattern) {
		s.patterns.leave(pattern) // it was counted when it came first
	}
	return true
}

// mayWatch reports whether a connection watches a pattern, or has room for one more.
func (c *session) mayWatch(pattern naming.Pattern, most int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, already := c.watched[pattern]
	return already || int64(len(c.watched)) < most
}

// watch adds a pattern to those that a connection watches, and reports whether it
// was not among them.
func (c *session) watch(pattern naming.Pattern) (fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.watched == nil {
		c.watched = map[naming.Pattern]struct{}{}
	}
	_, already := c.watched[pattern]
	c.watched[pattern] = struct{}{}
	return !already
}

// unwatch takes a pattern from those that a connection watches, and reports
// whether it was among them.
func (c *session) unwatch(pattern naming.Pattern) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, was := c.watched[pattern]
	delete(c.watched, pattern)
	return was
}

// forgetPatterns ends all that a connection watches by patterns.
func (s *Server) forgetPatterns(c *session) {
	s.deps.Patterns.Forget(c.id)
	c.mu.Lock()
	watched := c.watched
	c.watched = nil
	c.mu.Unlock()
	for pattern := range watched {
		s.patterns.leave(pattern)
	}
}

// watcher tells one connection of one pattern. It is used by one delivery at a
// time.
type watcher struct {
	session *session
	pattern naming.Pattern
	text    string              // the pattern as the client wrote it
	told    map[string]struct{} // services that the client knows to match
	kind    string              // of what it is to be told first; "": only changes from now on
}

// deliver tells of what has come and gone since, and returns when all was
// acknowledged, or the first error.
func (w *watcher) deliver(ctx context.Context, _ *naming.View) error {
	came, went := w.news(w.session.port.server.patterns.matching(w.pattern))
	err := w.tell(ctx, came, went)
	w.session.pushed(err)
	return err
}

// news returns what has come, as far as there is room, and what has gone.
func (w *watcher) news(now []string) (came, went []string) {
	for known := range w.told {
		if _, there := slices.BinarySearch(now, known); !there {
			went = append(went, known)
		}
	}
	slices.Sort(went)
	room := int(w.session.port.server.cfg.Limits.Matches) - len(w.told) + len(went)
	for _, s := range now {
		if _, known := w.told[s]; !known && len(came) < room {
			came = append(came, s)
		}
	}
	return came, went
}

// tell says first what has gone. It always does so one by one, as a change:
// clients pass over deletions in the other message.
func (w *watcher) tell(ctx context.Context, came, went []string) error {
	for _, s := range went {
		if err := w.change(ctx, s, false); err != nil {
			return err
		}
		delete(w.told, s)
	}
	if w.kind != "" {
		return w.first(ctx, came)
	}
	for _, s := range came {
		if err := w.change(ctx, s, true); err != nil {
			return err
		}
		w.told[s] = struct{}{}
	}
	return nil
}

func (w *watcher) change(ctx context.Context, service string, came bool) error {
	return w.session.ask(ctx, wire.NamingFuzzyWatchChangeNotifyRequest, func(id string) []byte {
		return wire.FuzzyChange(id, service, came)
	})
}

// first tells what the client lacks, part by part, and who is initializing that
// this was all.
func (w *watcher) first(ctx context.Context, came []string) error {
	parts := (len(came) + inOneSync - 1) / inOneSync
	part := 0
	for services := range slices.Chunk(came, inOneSync) {
		part++
		if err := w.sync(ctx, w.kind, services, part, parts); err != nil {
			return err
		}
		for _, s := range services {
			w.told[s] = struct{}{}
		}
	}
	if w.kind == wire.FuzzyInit {
		if err := w.sync(ctx, wire.FuzzyFinish, nil, 1, 1); err != nil {
			return err
		}
	}
	w.kind = ""
	return nil
}

func (w *watcher) sync(ctx context.Context, kind string, services []string, part, parts int) error {
	return w.session.ask(ctx, wire.NamingFuzzyWatchSyncRequest, func(id string) []byte {
		return wire.FuzzySync(id, kind, w.text, services, part, parts)
	})
}
