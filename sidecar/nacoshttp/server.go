package nacoshttp

import (
	"context"
	"maps"
	"net/http"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"

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
	Services(namespace, group string) []string
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
	Heard(n member.Node, ip string)
	Listed(a member.Address) bool
}

// Config says how calls are served. DefaultConfig has the values.
type Config struct {
	Self          member.Address // this member, as it signs forwarded calls
	Version       string         // of Nacos that it claims to speak
	Identity      wire.Identity  // asked of members that tell what they list; none: everybody is taken for one
	MaxBody       int64          // bytes of a call's body
	MaxDatums     int64          // the same of one that carries whole services
	CallWithin    time.Duration  // for the registry to take a change
	ForwardWithin time.Duration  // for connecting to the owner, and again for its answer
	Log           logr.Logger
}

// DefaultConfig returns a configuration that lacks only who this member is.
func DefaultConfig() Config {
	return Config{
		Version:       "2.5.1",
		MaxBody:       1 << 20,
		MaxDatums:     64 << 20,
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
}

// Handler answers the HTTP API.
type Handler struct {
	cfg     Config
	deps    Deps
	owners  *http.Client
	routes  map[string]map[string]call // path, then method
	leaving atomic.Bool
}

// call answers one method of one path. An error is answered as Nacos would.
type call func(w http.ResponseWriter, r *http.Request, in request) error

// Path prefixes: everything is below the context path, and what is not known
// below naming is answered in a way of its own.
const (
	contextPath = "/nacos"
	namingPath  = contextPath + "/v1/ns/"
)

// New returns a handler for the main port.
func New(cfg Config, deps Deps) *Handler {
	h := &Handler{cfg: cfg, deps: deps}
	h.owners = route.Client(deps.Dialer, cfg.ForwardWithin, idlePerOwner)
	v1 := contextPath + "/v1"
	h.routes = map[string]map[string]call{
		v1 + "/ns/instance": {
			http.MethodPost:   h.owned(h.register),
			http.MethodDelete: h.owned(h.deregister),
			http.MethodPut:    h.owned(h.update),
			http.MethodGet:    h.detail,
		},
		v1 + "/ns/instance/beat":                          {http.MethodPut: h.owned(h.beat)},
		v1 + "/ns/instance/list":                          {http.MethodGet: h.list},
		v1 + "/ns/service/list":                           {http.MethodGet: h.services},
		v1 + "/ns/operator/metrics":                       {http.MethodGet: h.metrics},
		wire.ReportPath:                                   {http.MethodPost: h.report},
		v1 + "/console/health/liveness":                   {http.MethodGet: h.alive(plainOK)},
		v1 + "/console/health/readiness":                  {http.MethodGet: h.ready(plainOK)},
		contextPath + "/v2/console/health/liveness":       {http.MethodGet: h.alive(envelopeOK)},
		contextPath + "/v2/console/health/readiness":      {http.MethodGet: h.ready(envelopeOK)},
		contextPath + "/v3/admin/core/state/liveness":     {http.MethodGet: h.alive(envelopeOK)},
		contextPath + "/v3/admin/core/state/readiness":    {http.MethodGet: h.ready(envelopeOK)},
		contextPath + "/v3/console/health/liveness":       {http.MethodGet: h.alive(envelopeOK)},
		contextPath + "/v3/console/health/readiness":      {http.MethodGet: h.ready(envelopeOK)},
		contextPath + "/v2/core/cluster/node/self/health": {http.MethodGet: h.ready(envelopeUp)},
	}
	maps.Copy(h.routes, h.memberRoutes())
	return h
}

// Drain makes the health addresses say that this member takes no clients. Calls
// are answered on.
func (h *Handler) Drain() { h.leaving.Store(true) }

// Limits against slow or endless callers.
const (
	headerWithin = 5 * time.Second
	callWithin   = 15 * time.Second
	idleWithin   = 2 * time.Minute
	maxHeader    = 64 << 10 // clients put metadata and beats into the query
)

// Server returns a server of h with limits on time and size, to be served and
// shut down by the caller.
func Server(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerWithin,
		ReadTimeout:       callWithin,
		WriteTimeout:      callWithin,
		IdleTimeout:       idleWithin,
		MaxHeaderBytes:    maxHeader,
	}
}

// ServeHTTP answers one call.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if fault := recover(); fault != nil {
			h.cfg.Log.Error(nil, "a call met a defect", "path", r.URL.Path, "panic", fault, "stack", string(debug.Stack()))
			page(w, r, http.StatusInternalServerError, "internal error, see the log of the member")
		}
	}()
	path := strings.TrimSuffix(r.URL.Path, "/") // both mean the same to Nacos
	if strings.HasPrefix(path, namingPath) && !h.deps.Catalog.Loaded() && !fromServer(r) && !ofMembers(path) {
		text(w, http.StatusServiceUnavailable, "server is STARTINGnow, please try again later!")
		return
	}
	answer, known := h.routes[path][r.Method]
	switch {
	case known:
	case strings.HasPrefix(path, namingPath):
		page(w, r, http.StatusNotImplemented, "no such api:"+r.Method+":"+r.URL.Path)
		return
	default:
		page(w, r, http.StatusNotFound, "no such api:"+r.Method+":"+r.URL.Path)
		return
	}
	in, err := h.read(w, r)
	if err == nil {
		err = answer(w, r, in)
	}
	if err != nil {
		fail(w, r, err)
	}
}

// fromServer reports whether another member sent the call.
func fromServer(r *http.Request) bool {
	agent := r.UserAgent()
	if agent == "" {
		agent = r.Header.Get("Client-Version")
	}
	return strings.HasPrefix(agent, "Nacos-Server")
}
