package clients

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/test/clients/sdk"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// patience bounds every wait. It is generous: no test asserts how long
// something takes.
const patience = 3 * time.Minute

// program is the sidecar under test.
var program string

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "clients-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }() // an SDK may still write there
	if program, err = loopback.Build(context.Background(), "../..", dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// startCluster runs three members, with flags if any, until the test ends.
func startCluster(t *testing.T, flags ...string) *loopback.Cluster {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() { showLogs(t, dir) })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	// The processes live as long as the test, the wait for them has an end.
	c, err := loopback.Start(t.Context(), ctx, program, dir, 3, flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func showLogs(t *testing.T, dir string) {
	t.Helper()
	if !t.Failed() {
		return
	}
	for i := range 3 {
		name := fmt.Sprintf("%s/member-%d.log", dir, i)
		if text, err := os.ReadFile(name); err == nil {
			t.Logf("member-%d said:\n%s", i, text[max(0, len(text)-4000):])
		}
	}
}

// connect opens a client of the SDK, to any of some members, that is closed when the
// test ends.
func connect(t *testing.T, members ...*loopback.Member) *sdk.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := sdk.Open(ctx, folder(t), addresses(members))
	must(t, err)
	t.Cleanup(c.Close)
	return c
}

func addresses(members []*loopback.Member) string {
	out := make([]string, 0, len(members))
	for _, m := range members {
		out = append(out, m.Address())
	}
	return strings.Join(out, ",")
}

// folder makes one for the SDK.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Dir(program), "sdk-") //nolint:usetesting // it may write when the test is over, which fails then
	must(t, err)
	return dir
}

// eventually waits until check returns nil.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := loopback.Until(ctx, what, func(context.Context) error { return check() }); err != nil {
		t.Fatal(err)
	}
}

// must fails the test at once if err is an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// requireListed waits until every client lists exactly the endpoints.
func requireListed(t *testing.T, readers []*sdk.Client, service string, endpoints ...string) {
	t.Helper()
	slices.Sort(endpoints)
	for _, r := range readers {
		eventually(t, fmt.Sprintf("%s lists %v", r.Member, endpoints), func() error {
			list, err := r.List(service)
			if err != nil {
				return err
			}
			got := sdk.Endpoints(list)
			slices.Sort(got)
			if !slices.Equal(got, endpoints) {
				return fmt.Errorf("it lists %v", got)
			}
			return nil
		})
	}
}

// awaitPush reads pushed lists until one satisfies want.
func awaitPush(t *testing.T, lists <-chan []sdk.Instance, what string, want func([]sdk.Instance) bool) {
	t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	var seen [][]sdk.Instance
	for {
		select {
		case list := <-lists:
			if want(list) {
				return
			}
			seen = append(seen, list)
		case <-timeout.C:
			t.Fatalf("never pushed: %s; pushed instead: %+v", what, seen)
		}
	}
}

func instances(first, n int) []sdk.Instance {
	list := make([]sdk.Instance, n)
	for i := range list {
		list[i] = sdk.Instance{IP: "192.0.2.1", Port: uint64(first + i)} //nolint:gosec // a small number
	}
	return list
}
