package interop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// client is one connection for naming, as an SDK of Nacos 2.x makes it.
type client struct {
	t        *testing.T
	address  string
	id       string // by which the member knows it
	conn     *grpc.ClientConn
	requests nacospb.RequestClient
	stream   nacospb.BiRequestStream_RequestBiStreamClient
	token    string // that its calls show, if any
	pushes   chan []instance

	closing sync.Once
	ended   chan struct{}
}

// Offsets of the gRPC ports from the main port.
const (
	clientPort  = 1000
	clusterPort = 1001
)

// connect opens a client at the member of an address, until the test ends or it
// is closed.
func connect(t *testing.T, address string) *client {
	t.Helper()
	return connectTo(t, address, clientPort, "sdk")
}

func connectTo(t *testing.T, address string, offset int, source string) *client {
	t.Helper()
	host, text, err := net.SplitHostPort(address)
	must(t, err)
	port, err := strconv.Atoi(text)
	must(t, err)
	conn, err := grpc.NewClient(net.JoinHostPort(host, strconv.Itoa(port+offset)),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(t, err)
	c := &client{
		t: t, address: address, conn: conn, requests: nacospb.NewRequestClient(conn),
		pushes: make(chan []instance, 1024), ended: make(chan struct{}),
	}
	var check struct{ ConnectionID string }
	until(t, address+" takes clients", func() error { return c.call("ServerCheckRequest", map[string]any{}, &check) })
	c.id = check.ConnectionID
	c.stream, err = nacospb.NewBiRequestStreamClient(conn).RequestBiStream(t.Context())
	must(t, err)
	module := map[string]string{"sdk": "naming"}[source] // members have none
	must(t, c.stream.Send(payload(t, "ConnectionSetupRequest", map[string]any{
		"clientVersion": "Interop-Test:v0", "abilities": map[string]any{},
		"labels": map[string]string{"source": source, "module": module},
	})))
	go c.listen()
	t.Cleanup(c.close)
	// A server of 2.1 does not say when it has taken the set-up in.
	until(t, address+" knows the client", func() error { return c.call("HealthCheckRequest", map[string]any{}, nil) })
	return c
}

// close ends the connection: the client is dead for the member.
func (c *client) close() {
	c.closing.Do(func() {
		_ = c.conn.Close() // it may have ended by itself
		<-c.ended
	})
}

// listen acknowledges what the server says, and hands lists on.
func (c *client) listen() {
	defer close(c.ended)
	for {
		in, err := c.stream.Recv()
		if err != nil {
			return
		}
		var request struct {
			RequestID   string
			ServiceInfo struct{ Hosts []instance }
		}
		if json.Unmarshal(in.GetBody().GetValue(), &request) != nil {
			continue
		}
		answer := map[string]any{"resultCode": 200, "requestId": request.RequestID, "success": true}
		switch in.GetMetadata().GetType() {
		case "NotifySubscriberRequest":
			c.pushes <- request.ServiceInfo.Hosts
			_ = c.stream.Send(payload(c.t, "NotifySubscriberResponse", answer)) // Recv will say why not
		case "ClientDetectionRequest":
			_ = c.stream.Send(payload(c.t, "ClientDetectionResponse", answer))
		}
	}
}

func payload(t *testing.T, kind string, body map[string]any) *nacospb.Payload {
	t.Helper()
	text, err := json.Marshal(body)
	must(t, err)
	return &nacospb.Payload{
		Metadata: &nacospb.Metadata{Type: kind, ClientIp: "127.0.0.1", Headers: map[string]string{}},
		Body:     &anypb.Any{Value: text},
	}
}

// call sends a request, whose answer must be a success, and reads it into out.
func (c *client) call(kind string, body map[string]any, out any) error {
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	in := payload(c.t, kind, body)
	if c.token != "" {
		in.Metadata.Headers["accessToken"] = c.token
	}
	answer, err := c.requests.Request(ctx, in)
	if err != nil {
		return err
	}
	var result struct {
		ResultCode int
		Message    string
	}
	text := answer.GetBody().GetValue()
	if err := json.Unmarshal(text, &result); err != nil {
		return err
	}
	if result.ResultCode != 200 {
		return fmt.Errorf("%s answered %s: %s", kind, answer.GetMetadata().GetType(), text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

func names(namespace, service string) map[string]any {
	return map[string]any{"namespace": namespace, "serviceName": service, "groupName": "DEFAULT_GROUP", "module": "naming"}
}

func (c *client) instance(verb, namespace, service string, i instance) {
	c.t.Helper()
	body := names(namespace, service)
	body["type"] = verb
	body["instance"] = map[string]any{
		"ip": i.IP, "port": i.Port, "weight": i.Weight, "healthy": true, "enabled": true, "ephemeral": true,
		"clusterName": "DEFAULT", "metadata": i.Metadata,
	}
	must(c.t, c.call("InstanceRequest", body, nil))
}

func (c *client) register(service string, i instance) {
	c.t.Helper()
	c.instance("registerInstance", "public", service, i)
}

func (c *client) deregister(service string, i instance) {
	c.t.Helper()
	c.instance("deregisterInstance", "public", service, i)
}

// query returns what the member lists for a service of a namespace.
func (c *client) query(namespace, service string) ([]string, error) {
	body := names(namespace, service)
	body["cluster"], body["healthyOnly"] = "", false
	var answer struct {
		ServiceInfo struct{ Hosts []instance }
	}
	err := c.call("ServiceQueryRequest", body, &answer)
	return texts(answer.ServiceInfo.Hosts), err
}

// subscribe has lists of the service pushed from now on.
func (c *client) subscribe(service string) {
	c.t.Helper()
	body := names("public", service)
	body["subscribe"], body["clusters"] = true, ""
	must(c.t, c.call("SubscribeServiceRequest", body, nil))
}

var errNotPushed = errors.New("not pushed")

// requirePushed waits until exactly want has been pushed.
func (c *client) requirePushed(want ...instance) {
	c.t.Helper()
	wanted := fmt.Sprint(texts(want))
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	var seen []string
	for {
		select {
		case hosts := <-c.pushes:
			got := fmt.Sprint(texts(hosts))
			if got == wanted {
				return
			}
			seen = append(seen, got)
		case <-c.ended:
			c.t.Fatalf("%s by %s, which ended the connection: %s; pushed instead: %v", errNotPushed, c.address, wanted, seen)
		case <-timeout.C:
			c.t.Fatalf("%s by %s: %s; pushed instead: %v", errNotPushed, c.address, wanted, seen)
		}
	}
}
