package nacosgrpc

import (
	"context"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/peer"

	"github.com/distro-naming/naming-operator/sidecar/auth"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/turnstile"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Phases of a session, in their only order. plain and connected are two ways of
// being registered: without and with a client in the registry.
const (
	fresh int32 = iota
	connecting
	plain
	connected
	gone
)

// leaveTimeout bounds the telling of the registry that a client has gone.
const leaveTimeout = 10 * time.Second

// session is one TCP connection. It is the net.Conn that grpc works on, so that
// calls and stream of one connection are known to belong together, and its end
// is seen however it comes.
type session struct {
	net.Conn
	port *port
	id   naming.ClientID
	ip   string // of the other end

	place   *turnstile.Place // among the connections of its port
	pending pending
	ready   *ready // nil: reading it holds a buffer

	active   atomic.Int64 // when it last said something, Unix nanoseconds
	deaf     atomic.Int64 // since when it acknowledges no push, Unix nanoseconds; 0: it does
	phase    atomic.Int32
	moved    atomic.Bool                    // it was asked to go elsewhere
	streamed atomic.Bool                    // it has, or had, its stream
	admitted atomic.Bool                    // it may speak on the members' port
	pass     atomic.Pointer[auth.Pass]      // what the gate last let it through by; nil: nothing yet
	reporter atomic.Pointer[member.Address] // who introduced itself on it
	agent    atomic.Pointer[string]         // how its program names itself

	asked time.Time // since when it is asked whether it is there, by who watches; of no meaning once it spoke
	told  bool      // that was sent

	done chan struct{} // closed when it is gone
	out  chan biStream // holds the stream while nobody sends on it

	mu      sync.Mutex
	carrier carrier                     // of the stream; nil: there was none
	waiting map[string]chan wire.Result // answers awaited on the stream; nil: none were yet
	watched map[naming.Pattern]struct{} // patterns
}

// tag is the address by which a call finds its session.
type tag struct {
	net.Addr
	session *session
}

func newSession(p *port, c net.Conn, place *turnstile.Place) *session {
	s := &session{
		Conn:    c,
		port:    p,
		place:   place,
		pending: newPending(p),
		ready:   newReady(c),
		done:    make(chan struct{}),
		out:     make(chan biStream, 1),
	}
	host, port, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil { // not TCP: a listener of tests
		host, port = c.RemoteAddr().String(), "0"
	}
	s.ip = host
	s.id = naming.ClientID(strconv.FormatInt(p.server.tick(), 10) + "_" + host + "_" + port)
	s.touch()
	return s
}

// tick returns the time in milliseconds, or one more than before, so that every
// connection of this member has an id of its own.
func (s *Server) tick() int64 {
	for {
		last := s.clock.Load()
		next := max(time.Now().UnixMilli(), last+1)
		if s.clock.CompareAndSwap(last, next) {
			return next
		}
	}
}

// RemoteAddr returns the other end's address with the session behind it.
func (s *session) RemoteAddr() net.Addr { return tag{Addr: s.Conn.RemoteAddr(), session: s} }

// sessionOf returns the session that carries a call, or nil.
func sessionOf(ctx context.Context) *session {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	t, _ := p.Addr.(tag)
	return t.session
}

func (s *session) touch() { s.active.Store(time.Now().UnixNano()) }

func (s *session) idle() time.Duration { return time.Duration(time.Now().UnixNano() - s.active.Load()) }

func (s *session) registered() bool {
	phase := s.phase.Load()
	return phase == plain || phase == connected
}

// register makes the connection known, and a client of the registry when it is
// for naming. When the connection ends meanwhile, the client goes again.
func (s *session) register(ctx context.Context, setup wire.Setup) error {
	if !s.phase.CompareAndSwap(fresh, connecting) {
		return errTwice
	}
	agent := wire.Program(setup.ClientVersion)
	s.agent.Store(&agent)
	to := plain
	if setup.Naming() && !s.port.members {
		if err := s.port.server.deps.Registrar.Connect(ctx, s.id); err != nil {
			s.phase.CompareAndSwap(connecting, fresh)
			return err
		}
		to = connected
	}
	if !s.phase.CompareAndSwap(connecting, to) {
		if to == connected {
			s.leave() //nolint:contextcheck // the client goes also when the call is over
		}
		return errGone
	}
	return nil
}

// end makes the session gone: its subscriptions are forgotten, its client is
// disconnected, whoever waits for an answer is told. Later calls do nothing.
func (s *session) end() {
	before := s.phase.Swap(gone)
	if before == gone {
		return
	}
	close(s.done)
	if before == connected {
		s.leave()
	}
}

// leave takes the client out of the registry, beside the caller, who may be
// grpc's own loop. One that was sent to another member, or would have been, is
// expected there: subscribers then see no gap.
func (s *session) leave() {
	server := s.port.server
	server.work.Go(func() {
		server.deps.Subscriptions.Forget(s.id)
		server.forgetPatterns(s)
		end := server.deps.Registrar.Disconnect
		if s.moved.Load() || server.leaving.Load() {
			end = server.deps.Registrar.Depart
		}
		ctx := context.Background() //nolint:forbidigo // no call is left that this could be part of
		ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
		defer cancel()
		if err := end(ctx, s.id); err != nil {
			server.cfg.Log.Info("could not disconnect a client", "client", s.id, "error", err.Error())
		}
	})
}

// Close ends the session and the connection.
func (s *session) Close() error {
	s.end()
	s.port.server.open.remove(s)
	s.place.Leave()
	s.release()
	return s.Conn.Close()
}
