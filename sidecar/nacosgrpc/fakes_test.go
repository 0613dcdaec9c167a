package nacosgrpc

import (
	"context"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/settings"
)

// world is a member in memory: everything that the server and Peers translate
// for, without time, threads or other members.
type world struct {
	mu           sync.Mutex
	self         member.Node
	registry     *naming.Registry
	connected    map[naming.ClientID]bool
	watching     map[naming.ClientID]map[naming.ServiceKey]func(context.Context, *naming.View) error
	loaded       bool
	refs         int64
	panics       bool
	disconnected []naming.ClientID
	heard        []member.Node
	compared     []naming.Mark
	java         member.Address // a Java server that is a peer
	restarted    []member.Address
	departed     []naming.ClientID
	stranger     member.Address    // who is not in the list
	fault        error             // what questions of peers end in
	lacking      []naming.ClientID // what a peer was not given
	kept         *settings.Store
	touch        func(naming.ServiceKey)
	ids          atomic.Int64

	changed chan struct{} // closed and replaced whenever something happened
}

func newWorld(self member.Address) *world {
	return &world{
		self:      member.Node{Address: self, Epoch: 7, Version: "2.5.1", State: member.Up, Ready: true, Clock: 1},
		registry:  naming.NewRegistry(),
		connected: map[naming.ClientID]bool{},
		watching:  map[naming.ClientID]map[naming.ServiceKey]func(context.Context, *naming.View) error{},
		loaded:    true,
		touch:     func(naming.ServiceKey) {},
		changed:   make(chan struct{}),
		kept:      settings.New(settings.DefaultConfig()),
	}
}

// do runs f alone and tells who waits.
func (w *world) do(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	close(w.changed)
	w.changed = make(chan struct{})
}

// see runs f alone; it only looks.
func (w *world) see(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// until waits for ok, which it asks whenever something happened.
func (w *world) until(ok func() bool) bool {
	deadline := time.After(10 * time.Second)
	for {
		w.mu.Lock()
		done, changed := ok(), w.changed
		w.mu.Unlock()
		if done {
			return true
		}
		select {
		case <-changed:
		case <-deadline:
			return false
		}
	}
}

func (w *world) Connect(_ context.Context, c naming.ClientID) error {
	w.do(func() { w.connected[c] = true })
	return nil
}

func (w *world) Register(
	_ context.Context, c naming.ClientID, s naming.ServiceKey, list []naming.Instance, batch bool,
) (err error) {
	w.do(func() {
		if w.panics {
			panic("a defect") // do unlocks
		}
		if !w.connected[c] {
			err = naming.ErrNoClient
			return
		}
		r := w.registry.Record(c)
		if r == nil {
			r = &naming.Record{Client: c}
		}
		w.put(r.With(naming.Publication{Service: s, Instances: list, Batch: batch}, w.next()))
	})
	return err
}

// put stores a record and says which services it changed.
func (w *world) put(r *naming.Record) {
	for _, s := range w.registry.Put(r) {
		w.touch(s)
	}
}

// nextID makes numbers for ids from 1000.
func (w *world) nextID() int64 { return w.ids.Add(1) + 999 }

func (w *world) next() naming.Stamp {
	w.refs++
	return naming.Issue(w.self.Address, w.refs)
}

func (w *world) Deregister(_ context.Context, c naming.ClientID, s naming.ServiceKey) error {
	w.do(func() {
		if r := w.registry.Record(c); r != nil {
			w.put(r.Without(s, w.next()))
		}
	})
	return nil
}

func (w *world) Disconnect(_ context.Context, c naming.ClientID) error {
	w.do(func() {
		delete(w.connected, c)
		w.registry.Remove(c)
		w.disconnected = append(w.disconnected, c)
	})
	return nil
}

func (w *world) Depart(_ context.Context, c naming.ClientID) error {
	w.do(func() { w.departed = append(w.departed, c) })
	return nil
}

func (w *world) View(s naming.ServiceKey) *naming.View {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refs++
	hosts, _ := w.registry.Hosts(s)
	return &naming.View{Service: s, Hosts: hosts, LastRef: w.refs}
}

func (w *world) AllServices() []naming.ServiceKey {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.registry.Services()
}

func (w *world) Services(namespace, group string) (names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.registry.Services() {
		if s.Namespace == namespace && s.Group == group {
			names = append(names, s.Name)
		}
	}
	return names
}

func (w *world) Loaded() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.loaded
}

// Subscribe, Unsubscribe and Forget of a client are those of a hub.
type hub struct{ *world }

func (h hub) Subscribe(c naming.ClientID, s naming.ServiceKey, deliver func(context.Context, *naming.View) error) {
	h.do(func() {
		if h.watching[c] == nil {
			h.watching[c] = map[naming.ServiceKey]func(context.Context, *naming.View) error{}
		}
		h.watching[c][s] = deliver
	})
}

func (h hub) Unsubscribe(c naming.ClientID, s naming.ServiceKey) {
	h.do(func() { delete(h.watching[c], s) })
}

func (h hub) Watches(c naming.ClientID, s naming.ServiceKey) (count int, already bool) {
	h.see(func() { count, already = len(h.watching[c]), h.watching[c][s] != nil })
	return count, already
}

func (h hub) Forget(c naming.ClientID) { h.do(func() { delete(h.watching, c) }) }

func (w *world) subscriber(s naming.ServiceKey) func(context.Context, *naming.View) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, services := range w.watching {
		if deliver := services[s]; deliver != nil {
			return deliver
		}
	}
	return nil
}

func (w *world) Receive(_ context.Context, _ member.Address, r *naming.Record) (err error) {
	w.do(func() {
		if w.connected[r.Client] {
			err = naming.ErrOwnedHere
			return
		}
		w.registry.Put(r)
	})
	return err
}

func (w *world) Forget(_ context.Context, _ member.Address, c naming.ClientID, _ int64) error {
	w.do(func() { w.registry.Remove(c) })
	return nil
}

func (w *world) Compare(_ context.Context, _ member.Address, marks []naming.Mark) (different []naming.ClientID, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.compared = append(w.compared, marks...)
	if w.panics {
		panic("a defect")
	}
	if w.fault != nil {
		return nil, w.fault
	}
	for _, m := range marks {
		r := w.registry.Record(m.Client)
		if r == nil || (m.Stamp.Revision != 0 && m.Stamp.Revision != r.Stamp.Revision) {
			different = append(different, m.Client)
		}
	}
	return different, nil
}

func (w *world) Snapshot(context.Context) ([]*naming.Record, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.registry.Records(), w.loaded, nil
}

func (w *world) Remaining(ctx context.Context) ([]*naming.Record, bool, error) {
	return w.Snapshot(ctx)
}

func (w *world) Lacks(_ context.Context, _ member.Address, clients []naming.ClientID) error {
	w.do(func() { w.lacking = append(w.lacking, clients...) })
	return nil
}

func (w *world) Restarted(_ context.Context, peer member.Address) error {
	w.do(func() { w.restarted = append(w.restarted, peer) })
	return nil
}

func (w *world) Node() member.Node {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.self
}

func (w *world) Heard(n member.Node, _ string) {
	w.do(func() { w.heard = append(w.heard, n) })
}

func (w *world) Lists(a member.Address) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return a != w.stranger
}

// Apply takes changes one by one.
func (w *world) Apply(ctx context.Context, from member.Address, _ int64, changes []naming.Change) (errs []error, err error) {
	for i, c := range changes {
		if c.Record == nil {
			err = w.Forget(ctx, from, c.Client, c.Version)
		} else if c.Record, err = c.Whole(w.record(c.Client)); err == nil {
			err = w.Receive(ctx, from, c.Record)
		}
		if err != nil {
			errs = append(errs, make([]error, len(changes)-len(errs))...)
			errs[i] = err
		}
	}
	return errs, nil
}

func (w *world) CompareDigest(_ context.Context, _ member.Address, root [16]byte) ([][16]byte, error) {
	if root == ([16]byte{}) {
		return nil, nil
	}
	return make([][16]byte, 256), nil
}

func (w *world) CompareBuckets(
	ctx context.Context, from member.Address, _ [16]byte, _ []uint8, marks []naming.Mark,
) ([]naming.ClientID, error) {
	return w.Compare(ctx, from, marks)
}

func (w *world) WithJava() bool { return w.java != "" }

func (w *world) JavaAt(ip string) member.Address {
	if ip != "127.0.0.1" {
		return ""
	}
	return w.java
}

// record returns what the world knows of a client.
func (w *world) record(c naming.ClientID) *naming.Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.registry.Record(c)
}

// streets is how Peers finds the members of a test, and what it says of them.
type streets struct {
	*world
	ports   map[member.Address]string // where the cluster port of each really is
	webs    map[member.Address]string // where the main port is, of those that need one
	reached map[member.Address]int
	failed  []failure
}

type failure struct {
	to      member.Address
	refused bool
	err     error
}

func (s *streets) Dial(ctx context.Context, to member.Address, port int) (net.Conn, error) {
	s.mu.Lock()
	address := s.ports[to]
	web, main := s.webs[to]
	s.mu.Unlock()
	switch {
	case main && port == to.Port():
		address = web
	case port != to.Port()+member.ClusterOffset:
		return nil, &net.AddrError{Err: "not the members' port", Addr: strconv.Itoa(port)}
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", address)
}

func (s *streets) Reached(n member.Node, _ string) { s.do(func() { s.reached[n.Address]++ }) }

func (s *streets) reachedNow() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reached[selfAddress]
}

func (s *streets) Failed(to member.Address, refused bool, err error) {
	s.do(func() { s.failed = append(s.failed, failure{to, refused, err}) })
}

func (w *world) clients() []naming.ClientID {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []naming.ClientID
	for c := range w.connected {
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}
