package nacosgrpc

import (
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/meter"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/turnstile"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

const (
	maxMemberStreams = 1 << 16 // Java members verify all their clients at once
	// streamsPerLimit is how many more streams are followed than a client may open:
	// it may have opened some before it heard of the limit.
	streamsPerLimit = 4
	// leastShare is what a connection may always have of the bytes of messages that
	// are not whole.
	leastShare = 64 << 10
)

// newStile returns the turnstile of the clients' or the members' port.
func newStile(cfg *Config, members bool) *turnstile.Turnstile {
	s := turnstile.Config{Limit: limits.Connections, Most: cfg.Limits.Connections, PerIP: cfg.Limits.PerIP, Observer: cfg.Over}
	if members {
		s.Limit, s.Most = limits.MemberConnections, cfg.Limits.MemberConnections
	}
	return turnstile.New(s)
}

// tooMany ends what is asked on a connection that is one too many. It is no answer
// of Nacos's: SDKs then give the connection up, say why in their logs, and wait
// longer before each next try. An answer they would take for a server to stay with.
func tooMany(err error) error { return status.Error(codes.ResourceExhausted, err.Error()) }

// over notes that a limit was gone over.
func (s *Server) over(limit string) {
	if s.cfg.Over != nil {
		s.cfg.Over.Over(limit)
	}
}

// pending is what a connection has sent of messages that are not whole. Members
// that were admitted are not looked at any more.
type pending struct {
	mu     sync.Mutex // of who reads the connection and who watches it
	meter  *meter.Meter
	held   int64
	closed bool
}

func newPending(p *port) pending {
	cfg := &p.server.cfg
	return pending{meter: meter.New(cfg.Limits.Message, streamsPerLimit*int(p.streams()))}
}

func (p *port) streams() uint32 {
	if p.members {
		return maxMemberStreams
	}
	return uint32(p.server.cfg.Limits.Streams) //nolint:gosec // limits fit
}

// Read reads what the other end says, for as long as it keeps to the limits.
func (s *session) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	if n > 0 && !s.heard(b[:n]) {
		return 0, errGone
	}
	return n, err
}

// heard takes in what was said. Who goes over a limit is cut, and not heard.
func (s *session) heard(said []byte) bool {
	if s.admitted.Load() {
		return true
	}
	if limit := s.metered(said); limit != "" {
		s.cut(limit)
		return false
	}
	return true
}

// cut closes a connection that went over a limit.
func (s *session) cut(limit string) {
	s.port.server.over(limit)
	s.port.server.cfg.Log.V(1).Info("closed a connection that went over a limit", "client", s.id, "limit", limit)
	_ = s.Close() // whoever it is has lost the right to more
}

// metered takes in what was said and returns the limit that was gone over, or "".
func (s *session) metered(said []byte) string {
	server := s.port.server
	s.pending.mu.Lock()
	defer s.pending.mu.Unlock()
	if s.pending.closed {
		return ""
	}
	if !s.pending.meter.Read(said, server.now.Load()) {
		return limits.Streams
	}
	held := s.pending.meter.Held()
	all := server.unfinished.Add(held - s.pending.held)
	s.pending.held = held
	if most := server.cfg.Limits.Unfinished; most > 0 && all > most && held > server.share(most) {
		return limits.Unfinished
	}
	return ""
}

// share is what one connection may have of most bytes, when together they have more.
func (s *Server) share(most int64) int64 { return max(most/int64(max(s.open.count(), 1)), leastShare) }

// release gives back what the connection had of the bytes of all.
func (s *session) release() {
	s.pending.mu.Lock()
	defer s.pending.mu.Unlock()
	s.port.server.unfinished.Add(-s.pending.held)
	s.pending.held, s.pending.closed = 0, true
}

// late reports whether a message that the connection began takes too long.
func (s *session) late(now time.Time) bool {
	within := s.port.server.cfg.Limits.MessageWithin
	if within == 0 || s.admitted.Load() {
		return false
	}
	s.pending.mu.Lock()
	defer s.pending.mu.Unlock()
	since := s.pending.meter.Oldest()
	return since != 0 && now.Sub(time.Unix(0, since)) > within
}

// batchFits refuses a batch that is too large.
func (s *Server) batchFits(key naming.ServiceKey, n int) *nacospb.Payload {
	most := s.cfg.Limits.Batch
	if most == 0 || int64(n) <= most {
		return nil
	}
	s.over(limits.Batch)
	err := &limits.Over{Limit: limits.Batch, Most: most, What: "the batch has " + strconv.Itoa(n) + " instances"}
	return wire.Refuse(wire.BatchInstanceRequest, key, "", wire.CodeInvalid, "Param check invalid:"+err.Error())
}

// subscriptionFits refuses one more subscription than a connection may have.
func (s *Server) subscriptionFits(c naming.ClientID, key naming.ServiceKey, in wire.Subscription) *nacospb.Payload {
	err := wire.CheckClusters(in.Clusters)
	if refused := faulty(wire.SubscribeServiceRequest, in.Names, in.Clusters, err); refused != nil {
		return refused
	}
	most := s.cfg.Limits.Subscriptions
	if most == 0 {
		return nil
	}
	if count, already := s.deps.Subscriptions.Watches(c, key); already || int64(count) < most {
		return nil
	}
	s.over(limits.Subscriptions)
	err = &limits.Over{Limit: limits.Subscriptions, Most: most, What: "the connection has too many subscriptions"}
	return wire.Refuse(wire.SubscribeServiceRequest, key, in.Clusters, wire.CodeOverThreshold, err.Error())
}
