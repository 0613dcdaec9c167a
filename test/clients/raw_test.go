package clients

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	pb "github.com/nacos-group/nacos-sdk-go/v2/api/grpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// goodInstance is a complete registration; the rows of the table break it.
const goodInstance = `{"headers":{},"namespace":"public","serviceName":"greeter","groupName":"DEFAULT_GROUP",` +
	`"module":"naming","type":"registerInstance","instance":{"ip":"192.0.2.3","port":80,"weight":1,"healthy":true,` +
	`"enabled":true,"ephemeral":true,"clusterName":"DEFAULT","metadata":{}}}`

// TestWrongInputIsRefusedByItsOwnResponse sends what no SDK would. What a user
// can cause is answered with the request's own response type and a message
// that names the field; nothing is registered.
func TestWrongInputIsRefusedByItsOwnResponse(t *testing.T) {
	c := startCluster(t)
	raw := connectRaw(t, c.Members[0])
	tests := map[string]struct {
		old, new string // what is broken in goodInstance
		answer   string // type of the response
		names    string // the message says this
	}{
		"a port out of range":        {`"port":80`, `"port":70000`, "InstanceResponse", "port"},
		"a negative port":            {`"port":80`, `"port":-1`, "InstanceResponse", "port"},
		"no service name":            {`"serviceName":"greeter"`, `"serviceName":""`, "InstanceResponse", "serviceName"},
		"no ip":                      {`"ip":"192.0.2.3"`, `"ip":""`, "InstanceResponse", "ip"},
		"a persistent instance":      {`"ephemeral":true`, `"ephemeral":false`, "InstanceResponse", "ephemeral"},
		"a type that does not exist": {`"type":"registerInstance"`, `"type":"adopt"`, "ErrorResponse", "type"}, // as Java: no user can cause it
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := raw.ask(t, "InstanceRequest", strings.Replace(goodInstance, tc.old, tc.new, 1))
			if got.kind != tc.answer || got.ResultCode == 200 || !strings.Contains(got.Message, tc.names) {
				t.Errorf("%s answered %s %+v, want a refusing %s whose message names %q",
					tc.new, got.kind, got.body, tc.answer, tc.names)
			}
		})
	}
	requireHTTPListed(t, c, service)
}

// TestBytesThatAreNoRequest must not end the process or the connection.
func TestBytesThatAreNoRequest(t *testing.T) {
	c := startCluster(t)
	raw := connectRaw(t, c.Members[0])
	tests := map[string]struct{ kind, body string }{
		"an unknown type":         {"CoffeeRequest", `{}`},
		"truncated JSON":          {"InstanceRequest", goodInstance[:len(goodInstance)/2]},
		"JSON of the wrong shape": {"InstanceRequest", `[]`},
		"no body":                 {"InstanceRequest", ``},
		"a list of a list":        {"BatchInstanceRequest", `{"type":"batchRegisterInstance","instances":[[[]]]}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := raw.ask(t, tc.kind, tc.body); got.ResultCode == 200 {
				t.Errorf("answered success: %s %+v", got.kind, got.body)
			}
		})
	}
	t.Run("more than 10 MiB", func(t *testing.T) {
		_, err := raw.send(t, "InstanceRequest", strings.Repeat(" ", 11<<20)+goodInstance)
		if status.Code(err) != codes.ResourceExhausted {
			t.Errorf("answered %v, want %s", err, codes.ResourceExhausted)
		}
	})
	requireHTTPListed(t, c, service)
	if got := raw.ask(t, "InstanceRequest", goodInstance); got.ResultCode != 200 {
		t.Errorf("a good request after the bad ones answered %s %+v", got.kind, got.body)
	}
}

// rawClient is one connection that was set up as SDKs do.
type rawClient struct {
	conn     *grpc.ClientConn
	requests pb.RequestClient
}

// body is what all responses have.
type body struct {
	ResultCode int
	ErrorCode  int
	Message    string
}

type answer struct {
	kind string
	body
}

func connectRaw(t *testing.T, m *loopback.Member) rawClient {
	t.Helper()
	conn, err := grpc.NewClient(m.GRPCAddress(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // the test is over
	c := rawClient{conn: conn, requests: pb.NewRequestClient(conn)}
	if got := c.ask(t, "ServerCheckRequest", `{"module":"internal"}`); got.ResultCode != 200 {
		t.Fatalf("server check: %+v", got)
	}
	stream, err := pb.NewBiRequestStreamClient(conn).RequestBiStream(t.Context())
	must(t, err)
	must(t, stream.Send(payload("ConnectionSetupRequest",
		`{"clientVersion":"Raw","labels":{"source":"sdk","module":"naming"},"abilityTable":{}}`)))
	if _, err := stream.Recv(); err != nil { // SetupAckRequest: the connection is known now
		t.Fatalf("connection set-up: %v", err)
	}
	return c
}

func (c rawClient) send(t *testing.T, kind, text string) (*pb.Payload, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return c.requests.Request(ctx, payload(kind, text))
}

func (c rawClient) ask(t *testing.T, kind, text string) answer {
	t.Helper()
	got, err := c.send(t, kind, text)
	must(t, err)
	out := answer{kind: got.GetMetadata().GetType()}
	must(t, json.Unmarshal(got.GetBody().GetValue(), &out.body))
	return out
}

func payload(kind, text string) *pb.Payload {
	return &pb.Payload{
		Metadata: &pb.Metadata{Type: kind, ClientIp: "127.0.0.1"},
		Body:     &anypb.Any{Value: []byte(text)},
	}
}
