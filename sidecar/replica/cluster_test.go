package replica

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

const (
	memberA member.Address = "a:8848"
	memberB member.Address = "b:8848"
	memberC member.Address = "c:8848"
)

var other = naming.ServiceKey{Namespace: "public", Group: "DEFAULT_GROUP", Name: "other"}

var web = naming.ServiceKey{Namespace: "public", Group: "DEFAULT_GROUP", Name: "web"}

func instance(ip string) naming.Instance {
	return naming.Instance{IP: ip, Port: 80, Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true}
}

// cluster is some Loops in one synctest bubble, joined by a transport that
// calls the peer's Loop directly.
type cluster struct {
	t     *testing.T
	loops map[member.Address]*Loop
	stops map[member.Address]func()

	mu      sync.Mutex
	cut     map[member.Address]bool // members nobody reaches
	touched map[member.Address]int
	lags    map[member.Address][]time.Duration // of changes made at a member

	streams   bool // members stream to each other
	losing    bool // and acknowledge what is lost
	posts     []int
	summaries int
}

func inCluster(t *testing.T, test func(c *cluster), names ...member.Address) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{
			t: t, loops: map[member.Address]*Loop{}, stops: map[member.Address]func(){},
			cut: map[member.Address]bool{}, touched: map[member.Address]int{},
			lags: map[member.Address][]time.Duration{},
		}
		for _, name := range names {
			c.start(name)
		}
		for _, name := range names {
			c.setStates(name, nil)
		}
		elapse(time.Second)
		test(c)
		for _, stop := range c.stops {
			stop()
		}
	})
}

func (c *cluster) start(name member.Address) {
	l := New(DefaultConfig(name), logr.Discard(), &link{c, name}, lagging{c: c, at: name}, func(naming.ServiceKey) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.touched[name]++
	})
	ctx, cancel := context.WithCancel(c.t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	c.mu.Lock() // other members may be calling
	defer c.mu.Unlock()
	c.loops[name] = l
	c.stops[name] = func() {
		cancel()
		if err := <-done; err != nil {
			c.t.Errorf("%s ended with: %v", name, err)
		}
	}
}

// cutOff makes a member out of everybody's reach, or ends that.
func (c *cluster) cutOff(name member.Address, cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut[name] = cut
}

// setStates tells name that everyone is in the list and Up, except as states say.
func (c *cluster) setStates(name member.Address, states map[member.Address]member.State) {
	c.t.Helper()
	all := map[member.Address]member.State{}
	addresses := []member.Address{}
	for a := range c.loops {
		all[a] = member.Up
		addresses = append(addresses, a)
	}
	maps.Copy(all, states)
	v := member.NewView(name, member.NewList(1, addresses, nil), all)
	if err := c.loops[name].SetMembers(c.t.Context(), v); err != nil {
		c.t.Fatal(err)
	}
}

// connect registers one instance of web by a new connection on a member.
func (c *cluster) connect(on member.Address, id naming.ClientID, i naming.Instance) {
	c.t.Helper()
	if err := c.loops[on].Connect(c.t.Context(), id); err != nil {
		c.t.Fatal(err)
	}
	c.register(on, id, i)
}

func (c *cluster) register(on member.Address, id naming.ClientID, i naming.Instance) {
	c.t.Helper()
	if err := c.loops[on].Register(c.t.Context(), id, web, []naming.Instance{i}, false); err != nil {
		c.t.Fatal(err)
	}
}

// wantHosts checks what a member answers for web.
func (c *cluster) wantHosts(on member.Address, want ...string) {
	c.t.Helper()
	var got []string
	for _, h := range c.loops[on].View(web).Hosts {
		got = append(got, h.IP)
	}
	if len(got) != len(want) {
		c.t.Errorf("%s lists %v, want %v", on, got, want)
		return
	}
	for i := range want {
		if got[i] != want[i] {
			c.t.Errorf("%s lists %v, want %v", on, got, want)
		}
	}
}

// elapse lets d pass on the bubble's clock and then waits until all is quiet.
func elapse(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // fake clock: returns at once
	synctest.Wait()
}

// link is the transport of one member.
type link struct {
	*cluster
	from member.Address
}

var errCut = errors.New("cable is cut")

func (l *link) peer(to member.Address) (*Loop, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut[to] || l.cut[l.from] || l.loops[to] == nil {
		return nil, errCut
	}
	return l.loops[to], nil
}

func (l *link) Send(ctx context.Context, to member.Address, r *naming.Record) error {
	p, err := l.peer(to)
	if err != nil {
		return err
	}
	return p.Receive(ctx, l.from, r)
}

func (l *link) Drop(ctx context.Context, to member.Address, c naming.ClientID, version int64) error {
	p, err := l.peer(to)
	if err != nil {
		return err
	}
	return p.Forget(ctx, l.from, c, version)
}

func (l *link) Verify(ctx context.Context, to member.Address, marks []naming.Mark) ([]naming.ClientID, error) {
	p, err := l.peer(to)
	if err != nil {
		return nil, err
	}
	return p.Compare(ctx, l.from, marks)
}

func (l *link) Load(
	ctx context.Context, from member.Address, _ []member.Address, take func([]*naming.Record, int) error,
) (bool, error) {
	p, err := l.peer(from)
	if err != nil {
		return false, err
	}
	records, loaded, err := p.Remaining(ctx)
	if err == nil {
		err = take(records, 0)
	}
	return loaded, err
}

// quiet observes nothing.
type quiet struct{}

func (quiet) Called(member.Address, string, time.Duration, error) {}
func (quiet) Acknowledged(member.Address, time.Duration)          {}
func (quiet) Offered(member.Address, string)                      {}
func (quiet) Expired(naming.ClientID, string)                     {}
func (quiet) Braked(int)                                          {}

// lagging notes how long it took until peers took a member's changes.
type lagging struct {
	quiet
	c  *cluster
	at member.Address
}

func (o lagging) Acknowledged(_ member.Address, lag time.Duration) {
	o.c.mu.Lock()
	defer o.c.mu.Unlock()
	o.c.lags[o.at] = append(o.c.lags[o.at], lag)
}
