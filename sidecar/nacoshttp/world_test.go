package nacoshttp

import (
	"context"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// TestMain does not wait for connections that a server has ended: net/http keeps each
// for half a second more.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

const selfAddress member.Address = "127.0.0.1:28848"

// world is a member in memory; owner, when set, owns every client.
type world struct {
	mu       sync.Mutex
	registry *naming.Registry
	loaded   bool
	owner    member.Address
	listens  map[member.Address]string // where the main port of a member really is
	refs     int64
	broken   error
	unkept   error // why no settings are kept
	heard    []member.Node

	serviceOwner member.Address // a member of 1.x that owns every service
	told         []string       // by members of 1.x

	kept        map[naming.ServiceKey]naming.Settings
	overrides   map[naming.Endpoint]naming.Override
	subscribers []wire.Subscriber
	asked       []wire.Subscriber // to be told over UDP
}

func newWorld() *world {
	return &world{
		registry: naming.NewRegistry(), loaded: true, listens: map[member.Address]string{},
		kept: map[naming.ServiceKey]naming.Settings{}, overrides: map[naming.Endpoint]naming.Override{},
	}
}

func (w *world) next() naming.Stamp {
	w.refs++
	return naming.Issue(selfAddress, w.refs)
}

func (w *world) Register(_ context.Context, c naming.ClientID, s naming.ServiceKey, list []naming.Instance, batch bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		return w.broken
	}
	r := w.registry.Record(c)
	if r == nil {
		r = &naming.Record{Client: c}
	}
	w.registry.Put(r.With(naming.Publication{Service: s, Instances: list, Batch: batch}, w.next()))
	return nil
}

func (w *world) Deregister(_ context.Context, c naming.ClientID, s naming.ServiceKey) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r := w.registry.Record(c); r != nil {
		w.registry.Put(r.Without(s, w.next()))
	}
	return w.broken
}

func (w *world) Beat(_ context.Context, c naming.ClientID, s naming.ServiceKey) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.registry.Record(c)
	return r != nil && r.Find(s) != nil, w.broken
}

func (w *world) View(s naming.ServiceKey) *naming.View {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refs++
	hosts, _ := w.registry.Hosts(s)
	for i := range hosts {
		hosts[i] = w.overrides[hosts[i].Endpoint()].Apply(hosts[i])
	}
	v := &naming.View{Service: s, Hosts: hosts, LastRef: w.refs}
	if is, described := w.kept[s]; described {
		v.Protect = &is.ProtectThreshold
	}
	return v
}

func (w *world) AllServices() []naming.ServiceKey {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.registry.Services()
}

func (w *world) Loaded() bool { return w.loaded }

func (w *world) ServiceOwner(naming.ServiceKey) (member.Address, bool) {
	return w.serviceOwner, w.serviceOwner != ""
}

func (w *world) V1(a member.Address) bool { return a == w.serviceOwner && a != "" }

func (w *world) Publishes(_ context.Context, c naming.ClientID, s naming.ServiceKey) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.registry.Record(c).Find(s) != nil, nil
}

func (w *world) Listed(a member.Address) bool { return w.listens[a] != "" }

func (w *world) Datums(_ context.Context, ip string, body []byte) error {
	w.told = append(w.told, ip+" "+string(body))
	_, err := wire.DecodeDatums(body)
	return err
}

func (w *world) Checksums(_ context.Context, source member.Address, sums map[naming.ServiceKey]string) error {
	w.told = append(w.told, string(source)+" "+string(wire.Checksums(sums)))
	return nil
}

func (w *world) Owner(naming.ClientID) (member.Address, bool) { return w.owner, w.owner == "" }

func (w *world) Node() member.Node {
	return member.Node{Address: selfAddress, Version: "2.5.1", State: member.Up, Ready: w.loaded}
}

func (w *world) Nodes() []member.Node {
	out := []member.Node{w.Node()}
	for a := range w.listens {
		out = append(out, member.Node{Address: a, State: member.Up})
	}
	slices.SortFunc(out, func(a, b member.Node) int { return strings.Compare(string(a.Address), string(b.Address)) })
	return out
}

func (w *world) Heard(n member.Node, _ string) { w.heard = append(w.heard, n) }

func (w *world) Dial(ctx context.Context, to member.Address, _ int) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", w.listens[to])
}

// serve starts a server over w.
func serve(t *testing.T, w *world) (*Handler, *httptest.Server) {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Self = selfAddress
	cfg.Limits.Body, cfg.Limits.MemberBody = 4<<10, 64<<10
	deps := Deps{
		Registrar: w, Catalog: w, Owners: w, Dialer: w, Roster: w, Datums: w, Subscribers: w, Clients: w, Counter: w, Push: w,
		Settings: keeper{w}, NextID: func() int64 { return 1000 },
	}
	h := New(cfg, deps)
	s := httptest.NewServer(h)
	t.Cleanup(func() {
		s.Close()
		h.Close()
	})
	return h, s
}
