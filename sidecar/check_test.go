package sidecar

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/tlsfiles"
	"github.com/distro-naming/naming-operator/sidecar/tlsfiles/tlstest"
)

func TestCheckRegistersReadsAndCleansUp(t *testing.T) {
	a, b := loopback(1), loopback(2)
	h := newHouse(t, a, b)
	var said bytes.Buffer
	err := Main(t.Context(), []string{"check", "--members=" + a + ":8848," + b + ":8848"}, &said, &said)
	if err != nil {
		t.Fatalf("check = %v after %q", err, said.String())
	}
	for _, want := range []string{"registered naming-check on " + a, "read it from " + b, "gone from every member"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("check says %q, want %q", said.String(), want)
		}
	}
	if h.lists(b, checked.service, checked.ip) {
		t.Error("the instance is still listed")
	}
}

// Where plaintext is refused, check needs whom to trust; where clients must show
// a certificate, that too.
func TestCheckSpeaksTLS(t *testing.T) {
	a, b := loopback(3), loopback(4)
	h := protected(t, "Required", "Required", a, b)
	h.ready(a, b)
	trusting, showing := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(trusting, tlsfiles.CAFile), h.clients.Bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	visitors := tlstest.New(t, "visitors")
	tlstest.Write(t, showing, visitors.Issue([]string{"check"}), h.clients.Bundle)
	check := func(flags ...string) error {
		return Main(t.Context(), append([]string{"check", "--members=" + a + ":8848," + b + ":8848"}, flags...), io.Discard, io.Discard)
	}
	if err := check("--tls="+trusting, "--tls-server-name=demo.default.svc"); err != nil {
		t.Errorf("trusting the authority: %v", err)
	}
	refused := func(says string, flags ...string) {
		t.Helper()
		h.eventually("check says: "+says, func() bool {
			err := check(append(flags, "--timeout=200ms")...)
			return err != nil && strings.Contains(err.Error(), says)
		})
	}
	refused("This port takes TLS only")
	refused("validate certificate for", "--tls="+trusting)

	for _, ip := range h.ips { // from now on clients show a certificate
		tlstest.Write(t, h.at("clients", ip), h.clients.Issue([]string{"demo.default.svc"}), visitors.Bundle)
	}
	refused("certificate required", "--tls="+trusting, "--tls-server-name=demo.default.svc")
	if err := check("--tls="+showing, "--tls-server-name=demo.default.svc"); err != nil {
		t.Errorf("showing a certificate: %v", err)
	}
}

func requireSays(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, word := range words {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("check = %v, want it to say %q", err, word)
		}
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		says string
	}{
		"no members":            {nil, "--members"},
		"nobody is there":       {[]string{"--members=" + loopback(9) + ":8848", "--timeout=1ms"}, "register on " + loopback(9)},
		"a folder that is none": {[]string{"--members=" + loopback(9) + ":8848", "--tls=/nowhere"}, "--tls: open /nowhere/ca.crt"},
		"a name without TLS":    {[]string{"--members=" + loopback(9) + ":8848", "--tls-server-name=x"}, "needs --tls"},
		"not a host at all":     {[]string{"--members=:x", "--timeout=1ms"}, "register on :x"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Main(t.Context(), append([]string{"check"}, tc.args...), new(bytes.Buffer), new(bytes.Buffer))
			requireSays(t, err, tc.says)
		})
	}
}
