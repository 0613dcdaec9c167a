package interop

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// patience bounds every wait. It is generous: a Java server needs six seconds
// of an idle machine to start, and many times that of a busy one.
const patience = 3 * time.Minute

// program is the sidecar under test.
var program string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "interop-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }() // an SDK may still write there
	ctx := context.Background()
	if program, err = loopback.Build(ctx, "../..", dir); err == nil {
		classPath, err = buildJava(ctx, dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// cluster is Java servers and sidecars with one member list. Nothing runs until
// it is started.
type cluster struct {
	t     *testing.T
	top   *testing.T // that it lives as long as; t may be of one step
	dir   string
	list  string
	javas []*javaMember
	ours  []*loopback.Member

	absent int    // the main port of a listed member that never runs
	token  string // that calls show, if any
}

// newCluster lays out members in the order of their addresses: 'o' is one of
// ours, 'x' never runs, other letters are Java servers of that mode. The order
// matters: Java loads from the lowest address.
func newCluster(t *testing.T, kinds string) *cluster {
	t.Helper()
	t.Parallel() // most of the time is spent in waiting
	ports, err := loopback.Ports(t.Context(), len(kinds))
	must(t, err)
	c := &cluster{t: t, top: t, dir: t.TempDir()}
	c.list = filepath.Join(c.dir, "cluster.conf")
	var text strings.Builder
	for i, kind := range kinds {
		home := filepath.Join(c.dir, fmt.Sprintf("%c%d", kind, i))
		switch kind {
		case 'o':
			c.ours = append(c.ours, loopback.NewMember(program, c.list, home+".log", ports[i]))
		case 'x':
			c.absent = ports[i]
		default:
			j := &javaMember{name: filepath.Base(home), port: ports[i], mode: mode(kind), list: c.list, home: home}
			c.javas = append(c.javas, j)
		}
		fmt.Fprintf(&text, "127.0.0.1:%d\n", ports[i])
	}
	must(t, os.WriteFile(c.list, []byte(text.String()), 0o600))
	t.Cleanup(c.stop)
	return c
}

// startCluster starts all members of a new cluster and waits until they know
// each other.
func startCluster(t *testing.T, kinds string) *cluster {
	t.Helper()
	c := newCluster(t, kinds)
	for _, j := range c.javas {
		j.start(t)
	}
	for _, o := range c.ours {
		must(t, o.Start(t.Context()))
	}
	c.requireAcquainted()
	return c
}

func (c *cluster) stop() {
	c.showLogs()
	if err := (&loopback.Cluster{Members: c.ours}).Kill(); err != nil {
		c.t.Error(err)
	}
	for _, j := range c.javas {
		if j.running() {
			j.kill(c.t)
		}
	}
}

func (c *cluster) showLogs() {
	if !c.t.Failed() {
		return
	}
	for _, pattern := range []string{"*.log", "*/logs/protocol-distro.log", "*/logs/nacos-cluster.log"} {
		logs, _ := filepath.Glob(filepath.Join(c.dir, pattern)) // the pattern is good
		for _, name := range logs {
			if text, err := os.ReadFile(name); err == nil {
				c.t.Logf("%s:\n%s", strings.TrimPrefix(name, c.dir), text[max(0, len(text)-3000):])
			}
		}
	}
}

// until waits until check returns nil.
func until(t *testing.T, what string, check func() error) {
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
