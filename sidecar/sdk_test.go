package sidecar

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// sdk is a client that keeps a connection to one member, as an SDK does: after its
// end, or when it is asked to move, it connects again and says all anew.
type sdk struct {
	t      testing.TB
	target string
	ctx    context.Context //nolint:containedctx // of the test
	stop   context.CancelFunc
	done   sync.WaitGroup

	instance string // what it registers of the service "web"; "" if it subscribes

	mu       sync.Mutex
	secured  *tls.Config
	token    string // that it shows
	refused  int    // its requests that were
	sessions int    // connections that were set up
	moves    int    // times that it was asked to move
	hosts    map[string]bool
	lost     []string // instances that a list no longer had
}

// connectTo starts a client of a member's gRPC port; secured is nil for plaintext.
func connectTo(tb testing.TB, ip, instance string, secured *tls.Config) *sdk {
	tb.Helper()
	c := &sdk{t: tb, target: ip + ":9848", instance: instance, secured: secured, hosts: map[string]bool{}}
	c.ctx, c.stop = context.WithCancel(context.WithoutCancel(tb.Context()))
	c.done.Go(c.run)
	tb.Cleanup(func() { c.stop(); c.done.Wait() })
	return c
}

// speak changes how it connects from now on.
func (c *sdk) speak(secured *tls.Config) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secured = secured
}

func (c *sdk) count() (sessions, moves int, lost []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sessions, c.moves, slices.Clone(c.lost)
}

func (c *sdk) lists(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.hosts) == n
}

func (c *sdk) run() {
	var former func()
	for c.ctx.Err() == nil {
		leave, err := c.session(former)
		if former = leave; err != nil {
			select {
			case <-c.ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	if former != nil {
		former()
	}
}

// session lasts until the connection ends or the client is asked to move; then it
// is left when there is another.
func (c *sdk) session(former func()) (leave func(), err error) {
	c.mu.Lock()
	creds := insecure.NewCredentials()
	if c.secured != nil {
		creds = credentials.NewTLS(c.secured)
	}
	c.mu.Unlock()
	conn, err := grpc.NewClient("passthrough:///"+c.target, grpc.WithTransportCredentials(creds))
	if err != nil {
		return former, err
	}
	leave = func() { _ = conn.Close() }
	stream, err := c.introduce(conn)
	if err != nil {
		leave()
		return former, err
	}
	c.mu.Lock()
	c.sessions++
	c.mu.Unlock()
	if former != nil {
		former()
	}
	moved, err := c.listen(stream)
	if !moved {
		leave()
		leave = nil
	}
	return leave, err
}

func (c *sdk) introduce(conn *grpc.ClientConn) (nacospb.BiRequestStream_RequestBiStreamClient, error) {
	calls := nacospb.NewRequestClient(conn)
	ctx, cancel := context.WithTimeout(c.ctx, patience)
	defer cancel()
	out, err := calls.Request(ctx, wire.Payload(wire.ServerCheckRequest, []byte(`{}`)))
	if err != nil {
		return nil, err
	}
	if kind := wire.KindOf(out); kind != wire.ServerCheckResponse {
		return nil, fmt.Errorf("answered by %s", kind)
	}
	stream, err := nacospb.NewBiRequestStreamClient(conn).RequestBiStream(c.ctx)
	if err != nil {
		return nil, err
	}
	setup := `{"clientVersion":"test","labels":{"source":"sdk","module":"naming"},"abilityTable":{}}`
	if err := stream.Send(wire.Payload(wire.ConnectionSetupRequest, []byte(setup))); err != nil {
		return nil, err
	}
	if _, err := stream.Recv(); err != nil {
		return nil, err
	}
	kind, body := wire.SubscribeServiceRequest, `{"namespace":"public","serviceName":"web","groupName":"DEFAULT_GROUP","subscribe":true,"clusters":""}`
	if c.instance != "" {
		kind, body = wire.InstanceRequest, registration(c.instance)
	}
	in := wire.Payload(kind, []byte(body))
	c.mu.Lock()
	if c.token != "" {
		in.Metadata.Headers = map[string]string{"accessToken": c.token}
	}
	c.mu.Unlock()
	if out, err = calls.Request(ctx, in); err == nil {
		err = c.succeeded(kind, out)
	}
	if err == nil && c.instance == "" {
		c.pushed(wire.Body(out))
	}
	return stream, err
}

// succeeded is an error if out is a refusal.
func (c *sdk) succeeded(kind wire.Kind, out *nacospb.Payload) error {
	result, err := wire.DecodeResult(wire.Body(out))
	if err != nil || result.OK() {
		return err
	}
	c.mu.Lock()
	c.refused++
	c.mu.Unlock()
	return fmt.Errorf("%s was answered by %s", kind, wire.Body(out))
}

func registration(ip string) string {
	return `{"namespace":"public","serviceName":"web","groupName":"DEFAULT_GROUP","type":"registerInstance",` +
		`"instance":{"ip":"` + ip + `","port":80,"weight":1,"healthy":true,"enabled":true,"ephemeral":true}}`
}

// listen answers until it is asked to move, or the stream ends.
func (c *sdk) listen(stream nacospb.BiRequestStream_RequestBiStreamClient) (moved bool, err error) {
	for {
		in, err := stream.Recv()
		if err != nil {
			return false, err
		}
		id := wire.RequestID(wire.Body(in))
		switch wire.KindOf(in) {
		case wire.NotifySubscriberRequest:
			c.pushed(wire.Body(in))
			err = stream.Send(wire.Payload(wire.NotifySubscriberResponse, wire.Answered(id)))
		case wire.ClientDetectionRequest:
			err = stream.Send(wire.Payload(wire.ClientDetectionResponse, wire.Answered(id)))
		case wire.ConnectResetRequest:
			c.mu.Lock()
			c.moves++
			c.mu.Unlock()
			return true, stream.Send(wire.Payload(wire.ConnectResetResponse, wire.Answered(id)))
		default:
		}
		if err != nil {
			return false, err
		}
	}
}

func (c *sdk) pushed(body []byte) {
	var in struct {
		ServiceInfo struct {
			Hosts []struct {
				IP string `json:"ip"`
			} `json:"hosts"`
		} `json:"serviceInfo"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		c.t.Errorf("pushed %s: %v", body, err)
		return
	}
	now := map[string]bool{}
	for _, h := range in.ServiceInfo.Hosts {
		now[h.IP] = true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for ip := range c.hosts {
		if !now[ip] {
			c.lost = append(c.lost, ip)
		}
	}
	c.hosts = now
}
