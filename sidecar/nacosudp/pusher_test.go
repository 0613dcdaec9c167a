package nacosudp

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

var web = naming.ServiceKey{Namespace: "public", Group: "g", Name: "web"}

// datagram is one packet and where it goes or comes from.
type datagram struct {
	text string
	at   net.Addr
}

// socket is a network in memory, in fake time.
type socket struct {
	net.PacketConn
	sent chan datagram
	come chan datagram
	done chan struct{}
}

func newSocket() *socket {
	return &socket{sent: make(chan datagram, 16), come: make(chan datagram, 16), done: make(chan struct{})}
}

func (s *socket) WriteTo(b []byte, to net.Addr) (int, error) {
	s.sent <- datagram{string(b), to}
	return len(b), nil
}

func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case d := <-s.come:
		return copy(b, d.text), d.at, nil
	case <-s.done:
		return 0, nil, net.ErrClosed
	}
}

func (s *socket) Close() error {
	close(s.done)
	return nil
}

// hub remembers who is to be told.
type hub map[naming.ClientID]func(context.Context, *naming.View) error

func (h hub) Subscribe(c naming.ClientID, _ naming.ServiceKey, deliver func(context.Context, *naming.View) error) {
	h[c] = deliver
}

func (h hub) Unsubscribe(c naming.ClientID, _ naming.ServiceKey) { delete(h, c) }

func (h hub) tell(ctx context.Context, v *naming.View) error {
	for _, deliver := range h {
		if err := deliver(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

// bubble runs a test with one subscriber in fake time.
func bubble(t *testing.T, run func(t *testing.T, p *Pusher, s *socket, h hub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, h := newSocket(), hub{}
		p := New(DefaultConfig(), s, h)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		p.Subscribe(wire.Subscriber{Service: web, IP: "10.0.0.1", Port: 5000, Clusters: "c1"})
		run(t, p, s, h)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func view(hosts int) *naming.View {
	v := &naming.View{Service: web, LastRef: 7}
	for i := range hosts {
		v.Hosts = append(v.Hosts, naming.Instance{IP: "10.0.0.1", Port: i, Cluster: "c1", Enabled: true, Healthy: true, Weight: 1})
	}
	return v
}

// packet is what a client reads.
type packet struct {
	Type, Data string
	Ref        int64 `json:"lastRefTime"`
}

func read(t *testing.T, d datagram) (p packet) {
	t.Helper()
	text := []byte(d.text)
	if bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if text, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return p
}

func TestListIsPushedUntilItIsAcknowledged(t *testing.T) {
	for name, form := range map[string]string{"as a number, like Node": "%d", "as text, like Java": `"%d"`} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, _ *Pusher, s *socket, h hub) {
				told := make(chan error, 1)
				go func() { told <- h.tell(t.Context(), view(1)) }()
				first := <-s.sent
				p := read(t, first)
				if p.Type != "dom" || first.at.String() != "10.0.0.1:5000" || !strings.Contains(p.Data, `"name":"g@@web"`) ||
					!strings.Contains(p.Data, `"clusters":"c1"`) {
					t.Errorf("sent %+v to %s", p, first.at)
				}
				if again := read(t, <-s.sent); again != p {
					t.Errorf("sent again %+v, want the same", again)
				}
				s.come <- datagram{"noise", first.at}
				s.come <- datagram{fmt.Sprintf(`{"type":"push-ack","lastRefTime":`+form+`,"data":""}`, p.Ref), first.at}
				if err := <-told; err != nil {
					t.Errorf("acknowledged, and yet: %v", err)
				}
			})
		})
	}
}

func TestSilenceIsAFailure(t *testing.T) {
	bubble(t, func(t *testing.T, p *Pusher, s *socket, h hub) {
		go func() { // somebody else acknowledges what he was never sent
			p := read(t, <-s.sent)
			s.come <- datagram{fmt.Sprintf(`{"type":"push-ack","lastRefTime":%d}`, p.Ref), &net.UDPAddr{IP: net.IPv4(10, 0, 0, 9), Port: 5000}}
		}()
		before := time.Now()
		if err := h.tell(t.Context(), view(1)); err == nil || time.Since(before) != 2*p.cfg.AckWithin {
			t.Errorf("gave up with %v after %s", err, time.Since(before))
		}
	})
}

func TestLargeListsAreCompressedAndThoseThatDoNotFitAreNotSent(t *testing.T) {
	bubble(t, func(t *testing.T, _ *Pusher, s *socket, h hub) {
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = h.tell(ctx, view(100)) }()
		d := <-s.sent
		if !strings.HasPrefix(d.text, "\x1f\x8b") || !strings.Contains(read(t, d).Data, `"port":99`) {
			t.Errorf("100 instances were sent as %d bytes that are no gzip", len(d.text))
		}
		stop()
		synctest.Wait()
		huge := view(1)
		huge.Hosts[0].Metadata = map[string]string{}
		for i := range 9000 { // what does not compress
			huge.Hosts[0].Metadata[fmt.Sprintf("%x", i*2654435761%1000003*7919)] = fmt.Sprintf("%x", i*40503*65537%999983*104729)
		}
		if err := h.tell(t.Context(), huge); err != nil || len(s.sent) > 0 {
			t.Errorf("a list that does not fit: %v, %d packets", err, len(s.sent))
		}
	})
}

func TestWhoNoLongerAsksIsForgotten(t *testing.T) {
	bubble(t, func(t *testing.T, p *Pusher, _ *socket, h hub) {
		ask := func() { p.Subscribe(wire.Subscriber{Service: web, IP: "10.0.0.1", Port: 5000, Clusters: "c1"}) }
		for range 4 {
			time.Sleep(time.Minute) //nolint:forbidigo // fake clock
			ask()
		}
		if len(h) != 1 || len(p.Watching(web)) != 1 {
			t.Errorf("%d are told, want the one that asks every minute", len(h))
		}
		time.Sleep(2 * p.cfg.Keep) //nolint:forbidigo // fake clock
		synctest.Wait()
		if len(h) != 0 || len(p.Watching(web)) != 0 {
			t.Errorf("%d are told who no longer ask", len(h))
		}
	})
}

func TestSubscribersAreBoundedAndChecked(t *testing.T) {
	h := hub{}
	cfg := DefaultConfig()
	cfg.Most = 2
	p := New(cfg, newSocket(), h)
	for _, s := range []wire.Subscriber{{IP: "no address", Port: 1}, {IP: "10.0.0.1", Port: 0}, {IP: "10.0.0.1", Port: 70000}} {
		p.Subscribe(s)
	}
	p.Subscribe(wire.Subscriber{IP: "10.0.0.1", Port: 1, Clusters: strings.Repeat("c", mostClusters+1)})
	if len(h) != 0 {
		t.Errorf("told are %d who cannot be, or ask for more than is kept", len(h))
	}
	for port := 1; port < 5; port++ {
		p.Subscribe(wire.Subscriber{IP: "10.0.0.1", Port: port})
	}
	if len(h) != cfg.Most {
		t.Errorf("told are %d, want no more than %d", len(h), cfg.Most)
	}
}
