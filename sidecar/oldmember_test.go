package sidecar

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Times of an oldMember, all shorter than Nacos's.
const (
	oldSync    = 50 * time.Millisecond
	oldReport  = 200 * time.Millisecond
	oldVerify  = time.Second
	oldExpires = 8 * time.Second
)

// oldMember is a member of Nacos 1.x: it knows services and the hash of their
// names, is told of everything over HTTP, and expires what does not beat in the
// services that it owns (HTTP page, 6).
type oldMember struct {
	t       *testing.T
	address member.Address
	all     []member.Address
	version atomic.Pointer[string]
	server  *http.Server
	client  *http.Client
	cancel  context.CancelFunc
	work    sync.WaitGroup

	stalled sync.RWMutex // held while it does nothing, as a process that was stopped

	mu    sync.Mutex
	store map[naming.ServiceKey]map[naming.Endpoint]*kept
	dirty map[naming.ServiceKey]bool
	down  map[member.Address]bool
	deaf  bool // what it is told is lost, as if it had taken it
}

type kept struct {
	wire.Listed
	beat time.Time
}

func startOld(t *testing.T, ip string, all ...string) *oldMember {
	t.Helper()
	o := &oldMember{
		t: t, address: member.Address(ip + ":8848"), client: &http.Client{Timeout: 2 * time.Second},
		store: map[naming.ServiceKey]map[naming.Endpoint]*kept{}, dirty: map[naming.ServiceKey]bool{},
		down: map[member.Address]bool{},
	}
	for _, each := range all {
		o.all = append(o.all, member.Address(each+":8848"))
	}
	slices.Sort(o.all)
	o.says("1.4.3")
	var open net.ListenConfig
	l, err := open.Listen(t.Context(), "tcp", string(o.address))
	if err != nil {
		t.Fatal(err)
	}
	o.server = &http.Server{Handler: http.HandlerFunc(o.serve), ReadHeaderTimeout: time.Second}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	o.cancel = cancel
	o.work.Go(func() { _ = o.server.Serve(l) }) // until it is closed
	o.load(ctx)
	o.work.Go(func() { o.every(ctx, oldReport, o.report) })
	o.work.Go(func() { o.every(ctx, oldSync, o.sync) })
	o.work.Go(func() { o.every(ctx, oldVerify, o.verify) })
	o.work.Go(func() { o.every(ctx, oldSync, o.expire) })
	t.Cleanup(o.kill)
	return o
}

// says makes it be of a version from now on.
func (o *oldMember) says(version string) { o.version.Store(&version) }

func (o *oldMember) kill() {
	o.cancel()
	_ = o.server.Close() // its connections are cut
	o.work.Wait()
	o.client.CloseIdleConnections()
}

func (o *oldMember) every(ctx context.Context, d time.Duration, do func(ctx context.Context)) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			o.stalled.RLock()
			do(ctx)
			o.stalled.RUnlock()
		}
	}
}

// owns reports whether it owns a service, and who does.
func (o *oldMember) owns(s naming.ServiceKey) (member.Address, bool) {
	ring := slices.DeleteFunc(slices.Clone(o.all), func(a member.Address) bool { return o.down[a] })
	owner, _ := distro.ServiceOwner(ring, s)
	return owner, owner == o.address
}

func (o *oldMember) tell(
	ctx context.Context, to member.Address, method, path string, query url.Values, body []byte,
) (string, error) {
	target := "http://" + string(to) + path + "?" + query.Encode()
	in, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	in.Header.Set("User-Agent", "Nacos-Server:1.4.3")
	in.Header.Set("Request-Source", string(o.address))
	out, err := o.client.Do(in)
	if err != nil {
		return "", err
	}
	defer out.Body.Close()
	text, err := io.ReadAll(out.Body)
	if err == nil && out.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s of %s: %s %s", method, path, to, out.Status, text)
	}
	return string(text), err
}

func (o *oldMember) others() []member.Address {
	return slices.DeleteFunc(slices.Clone(o.all), func(a member.Address) bool { return a == o.address })
}

func (o *oldMember) load(ctx context.Context) {
	for _, a := range o.others() {
		if text, err := o.tell(ctx, a, http.MethodGet, wire.DatumsPath, nil, nil); err == nil {
			o.take([]byte(text))
			return
		}
	}
}

func (o *oldMember) node() member.Node {
	return member.Node{Address: o.address, Version: *o.version.Load(), State: member.Up}
}

func (o *oldMember) report(ctx context.Context) {
	for _, a := range o.others() {
		_, err := o.tell(ctx, a, http.MethodPost, wire.ReportPath, nil, wire.HTTPReport(o.node()))
		o.mu.Lock()
		o.down[a] = err != nil
		o.mu.Unlock()
	}
}

func (o *oldMember) sync(ctx context.Context) {
	o.mu.Lock()
	var lists []wire.Datum
	for s := range o.dirty {
		lists = append(lists, o.datum(s))
	}
	clear(o.dirty)
	o.mu.Unlock()
	if len(lists) == 0 {
		return
	}
	for _, a := range o.others() {
		_, _ = o.tell(ctx, a, http.MethodPut, wire.DatumPath, nil, wire.Datums(lists)) // verify repairs it
	}
}

// datum returns what it lists in a service; the lock is held.
func (o *oldMember) datum(s naming.ServiceKey) wire.Datum {
	d := wire.Datum{Service: s}
	for _, k := range o.store[s] {
		d.List = append(d.List, k.Listed)
	}
	return d
}

func (o *oldMember) verify(ctx context.Context) {
	sums := map[naming.ServiceKey]string{}
	o.mu.Lock()
	for s := range o.store {
		if _, mine := o.owns(s); mine {
			sums[s] = o.datum(s).Checksum()
		}
	}
	o.mu.Unlock()
	for _, a := range o.others() {
		_, _ = o.tell(ctx, a, http.MethodPut, wire.ChecksumPath, url.Values{"source": {string(o.address)}}, wire.Checksums(sums))
	}
}

func (o *oldMember) expire(context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for s, of := range o.store {
		if _, mine := o.owns(s); !mine {
			continue
		}
		for e, k := range of {
			if time.Since(k.beat) > oldExpires {
				delete(of, e)
				o.dirty[s] = true
			}
		}
	}
}

// take replaces lists. Health that it knows of it keeps, and when they beat too.
func (o *oldMember) take(body []byte) {
	lists, err := wire.DecodeDatums(body)
	if err != nil {
		o.t.Errorf("%s was sent lists that it cannot read: %v", o.address, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range lists {
		fresh := map[naming.Endpoint]*kept{}
		for _, l := range d.List {
			if held := o.store[d.Service][l.Endpoint()]; held != nil {
				l.Healthy = held.Healthy
			}
			fresh[l.Endpoint()] = &kept{Listed: l, beat: time.Now()}
		}
		o.store[d.Service] = fresh
	}
}

// weight returns the weight with which it lists an instance, 0 when it does not.
func (o *oldMember) weight(s naming.ServiceKey, ip string) float64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	for e, k := range o.store[s] {
		if e.IP == ip {
			return k.Weight
		}
	}
	return 0
}

// lists returns the endpoints that it lists in a service.
func (o *oldMember) lists(s naming.ServiceKey) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := []string{}
	for e := range o.store[s] {
		out = append(out, e.IP)
	}
	slices.Sort(out)
	return out
}
