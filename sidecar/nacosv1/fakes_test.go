package nacosv1

import (
	"context"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	self member.Address = "127.0.0.1:1001"
	old  member.Address = "127.0.0.1:1002"
)

var web = naming.ServiceKey{Namespace: "public", Group: "DEFAULT_GROUP", Name: "web"}

func instance(ip string) naming.Instance {
	return naming.Instance{IP: ip, Port: 80, Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true}
}

// world is a registry and the ways to members.
type world struct {
	mu       sync.Mutex
	owner    member.Address
	v1       bool
	hosts    map[naming.ServiceKey][]naming.Instance
	own      map[naming.ServiceKey]naming.Own
	received []*naming.Record
	differs  []naming.ServiceKey
	compared map[naming.ServiceKey]int32
	at       map[string][]member.Address
	listens  string // where old really is
	judged   []bool
	forgot   []naming.ClientID
	clients  []naming.ClientID
	given    []naming.Instance
	called   map[string]int // by kind
}

func newWorld() *world {
	return &world{
		hosts: map[naming.ServiceKey][]naming.Instance{}, own: map[naming.ServiceKey]naming.Own{},
		at: map[string][]member.Address{}, called: map[string]int{},
	}
}

func (w *world) View(s naming.ServiceKey) *naming.View {
	w.mu.Lock()
	defer w.mu.Unlock()
	return &naming.View{Service: s, Hosts: w.hosts[s]}
}

func (w *world) AllServices() (out []naming.ServiceKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.hosts {
		out = append(out, s)
	}
	return out
}

func (w *world) Loaded() bool { return true }

func (w *world) ServiceOwner(naming.ServiceKey) (member.Address, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.owner, w.v1
}

func (w *world) Own(context.Context, []naming.ServiceKey) (map[naming.ServiceKey]naming.Own, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.own), nil
}

func (w *world) OwnClients(context.Context) ([]naming.ClientID, error) { return w.clients, nil }

func (w *world) Given(_ context.Context, _ naming.ServiceKey, i naming.Instance) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.given = append(w.given, i)
	return nil
}

func (w *world) Receive(_ context.Context, _ member.Address, r *naming.Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.received = append(w.received, r)
	return nil
}

func (w *world) CompareDatums(
	_ context.Context, _ member.Address, revisions map[naming.ServiceKey]int32,
) ([]naming.ServiceKey, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.compared = revisions
	return w.differs, nil
}

func (w *world) Node() member.Node {
	return member.Node{Address: self, Version: "2.5.1", State: member.Up}
}

func (w *world) Dial(ctx context.Context, _ member.Address, _ int) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", w.listens)
}

func (w *world) Reached(member.Node, string)        {}
func (w *world) Failed(member.Address, bool, error) {}
func (w *world) Called(_ member.Address, kind string, _ time.Duration, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		w.called[kind]++
	}
}

func (w *world) Ours(a member.Address) bool    { return a == self }
func (w *world) At(ip string) []member.Address { return w.at[ip] }

func (w *world) SetV1(_ member.Address, v1 bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.judged = append(w.judged, v1)
}

func (w *world) forget(_ context.Context, _ member.Address, c naming.ClientID, _ int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forgot = append(w.forgot, c)
	return nil
}

// server is old: it answers with what is there for "METHOD path", and remembers.
type server struct {
	mu      sync.Mutex
	answers map[string]string // by method and path; "503" and the like are statuses
	got     []string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	what := r.Method + " " + r.URL.Path
	s.got = append(s.got, what)
	text, known := s.answers[what]
	switch {
	case !known:
		w.WriteHeader(http.StatusNotFound)
	case text == "503":
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		_, _ = w.Write([]byte(text))
	}
}

// asked returns the calls that were made, of each kind once.
func (s *server) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.got)
	slices.Sort(out)
	return slices.Compact(out)
}

// exchange returns one that reaches old at a server with the answers given.
func exchange(t *testing.T, w *world, answers map[string]string) (*Exchange, *server) {
	t.Helper()
	s := &server{answers: answers}
	web := httptest.NewServer(s)
	w.listens = strings.TrimPrefix(web.URL, "http://")
	cfg := DefaultConfig()
	cfg.Self = self
	x := New(cfg, Deps{Catalog: w, Inbox: w, Routes: w, Roster: w, Observer: w, Forget: w.forget})
	t.Cleanup(func() {
		x.Close()
		web.Close()
	})
	return x, s
}

// view lists self and old, which is one of 1.x.
func view() member.View {
	v := member.NewView(self, member.NewList(1, []member.Address{self, old}, nil), map[member.Address]member.State{old: member.Up})
	return v.WithV1([]member.Address{old})
}
