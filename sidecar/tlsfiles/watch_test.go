package tlsfiles

import (
	"context"
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/tlsfiles/tlstest"
)

// desk is a Watch that runs in a bubble, and the directory that it follows.
type desk struct {
	*Watch
	t       *testing.T
	dir     string
	ours    *tlstest.Authority
	changes atomic.Int64
}

var hosts = []string{"demo-0.demo-headless"}

func atDesk(t *testing.T, prepare func(d *desk), do func(d *desk)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{t: t, dir: dir, ours: tlstest.New(t, "ours")}
		prepare(d)
		cfg := DefaultConfig()
		cfg.Members, cfg.Policy = filepath.Join(dir, "members"), filepath.Join(dir, "policy")
		d.Watch = New(cfg, logr.Discard(), func() { d.changes.Add(1) })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- d.Run(ctx) }()
		do(d)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func (d *desk) issue(options ...tlstest.Option) {
	tlstest.Write(d.t, filepath.Join(d.dir, "members"), d.ours.Issue(hosts, options...), d.ours.Bundle)
}

func (d *desk) write(name, text string) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// after lets time pass in the bubble.
func (d *desk) after(span time.Duration) {
	<-time.After(span)
	synctest.Wait()
}

// last returns the status after the files were read once more.
func (d *desk) last() Status {
	d.after(d.cfg.Poll + time.Millisecond)
	s, _ := d.Status(Members)
	return s
}

// shown returns the certificate that a member is shown now.
func (d *desk) shown() *tls.Certificate {
	d.t.Helper()
	cfg, err := d.ClusterPort().Config(&tls.ClientHelloInfo{})
	if err != nil {
		d.t.Fatal(err)
	}
	return &cfg.Certificates[0]
}

func TestRenewedFilesAreInUseAtTheNextLook(t *testing.T) {
	atDesk(t, func(d *desk) { d.issue() }, func(d *desk) {
		before := d.shown()
		d.issue()
		if s := d.last(); s.Fault != "" || d.shown().Leaf.Equal(before.Leaf) || d.changes.Load() != 1 {
			t.Errorf("fault %q, %d changes; want the new certificate in use", s.Fault, d.changes.Load())
		}
		d.last()
		if n := d.changes.Load(); n != 1 {
			t.Errorf("%d changes were told of one", n)
		}
	})
}

func TestFaultyFilesKeepThePairThatThereIs(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(d *desk)
		want  string
	}{
		"half of a pair":    {func(d *desk) { d.write("members/..data/tls.crt", string(d.ours.Issue(hosts).Cert)) }, "write both files"},
		"truncated":         {func(d *desk) { d.write("members/..data/tls.key", "-----BEGIN") }, "write both files"},
		"too large":         {func(d *desk) { d.write("members/..data/ca.crt", strings.Repeat("x", 5<<20)) }, "larger than"},
		"gone":              {func(d *desk) { _ = os.Remove(filepath.Join(d.dir, "members/..data")) }, "no such file"},
		"expired":           {func(d *desk) { d.issue(tlstest.Expired) }, "renew it"},
		"of the future":     {func(d *desk) { d.issue(tlstest.Future) }, "not yet valid"},
		"an unknown policy": {func(d *desk) { d.write("policy", "members=Maybe") }, "want members="},
	} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(d *desk) { d.issue() }, func(d *desk) {
				before := d.shown()
				tc.spoil(d)
				if s := d.last(); !strings.Contains(s.Fault, tc.want) || s.Mode != Required {
					t.Errorf("status is %+v, want fault %q", s, tc.want)
				}
				if !d.shown().Leaf.Equal(before.Leaf) || d.changes.Load() != 0 {
					t.Error("the pair was replaced")
				}
				d.issue()
				d.write("policy", "members=Required")
				if s := d.last(); s.Fault != "" || d.shown().Leaf.Equal(before.Leaf) {
					t.Errorf("fault %q after the files were put right", s.Fault)
				}
			})
		})
	}
}

func TestAMemberStartsWithoutAPairAndTakesItWhenItComes(t *testing.T) {
	atDesk(t, func(*desk) {}, func(d *desk) {
		if s, on := d.Status(Members); !on || s.Fault == "" || !s.NotAfter.IsZero() {
			t.Errorf("status is %+v, %v; want a fault", s, on)
		}
		if _, _, err := d.Dial("demo-1", HTTP2); err == nil {
			t.Error("a member may be dialed that must be spoken to by TLS")
		}
		d.issue()
		if s := d.last(); s.Fault != "" || d.changes.Load() != 1 {
			t.Errorf("fault %q after it came", s.Fault)
		}
	})
}

func TestAnExpiredPairInUseIsAFault(t *testing.T) {
	atDesk(t, func(d *desk) { d.issue() }, func(d *desk) {
		d.after(61 * time.Minute)
		if s, _ := d.Status(Members); !strings.Contains(s.Fault, "expired at") || !strings.Contains(s.Fault, "renew it") {
			t.Errorf("fault is %q", s.Fault)
		}
	})
}

func TestThePolicyIsFollowed(t *testing.T) {
	atDesk(t, func(d *desk) { d.issue() }, func(d *desk) {
		if s := d.last(); s.Mode != Required {
			t.Errorf("without a file it is %s", s.Mode)
		}
		d.write("policy", "members=Permissive")
		if s := d.last(); s.Mode != Permissive || d.ClusterPort().Plain("10.0.0.1") != nil || d.changes.Load() != 1 {
			t.Errorf("status is %+v after it was permitted, %d changes", s, d.changes.Load())
		}
		if err := os.Remove(filepath.Join(d.dir, "policy")); err != nil {
			t.Fatal(err)
		}
		if s := d.last(); s.Mode != Permissive || s.Fault == "" {
			t.Errorf("status is %+v after the file went, want the mode kept and a fault", s)
		}
		d.write("policy", "members=Required")
		if s := d.last(); s.Mode != Required || s.Fault != "" || d.ClusterPort().Plain("10.0.0.1") == nil {
			t.Errorf("status is %+v after it was required", s)
		}
	})
}
