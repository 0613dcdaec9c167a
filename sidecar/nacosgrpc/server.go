package nacosgrpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"google.golang.org/grpc"

	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/stream"
	"github.com/distro-naming/naming-operator/sidecar/stream/streampb"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Config says how the two ports are served. DefaultConfig has the values of
// Nacos where it has one.
type Config struct {
	SDK     net.Listener // for clients, on the main port + 1000
	Cluster net.Listener // for members, on the main port + 1001

	MaxSnapshot  int           // bytes of the answer to a Java server that loads: it reads no more
	IdleAfter    time.Duration // silence after which a client is asked whether it is there
	AnswerWithin time.Duration // time to answer that, or to acknowledge a push
	Stream       bool          // our own members may stream to this one
	Streams      stream.Config
	Identity     wire.Credentials // required on the members' port; none: everybody is taken for a member there
	DeafAfter    time.Duration    // for which a client may acknowledge no push before it is closed
	Public       bool             // the namespace "" means "public", unless a Java server is a peer
	Gate         Gate             // who may do what; nil: everybody everything
	Admit        Admission        // who may speak on the members' port; nil: everybody
	Unproven     func(ip string)  // hears of who was refused for want of the identity; nil: nobody does
	Limits       limits.Limits
	Over         limits.Observer // nil: nobody is told
	Log          logr.Logger
}

// Admission returns why the other end of a connection is no member, or nil. It is
// asked when the first call came, does not block, and is asked again by Part.
type Admission func(c net.Conn) error

// loadsAtOnce bounds the snapshots that are being written: each is large, and
// members that start together all ask for one.
const loadsAtOnce = 2

// DefaultConfig returns a configuration that lacks only the listeners.
func DefaultConfig() Config {
	return Config{
		MaxSnapshot:  10 << 20,
		IdleAfter:    limits.Default().SilentFor,
		AnswerWithin: 5 * time.Second,
		DeafAfter:    time.Minute, // the pauses of five tries
		Stream:       true,
		Streams:      stream.DefaultConfig(),
		Identity:     wire.Identity{},
		Public:       true,
		Limits:       limits.Default(),
		Log:          logr.Discard(),
	}
}

// Listen opens both ports of a member on a local host or IP; "" means all.
func Listen(host string, self member.Address) (sdk, cluster net.Listener, err error) {
	open := func(offset int) (net.Listener, error) {
		ctx := context.Background() //nolint:forbidigo // opening a port on an IP does not wait
		var l net.ListenConfig
		return l.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(self.Port()+offset)))
	}
	if sdk, err = open(member.SDKOffset); err != nil {
		return nil, nil, fmt.Errorf("open the clients' port: %w", err)
	}
	if cluster, err = open(member.ClusterOffset); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open the members' port: %w", err), sdk.Close())
	}
	return sdk, cluster, nil
}

// Deps are the parts of the member that the server translates for.
type Deps struct {
	Registrar     Registrar
	Catalog       Catalog
	Subscriptions Subscriptions
	Patterns      PatternSubscriptions // of its own: it delivers other messages
	Inbox         Inbox
	Roster        Roster
	Stream        stream.Inbox // what our own members may ask by their streams
	Settings      Settings     // nil: none are kept here
	NextID        func() int64 // the number of an instance's id, where one is asked for
}

// Server serves both ports.
type Server struct {
	cfg  Config
	deps Deps

	sdk, cluster *port
	open         table
	patterns     patterns // that clients watch
	receiver     *stream.Receiver

	moves    atomic.Uint64 // clients that agreed to go elsewhere
	requests atomic.Int64  // id of the last request sent on a stream
	clock    atomic.Int64  // of the last connection id, so that no two are equal
	leaving  atomic.Bool   // Drain was called
	now      atomic.Int64  // when the connections were last looked at, Unix nanoseconds

	unfinished atomic.Int64 // bytes of messages that are not whole

	busy     processors
	loads    chan struct{} // a place for each snapshot that is being written
	stopping chan struct{}
	stop     sync.Once
	work     sync.WaitGroup // goroutines beside those of grpc
}

// NewServer returns a server that does not serve yet.
func NewServer(cfg Config, deps Deps) *Server {
	s := &Server{cfg: cfg, deps: deps, stopping: make(chan struct{}), loads: make(chan struct{}, loadsAtOnce)}
	s.now.Store(time.Now().UnixNano())
	s.patterns = newPatterns(deps)
	s.sdk = newPort(s, cfg.SDK, false, s.handlers())
	s.cluster = newPort(s, cfg.Cluster, true, s.clusterHandlers())
	s.receiver = stream.NewReceiver(cfg.Streams, deps.Roster.Node, deps.Stream)
	if cfg.Stream {
		streampb.RegisterReplicationServer(s.cluster.grpc, replication{port: s.cluster})
	}
	return s
}

// Serve serves until Stop, and then returns nil; the first failure of a
// listener ends it with that error. The listeners are closed in any case.
func (s *Server) Serve() error {
	ended := make(chan error, 2)
	serve := func(p *port) {
		err := p.grpc.Serve(listener{Listener: p.listener, port: p})
		if errors.Is(err, grpc.ErrServerStopped) {
			err = nil // stopped before it began
		}
		ended <- err
	}
	s.work.Go(s.watch)
	s.work.Go(func() { s.patterns.follow(s.stopping) })
	s.work.Go(func() { serve(s.sdk) })
	s.work.Go(func() { serve(s.cluster) })

	first := <-ended
	if first != nil {
		s.halt()
		s.sdk.grpc.Stop()
		s.cluster.grpc.Stop()
	}
	second := <-ended
	s.open.closeAll()
	s.work.Wait()
	return errors.Join(first, second)
}

// Drain stops accepting clients. Those connected are served on; when they go
// they depart.
func (s *Server) Drain() { s.leaving.Store(true) }

// Stop ends the server: it refuses new calls, waits until ctx ends for those
// under way, and then cuts every connection. It implies Drain.
func (s *Server) Stop(ctx context.Context) {
	s.Drain()
	s.halt()
	var both sync.WaitGroup
	for _, p := range []*port{s.sdk, s.cluster} {
		both.Go(p.grpc.GracefulStop)
	}
	cut := context.AfterFunc(ctx, func() {
		s.sdk.grpc.Stop()
		s.cluster.grpc.Stop()
	})
	both.Wait()
	cut()
}

// halt ends the streams and the watch.
func (s *Server) halt() {
	s.stop.Do(func() {
		close(s.stopping)
		for _, c := range s.open.all() {
			c.hangUp(errStopping) // a stream that begins now sees that itself
		}
	})
}

// halted reports whether halt was called.
func (s *Server) halted() bool {
	select {
	case <-s.stopping:
		return true
	default:
		return false
	}
}

// Clients returns the number of clients that are connected.
func (s *Server) Clients() int {
	n := 0
	for _, c := range s.open.all() {
		if !c.port.members && c.registered() {
			n++
		}
	}
	return n
}

// Moves returns how many clients agreed to go to another member.
func (s *Server) Moves() uint64 { return s.moves.Load() }

// loading reports whether clients must be kept waiting.
func (s *Server) loading() bool { return !s.deps.Catalog.Loaded() }
