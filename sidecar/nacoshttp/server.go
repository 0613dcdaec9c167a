package nacoshttp

import (
	"context"
	"errors"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/auth"
	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/route"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Registrar is what this adapter needs to publish for clients that beat.
type Registrar interface {
	Register(ctx context.Context, c naming.ClientID, s naming.ServiceKey, list []naming.Instance, batch bool) error
	Deregister(ctx context.Context, c naming.ClientID, s naming.ServiceKey) error
	Beat(ctx context.Context, c naming.ClientID, s naming.ServiceKey) (known bool, err error)
}

// Catalog is what it needs to read.
type Catalog interface {
	View(s naming.ServiceKey) *naming.View
	AllServices() []naming.ServiceKey
	Loaded() bool
}

// Owners is what it needs to know where writes belong.
type Owners interface {
	Owner(c naming.ClientID) (owner member.Address, here bool)
	// ServiceOwner returns the member that owns a service while there are members
	// of Nacos 1.x, and whether it is one of them.
	ServiceOwner(s naming.ServiceKey) (owner member.Address, v1 bool)
	// V1 reports whether a member replicates as Nacos 1.x does.
	V1(a member.Address) bool
	// Publishes reports whether a client, of whichever member, publishes in s.
	Publishes(ctx context.Context, c naming.ClientID, s naming.ServiceKey) (bool, error)
}

// Datums is what members of Nacos 1.x tell.
type Datums interface {
	Datums(ctx context.Context, ip string, body []byte) error
	Checksums(ctx context.Context, source member.Address, sums map[naming.ServiceKey]string) error
}

// Roster is what it needs to introduce this member to one that reports over
// HTTP, and to hear of it.
type Roster interface {
	Node() member.Node
	Nodes() []member.Node // all members, as they are seen from here, in order
	Heard(n member.Node, ip string)
	Listed(a member.Address) bool
}

// Config says how calls are served. DefaultConfig has the values.
type Config struct {
	Self          member.Address   // this member, as it signs forwarded calls
	Version       string           // of Nacos that it claims to speak
	Identity      wire.Credentials // asked of members that tell what they list; none: everybody is taken for one
	Unproven      func(ip string)  // hears of who was refused for want of it; nil: nobody does
	Limits        limits.Limits
	Over          limits.Observer // nil: nobody is told
	CallWithin    time.Duration   // for the registry to take a change
	ForwardWithin time.Duration   // for connecting to the owner, and again for its answer
	Log           logr.Logger
}

// DefaultConfig returns a configuration that lacks only who this member is.
func DefaultConfig() Config {
	return Config{
		Version:       "2.5.1",
		Identity:      wire.Identity{},
		Limits:        limits.Default(),
		CallWithin:    3 * time.Second,
		ForwardWithin: 2 * time.Second,
		Log:           logr.Discard(),
	}
}

// Deps are the parts of the member that the handler translates for.
type Deps struct {
	Registrar Registrar
	Catalog   Catalog
	Owners    Owners
	Dialer    route.Dialer // reaches the member that owns a client
	Roster    Roster
	Datums    Datums

	Subscribers Subscribers
	Clients     Clients
	Counter     Counter
	Push        Pusher
	Gate        Gate     // nil: everybody may do everything, and is let in
	Settings    Settings // nil: none are kept, and what needs them is refused

	NextID func() int64 // the number of an instance's id, where one is asked for
}

// Handler answers the HTTP API.
type Handler struct {
	cfg     Config
	deps    Deps
	owners  *http.Client
	router  *router
	leaving chan struct{} // closed when it leaves
	large   chan struct{} // a place for each large body
	once    sync.Once

	describing sync.Mutex // held while settings of a service are read and written

	switched atomic.Pointer[wire.Switches]
}

// Everything is below the context path. What is not known below naming of v1 is
// answered in a way of its own.
const (
	contextPath = "/nacos"
	namingPath  = "/v1/ns/"
)

// New returns a handler for the main port.
func New(cfg Config, deps Deps) *Handler {
	h := &Handler{cfg: cfg, deps: deps, leaving: make(chan struct{}), large: make(chan struct{}, cfg.Limits.LargeBodies)}
	h.owners = route.Client(deps.Dialer, cfg.ForwardWithin, idlePerOwner)
	switches := wire.DefaultSwitches()
	h.switched.Store(&switches)
	h.router = newRouter(h.table())
	return h
}

// Drain makes the health addresses say that this member takes no clients. Calls
// are answered on.
func (h *Handler) Drain() { h.once.Do(func() { close(h.leaving) }) }

// Server returns a server of h with limits on time and size, to be served and
// shut down by the caller.
func Server(h http.Handler, l limits.Limits) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: l.HeaderWithin,
		ReadTimeout:       l.CallWithin,
		WriteTimeout:      l.CallWithin,
		IdleTimeout:       l.IdleWithin,
		MaxHeaderBytes:    int(l.Header), // clients put metadata and beats into the query
	}
}

// ServeHTTP answers one call. One whose body does not come in time ends with its
// connection, without an answer.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if fault := recover(); fault != nil {
			h.cfg.Log.Error(nil, "a call met a defect", "path", r.URL.Path, "panic", fault, "stack", string(debug.Stack()))
			page(r, http.StatusInternalServerError, "internal error, see the log of the member").send(w)
		}
	}()
	h.answer(w, r).send(w)
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request) reply {
	path := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, contextPath), "/") // with and without mean the same to Nacos
	if !strings.HasPrefix(r.URL.Path, contextPath+"/") && !strings.HasPrefix(path, consolePath) {
		return page(r, http.StatusNotFound, "No message available")
	}
	to, allowed := h.router.find(r.Method, path)
	if to.do == nil {
		return unknown(r, path, allowed)
	}
	if naming := strings.Contains(path, "/ns/"); naming && !to.anytime && !h.deps.Catalog.Loaded() && !fromServer(r) {
		return to.in.fails(r, errStarting)
	}
	if h.stranger(r, to) {
		return to.in.fails(r, auth.ErrStranger)
	}
	in, err := h.read(w, r, to)
	if in.release != nil {
		defer in.release()
	}
	if err == nil {
		err = h.permit(r, to, in.form)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now()) // as the server's own ends now, or a moment later
	}
	if err != nil {
		return h.fails(to.in, r, err)
	}
	if to.waits {
		allow(w, longestWait+h.cfg.Limits.CallWithin)
	}
	out, err := to.do(r, in)
	if err != nil {
		return h.fails(to.in, r, err)
	}
	return to.in.says(out)
}

// allow gives a call more time than the server does. Without it the caller is cut
// off when that is over.
func allow(w http.ResponseWriter, long time.Duration) {
	c, end := http.NewResponseController(w), time.Now().Add(long)
	_ = c.SetReadDeadline(end) // for the connection, on which its end is awaited
	_ = c.SetWriteDeadline(end)
}

// unknown answers what no route is for.
func unknown(r *http.Request, path string, allowed []string) reply {
	switch {
	case strings.HasPrefix(path, namingPath):
		return page(r, http.StatusNotImplemented, "no such api:"+r.Method+":"+r.URL.Path)
	case len(allowed) > 0:
		slices.Sort(allowed)
		a := page(r, http.StatusMethodNotAllowed, "Request method '"+r.Method+"' not supported")
		a.header = http.Header{"Allow": {strings.Join(slices.Compact(allowed), ", ")}}
		return a
	default:
		return page(r, http.StatusNotFound, "No message available")
	}
}

// fromServer reports whether another member sent the call.
func fromServer(r *http.Request) bool { return strings.HasPrefix(agent(r), "Nacos-Server") }
