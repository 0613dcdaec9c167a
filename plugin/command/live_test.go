package command

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// Two members that do not know each other hold different registries; once each
// lists the other, they hold the same. The processes are real, the API server is
// recorded.
func TestDiffOfRealMembers(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	program, err := loopback.Build(ctx, "../..", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	term := newTerminal(t, load(t))
	term.api.live = map[string]http.Handler{}
	var alone []*loopback.Cluster
	var lists []string
	for i := range 2 {
		dir := t.TempDir()
		c, err := loopback.Start(ctx, ctx, program, dir, 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := c.Kill(); err != nil {
				t.Error(err)
			}
		})
		admin, err := url.Parse(c.Members[0].Admin())
		if err != nil {
			t.Fatal(err)
		}
		term.api.live[proxied(i, "")] = httputil.NewSingleHostReverseProxy(admin)
		alone, lists = append(alone, c), append(lists, filepath.Join(dir, "cluster.conf"))
	}
	diff := func() string { return term.run(ctx, "diff", "demo", "--from", "demo-0", "--to", "demo-1") }
	register(ctx, t, alone[0].Members[0], "192.0.2.7")

	said := diff()
	for _, want := range []string{"demo-1", "192.0.2.7:80#true", "ledger", "exit 1"} {
		if !strings.Contains(said, want) {
			t.Errorf("diff lacks %q:\n%s", want, said)
		}
	}
	var both strings.Builder
	both.WriteString("# generation: 2\n")
	for _, c := range alone {
		fmt.Fprintln(&both, c.Members[0].Address())
	}
	for _, list := range lists {
		if err := os.WriteFile(list, []byte(both.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := loopback.Until(ctx, "members hold the same", func(context.Context) error {
		if said := diff(); !strings.Contains(said, "demo-0, demo-1 hold the same: 1 client.") {
			register(ctx, t, alone[0].Members[0], "192.0.2.7") // so that it lasts
			return fmt.Errorf("diff says:\n%s", said)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// register makes an instance that is listed for half a minute, as nobody beats for it.
func register(ctx context.Context, t *testing.T, m *loopback.Member, ip string) {
	t.Helper()
	to := "http://" + m.Address() + "/nacos/v1/ns/instance?serviceName=ledger&port=80&ip=" + ip
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("register: %s, %v", response.Status, err)
	}
}
