package nacosgrpc

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/push"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// FuzzRequest asks anything on both ports, without a network. Seeds are all messages
// that were recorded. Whatever it is, it is answered, in JSON, and not by a defect.
func FuzzRequest(f *testing.F) {
	paths, err := filepath.Glob("../wire/testdata/*/*.json")
	if err != nil || len(paths) == 0 {
		f.Fatalf("%d recordings, %v", len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		var m recorded
		if err := json.Unmarshal(text, &m); err != nil {
			f.Fatal(err)
		}
		f.Add(string(m.Type), []byte(m.Body), true)
		f.Add(string(m.Type), []byte(m.Body), false)
	}
	f.Fuzz(func(t *testing.T, kind string, body []byte, members bool) {
		w := newWorld(selfAddress)
		w.java = callerAddress
		var s *Server
		patterns := push.New(soonAgain, func(p naming.ServiceKey) *naming.View { return s.Matching(p) }, func(time.Duration, error) {})
		s = NewServer(DefaultConfig(), Deps{
			Registrar: w, Catalog: w, Subscriptions: hub{w}, Patterns: patterns, Inbox: w, Roster: w, Stream: w, Settings: w, NextID: w.nextID,
		})
		p := s.sdk
		if members {
			p = s.cluster
		}
		near, far := net.Pipe()
		defer near.Close()
		defer far.Close()
		c := newSession(p, near, p.stile.Enter("127.0.0.1"))
		if err := c.register(t.Context(), wire.Setup{Labels: map[string]string{"module": "naming"}}); err != nil {
			t.Fatal(err)
		}
		in := wire.Payload(wire.Kind(kind), body)
		if kind == string(wire.ServerReloadRequest) {
			return // which asks clients to go, on their streams
		}
		out := p.dispatch(t.Context(), c, in)
		answer := string(wire.Body(out))
		if !json.Valid(wire.Body(out)) || wire.KindOf(out) == "" {
			t.Errorf("%s %s", wire.KindOf(out), answer)
		}
		if strings.Contains(answer, "internal error") {
			t.Errorf("met a defect: %s", answer)
		}
		if members {
			return // they may have held it before
		}
		for _, service := range w.registry.Services() {
			if strings.ContainsFunc(service.String(), unicode.IsControl) {
				t.Errorf("registered %q", service)
			}
		}
		c.answered(wire.Body(in)) // as if it were an acknowledgement
	})
}
