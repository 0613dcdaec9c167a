package sdk

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nacos-group/nacos-sdk-go/v2/clients"
	"github.com/nacos-group/nacos-sdk-go/v2/common/constant"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"
	"google.golang.org/grpc/status"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// Open connects to the member at address, the host:port of its main port. Of
// several addresses, separated by commas, the SDK takes any, and another one
// when its connection breaks. It writes its logs and its cache below dir, some of
// that after Close. Options are the SDK's own, as constant.WithUsername.
//
// It returns when a member has answered, until ctx ends. The SDK does not wait for
// that: it connects beside its user, and calls meanwhile fail after three tries in
// 300 ms (Request in its rpc_client.go).
func Open(ctx context.Context, dir, address string, options ...constant.ClientOption) (*Client, error) {
	c, err := New(dir, address, options...)
	if err != nil {
		return nil, err
	}
	var refusal error
	err = loopback.Until(ctx, "a member answers", func(context.Context) error {
		_, err := c.Services()
		if err != nil && !Unanswered(err) {
			refusal, err = err, nil
		}
		return err
	})
	if err == nil {
		err = refusal
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	return c, nil
}

// New is Open that does not wait.
func New(dir, address string, options ...constant.ClientOption) (*Client, error) {
	servers, err := serverList(address)
	if err != nil {
		return nil, err
	}
	logs := filepath.Join(dir, "log")
	naming, err := clients.NewNamingClient(vo.NacosClientParam{
		ClientConfig: constant.NewClientConfig(append([]constant.ClientOption{
			constant.WithTimeoutMs(5000),
			constant.WithLogDir(logs),
			constant.WithCacheDir(filepath.Join(dir, "cache")),
			constant.WithLogLevel("warn"),
			constant.WithNotLoadCacheAtStart(true),
			constant.WithUpdateCacheWhenEmpty(true), // else the removal of the last instance is hidden
		}, options...)...),
		ServerConfigs: servers,
	})
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	return &Client{Member: address, naming: naming, logs: logs}, nil
}

func serverList(addresses string) (list []constant.ServerConfig, err error) {
	for address := range strings.SplitSeq(addresses, ",") {
		host, text, err := net.SplitHostPort(address)
		if err != nil {
			return nil, fmt.Errorf("member %q: %w", address, err)
		}
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("member %q: %w", address, err)
		}
		list = append(list, *constant.NewServerConfig(host, port))
	}
	return list, nil
}

// connecting is what the SDK says of a call that no member has answered yet: by
// itself, and in the words of a member that does not know the connection, or anybody,
// yet.
var connecting = []string{"client not connected", "Connection is unregistered.", "Server is starting"}

// Unanswered reports whether err says that the SDK is not connected, or not yet
// again: it goes on trying, and so may its user. Any other error is an answer.
func Unanswered(err error) bool {
	if _, broken := status.FromError(err); broken {
		return true
	}
	for _, words := range connecting {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}
