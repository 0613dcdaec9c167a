// Command demo shows a naming cluster without Kubernetes: three members on
// loopback, instances registered over HTTP as Nacos 1.x clients do, one member
// killed, a change made meanwhile, the member back, and after each step the
// digests by which anybody can see that all members hold the same registry.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// patience bounds each step.
const patience = 30 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "naming-demo-")
	if err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	defer os.RemoveAll(dir)
	d := &demo{out: os.Stdout}

	d.say("Building the sidecar (a minute or two the first time).")
	program, err := loopback.Build(ctx, ".", dir)
	if err != nil {
		return err
	}
	startup, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if d.cluster, err = loopback.Start(ctx, startup, program, dir, 3); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.cluster.Kill()) }() // leaving politely takes seconds, and nobody is left to miss them
	d.say("Three members are ready, each its own process with a full replica:")
	for _, m := range d.cluster.Members {
		d.say("  %s  %s  (gRPC for SDKs on %s, status on %s/v1/status)", m.Name, m.Address(), m.GRPCAddress(), m.Admin())
	}
	d.say("  The list they share: %s", filepath.Join(dir, "cluster.conf"))
	return d.play(ctx)
}

// demo is one performance.
type demo struct {
	cluster *loopback.Cluster
	out     io.Writer
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

// play tells the story, step by step.
func (d *demo) play(ctx context.Context) error {
	first, second, victim := d.cluster.Members[0], d.cluster.Members[1], d.cluster.Members[2]
	steps := []struct {
		title string
		do    func(context.Context) error
	}{
		{"Register ten instances through " + first.Name, func(ctx context.Context) error {
			return d.register(ctx, first, 1, 10)
		}},
		{"Kill " + victim.Name + " without warning; the others notice", func(ctx context.Context) error {
			return d.kill(ctx, victim)
		}},
		{"Register ten more through " + second.Name + " while it is away", func(ctx context.Context) error {
			return d.register(ctx, second, 11, 20)
		}},
		{"Start " + victim.Name + " again: it loads everything before it is ready", func(ctx context.Context) error {
			return d.restart(ctx, victim)
		}},
	}
	for i, step := range steps {
		ctx, cancel := context.WithTimeout(ctx, patience)
		err := d.perform(ctx, fmt.Sprintf("%d. %s", i+1, step.title), step.do)
		cancel()
		if err != nil {
			return fmt.Errorf("%s: %w", step.title, err)
		}
	}
	d.say("\nAll members agree. With Kubernetes: make up.")
	return nil
}

func (d *demo) perform(ctx context.Context, title string, do func(context.Context) error) error {
	d.say("\n%s.", title)
	began := time.Now()
	if err := do(ctx); err != nil {
		return err
	}
	reports, err := d.cluster.WaitAgreed(ctx)
	if err != nil {
		return err
	}
	for _, r := range reports {
		d.say("   %s  digest %.12s  %2d instances (%d owned here)", r.Member, r.Digest, r.Instances, r.Owned)
	}
	d.say("   agreed after %s", time.Since(began).Round(time.Millisecond))
	return nil
}

// kill ends a member and waits until the others know that it is down: from then
// on they divide its share of the HTTP clients among themselves.
func (d *demo) kill(ctx context.Context, victim *loopback.Member) error {
	if err := victim.Kill(); err != nil {
		return err
	}
	return loopback.Until(ctx, "the others notice", func(ctx context.Context) error {
		for _, m := range d.cluster.Members {
			if !m.Running() {
				continue
			}
			status, err := m.Status(ctx)
			if err != nil {
				return err
			}
			for _, p := range status.Peers {
				if p.Member == victim.Address() && p.State != "DOWN" {
					return fmt.Errorf("%s takes it for %s: %w", m.Name, p.State, errUnnoticed)
				}
			}
		}
		return nil
	})
}

func (d *demo) restart(ctx context.Context, m *loopback.Member) error {
	if err := m.Start(context.WithoutCancel(ctx)); err != nil { // it outlives this step
		return err
	}
	return m.WaitReady(ctx)
}

// register publishes the service "greeter" at ports first to last of one host.
func (d *demo) register(ctx context.Context, m *loopback.Member, first, last int) error {
	for i := first; i <= last; i++ {
		form := url.Values{
			"serviceName": {"greeter"}, "ip": {"192.0.2.1"}, "port": {fmt.Sprint(8000 + i)}, "ephemeral": {"true"},
		}
		target := "http://" + m.Address() + "/nacos/v1/ns/instance"
		if i == first {
			d.say("   curl -X POST '%s?%s'", target, form.Encode())
		}
		if err := post(ctx, target, form); err != nil {
			return err
		}
	}
	return nil
}

func post(ctx context.Context, target string, form url.Values) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("register: %w: %s: %s", errRefused, resp.Status, body)
	}
	return nil
}

var (
	errRefused   = errors.New("refused")
	errUnnoticed = errors.New("not noticed yet")
)
