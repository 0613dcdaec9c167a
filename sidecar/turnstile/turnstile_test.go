package turnstile

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/distro-naming/naming-operator/sidecar/limits"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type counted map[string]int

func (c counted) Over(limit string) { c[limit]++ }

func TestWhoIsTooMany(t *testing.T) {
	seen := counted{}
	g := New(Config{Limit: limits.Connections, Most: 3, PerIP: 2, Observer: seen})
	first, second := g.Enter("a"), g.Enter("a")
	third := g.Enter("a")
	if first.Over() != nil || second.Over() != nil {
		t.Error("those within the limits are refused")
	}
	if err := third.Over(); err == nil || !strings.Contains(err.Error(), "too many connections of a") {
		t.Errorf("third of one address: %v", err)
	}
	if g.Enter("b").Over() != nil {
		t.Error("an address pays for another")
	}
	if err := g.Enter("c").Over(); err == nil || !strings.Contains(err.Error(), "--limits connections=") {
		t.Errorf("fourth of all: %v", err)
	}
	if seen[limits.PerIP] != 1 || seen[limits.Connections] != 1 {
		t.Errorf("counted %v", seen)
	}
	third.Leave() // it took no place of its address
	if g.Enter("a").Over() == nil {
		t.Error("who was refused made place for another")
	}
	first.Leave()
	first.Leave()
	if g.Enter("a").Over() != nil {
		t.Error("a place that was given back is taken")
	}
	if g.Enter("a").Over() == nil {
		t.Error("a place was given back twice")
	}
}

func TestZeroIsNoLimit(t *testing.T) {
	g := New(Config{})
	for range 1000 {
		if g.Enter("a").Over() != nil {
			t.Fatal("refused without a limit")
		}
	}
}

// Whatever comes, a turnstile holds no more than it lets in.
func TestTurnstileIsBounded(t *testing.T) {
	g := New(Config{Limit: limits.Connections, Most: 2})
	let := 0
	var last *Place
	for i := range 10 * Refusals {
		if p := g.Enter(strconv.Itoa(i)); p != nil {
			last = p
			let++
		}
	}
	if let != 2+Refusals || len(g.by) != 2 {
		t.Errorf("%d inside, %d addresses known", let, len(g.by))
	}
	last.Leave()
	if g.Enter("x") == nil {
		t.Error("nobody is told any more why it is refused")
	}
}

// Over HTTP who is too many gets an answer, and those within go on.
func TestRefusedOverHTTP(t *testing.T) {
	var listen net.ListenConfig
	l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		Handler: Refusing(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			ctx, _ = Keep(ctx, c)
			return ctx
		},
	}
	ended := make(chan error, 1)
	go func() {
		ended <- server.Serve(Listen(l, New(Config{Limit: limits.HTTPConnections, Most: 1, PerIP: 5})))
	}()
	defer func() {
		_ = server.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	}()
	type said struct {
		status  int
		header  http.Header
		closing bool
	}
	ask := func(c net.Conn) said {
		if _, err := c.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		return said{answer.StatusCode, answer.Header, answer.Close}
	}
	dial := func() net.Conn {
		var d net.Dialer
		c, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	within := dial()
	if a := ask(within); a.status != http.StatusOK {
		t.Fatalf("the first: %d", a.status)
	}
	if a := ask(dial()); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || !a.closing {
		t.Errorf("the second: %d %v", a.status, a.header)
	}
	if a := ask(within); a.status != http.StatusOK {
		t.Errorf("the first, later: %d", a.status)
	}
}
