package clients

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nacos-group/nacos-sdk-go/v2/clients"
	"github.com/nacos-group/nacos-sdk-go/v2/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/v2/common/constant"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"

	"github.com/distro-naming/naming-operator/test/clients/sdk"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// users have their names as passwords, in bcrypt of cost 10 as htpasswd writes it.
const users = `writer:$2y$10$IklT1sNJU1tuBRcQKpKwHO.6K3VJb2BnhgCQOC55fOZDWj8jma3We
reader:$2y$10$P3c0MZsjfjdYrVD.nT.dB.4NRT8Huaq4j3CbqQDuNEyfKnKM0snvm
`

// signingKey is a key as a file has it.
func signingKey(letter string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 48)))
}

// authFolder makes what --auth wants: the users, of whom one may register and the other
// only read.
func authFolder(t *testing.T, dir string) string {
	t.Helper()
	folder := filepath.Join(dir, "auth")
	must(t, os.Mkdir(folder, 0o700))
	replace(t, folder, "signing-keys", signingKey("a"))
	replace(t, folder, "users", users)
	replace(t, folder, "permissions", "writer public rw\nreader public r\n")
	return folder
}

// startGuarded runs three members with auth, whose tokens are good for ten seconds; their
// logs are in dir.
func startGuarded(t *testing.T) (c *loopback.Cluster, folder, dir string) {
	t.Helper()
	dir = t.TempDir()
	t.Cleanup(func() { showLogs(t, dir) })
	folder = authFolder(t, dir)
	free, err := loopback.Ports(t.Context(), 3)
	must(t, err)
	list, text := filepath.Join(dir, "cluster.conf"), "# generation: 1\n"
	c = &loopback.Cluster{}
	for i, port := range free {
		m := loopback.NewMember(program, list, filepath.Join(dir, fmt.Sprintf("member-%d.log", i)), port)
		m.Flags = []string{"--auth=" + folder, "--auth-token-ttl=10s", "--log-level=debug"}
		c.Members = append(c.Members, m)
		text += m.Address() + "\n"
	}
	must(t, os.WriteFile(list, []byte(text), 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, m := range c.Members {
		must(t, m.Start(t.Context()))
	}
	for _, m := range c.Members {
		must(t, m.WaitReady(ctx))
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c, folder, dir
}

// replace writes a file at once.
func replace(t *testing.T, folder, name, text string) {
	t.Helper()
	path := filepath.Join(folder, name)
	must(t, os.WriteFile(path+".new", []byte(text), 0o600))
	must(t, os.Rename(path+".new", path))
}

// as connects the official SDK as a user, to a namespace.
func as(t *testing.T, m *loopback.Member, name, password, namespace string) naming_client.INamingClient {
	t.Helper()
	dir := folder(t)
	c, err := clients.NewNamingClient(vo.NacosClientParam{
		ClientConfig: constant.NewClientConfig(
			constant.WithUsername(name), constant.WithPassword(password), constant.WithNamespaceId(namespace),
			constant.WithTimeoutMs(5000), constant.WithLogDir(filepath.Join(dir, "log")), constant.WithCacheDir(filepath.Join(dir, "cache")),
			constant.WithNotLoadCacheAtStart(true), constant.WithUpdateCacheWhenEmpty(true), constant.WithLogLevel("warn"),
		),
		ServerConfigs: []constant.ServerConfig{*constant.NewServerConfig(m.Host, uint64(m.Port))}, //nolint:gosec // a port
	})
	must(t, err)
	t.Cleanup(c.CloseClient)
	return c
}

func registerAs(c naming_client.INamingClient, port uint64) error {
	ok, err := c.RegisterInstance(vo.RegisterInstanceParam{
		Ip: "192.0.2.1", Port: port, ServiceName: service, Weight: 1, Enable: true, Healthy: true, Ephemeral: true,
	})
	if err == nil && !ok {
		err = errors.New("it was refused")
	}
	return err
}

// registerAnew registers with the token that the SDK has by now. It logs in by a timer
// (AutoRefresh in its nacos_auth_client.go), a second before its token is over, and not
// when it is refused: where the machine stands still for longer, it is refused once
// more. A token that is not over is refused by none (TestTokensAreGoodForAsLong… in
// sidecar/auth), and what is refused here must be over.
func registerAnew(t *testing.T, m *loopback.Member, c naming_client.INamingClient, port uint64) {
	t.Helper()
	const over = `naming_auth_denied_total{reason="expired"}`
	eventually(t, fmt.Sprintf("%d is registered", port), func() error {
		before, err := m.Metric(t.Context(), over)
		must(t, err)
		refused := registerAs(c, port)
		after, err := m.Metric(t.Context(), over)
		must(t, err)
		if refused != nil && after == before && !sdk.Unanswered(refused) { // it may be connecting again
			t.Fatalf("register %d: %v, and not for a token that is over", port, refused)
		}
		return refused
	})
}

// ports are those of the instances that a client sees.
func ports(c naming_client.INamingClient) (out []uint64, err error) {
	all, err := c.SelectAllInstances(vo.SelectAllInstancesParam{ServiceName: service})
	for _, i := range all {
		out = append(out, i.Port)
	}
	return out, err
}

// TestOfficialClientsLogIn has the official SDK as users with different rights, past
// the end of their tokens and through a change of the signing key.
func TestOfficialClientsLogIn(t *testing.T) {
	c, folder, logs := startGuarded(t)
	writer, reader := as(t, c.Members[0], "writer", "writer", ""), as(t, c.Members[1], "reader", "reader", "")
	for _, c := range []naming_client.INamingClient{writer, reader} {
		eventually(t, "a member answers", func() error {
			_, err := c.GetAllServicesInfo(vo.GetAllServiceInfoParam{PageNo: 1, PageSize: 1})
			return err
		})
	}
	must(t, registerAs(writer, 1001))
	seen := func(port uint64) { // a client's next registration takes the place of the one before
		t.Helper()
		eventually(t, fmt.Sprintf("the reader sees %d", port), func() error {
			got, err := ports(reader)
			if err == nil && !slices.Equal(got, []uint64{port}) {
				err = fmt.Errorf("it sees %v", got)
			}
			return err
		})
	}
	seen(1001)
	for what, refused := range map[string]naming_client.INamingClient{
		"who may only read":        reader,
		"who has no password":      as(t, c.Members[2], "", "", ""),
		"who has a wrong one":      as(t, c.Members[2], "writer", "guess", ""),
		"who has rights elsewhere": as(t, c.Members[2], "writer", "writer", "prod"),
	} {
		if registerAs(refused, 6666) == nil {
			t.Errorf("%s registers", what)
		}
	}

	first := login(t, c.Members[2])
	eventually(t, "the first tokens are over", func() error {
		_, says := send(t, c.Members[0], http.MethodGet, listPath, url.Values{"serviceName": {service}, "accessToken": {first}})
		if !strings.Contains(says, "token expired!") {
			return errors.New(says)
		}
		return nil
	})
	registerAnew(t, c.Members[0], writer, 1002)
	seen(1002)

	replace(t, folder, "signing-keys", signingKey("b")+"\n"+signingKey("a"))
	for _, m := range c.Members {
		eventually(t, m.Name+" has the new key", func() error {
			status, err := m.Status(t.Context())
			if err == nil && (status.Auth == nil || status.Auth.Keys != 2) {
				err = fmt.Errorf("it has %+v", status.Auth)
			}
			return err
		})
	}
	registerAnew(t, c.Members[0], writer, 1003) // with a token of either key
	seen(1003)
	noSecrets(t, c, logs, first)
}

// login returns a token of the writer.
func login(t *testing.T, m *loopback.Member) string {
	t.Helper()
	status, body := send(t, m, http.MethodPost, "/nacos/v1/auth/login", url.Values{"username": {"writer"}, "password": {"writer"}})
	var said struct{ AccessToken string }
	if err := json.Unmarshal([]byte(body), &said); err != nil || status != http.StatusOK {
		t.Fatalf("login: %d %s", status, body)
	}
	return said.AccessToken
}

// noSecrets looks for secrets in all that members logged.
func noSecrets(t *testing.T, c *loopback.Cluster, dir, token string) {
	t.Helper()
	for _, m := range c.Members {
		text, err := os.ReadFile(filepath.Join(dir, m.Name+".log"))
		must(t, err)
		for what, secret := range map[string]string{"a token": token, "a key": signingKey("a"), "a hash": "$2y$", "a wrong password": "guess"} {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s logged %s", m.Name, what)
			}
		}
	}
}
