package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"
)

// beater is a client of Nacos 1.x: it registers one instance over HTTP and sends
// beats for it, each with all that is known of it, to whichever of its members
// answers.
type beater struct {
	t       *testing.T
	service string
	members []string
	cancel  context.CancelFunc
	ended   chan struct{}

	mu       sync.Mutex
	instance instance
}

// beatEvery is quicker than clients beat by themselves, as all is here.
const beatEvery = 2 * time.Second

// beat starts a client of the members given, the first of which takes its
// registration. It ends with the test at the latest.
func beat(t *testing.T, service string, i instance, members ...string) *beater {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	b := &beater{t: t, service: service, members: members, instance: i, cancel: cancel, ended: make(chan struct{})}
	write(t, http.MethodPost, members[0], i.form(service))
	go b.run(ctx)
	t.Cleanup(b.die)
	return b
}

func (b *beater) run(ctx context.Context) {
	defer close(b.ended)
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			b.once(ctx)
		}
	}
}

// once beats at the first member that takes it.
func (b *beater) once(ctx context.Context) {
	b.mu.Lock()
	i := b.instance
	b.mu.Unlock()
	for _, m := range b.members {
		ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
		_, err := ask(ctx, http.MethodPut, m, beatPath, i.beatForm(b.service))
		cancel()
		if err == nil {
			return
		}
	}
}

func (i instance) beatForm(service string) url.Values {
	text, _ := json.Marshal(map[string]any{ // plain values
		"ip": i.IP, "port": i.Port, "weight": i.Weight, "serviceName": "DEFAULT_GROUP@@" + service,
		"cluster": "DEFAULT", "metadata": i.Metadata, "scheduled": true,
	})
	return url.Values{"serviceName": {"DEFAULT_GROUP@@" + service}, "beat": {string(text)}}
}

// change registers the instance anew with other content, at any of the members.
func (b *beater) change(at string, i instance) {
	b.t.Helper()
	b.mu.Lock()
	b.instance = i
	b.mu.Unlock()
	write(b.t, http.MethodPost, at, i.form(b.service))
}

// leave deregisters and ends the client.
func (b *beater) leave(at string) {
	b.t.Helper()
	b.die()
	write(b.t, http.MethodDelete, at, b.instance.form(b.service))
}

// die ends the client without a word.
func (b *beater) die() {
	b.cancel()
	<-b.ended
}

// beaters are clients of one instance, one in each service of spread.
type beaters []*beater

func (c *cluster) beats(i instance, members ...string) (out beaters) {
	c.t.Helper()
	for _, s := range spread {
		out = append(out, beat(c.t, s, i, members...))
	}
	return out
}

func (all beaters) leave(at string) {
	for _, b := range all {
		b.t.Helper()
		b.leave(at)
	}
}

// requireTransport waits until every member of ours that runs tells the Java
// servers that run in that way.
func (c *cluster) requireTransport(want string) {
	c.t.Helper()
	for _, o := range c.ours {
		if !o.Running() {
			continue
		}
		until(c.t, o.Name+" tells Java by "+want, func() error {
			status, err := o.Status(c.t.Context())
			if err != nil {
				return err
			}
			for _, p := range status.Peers {
				if c.java(p.Member) != nil && (p.Transport == "v1") != (want == "v1") {
					return fmt.Errorf("%s by %q: %s", p.Member, p.Transport, p.Error)
				}
			}
			return nil
		})
	}
}

// java returns the running Java server of an address, or nil.
func (c *cluster) java(address string) *javaMember {
	for _, j := range c.javas {
		if j.address() == address && j.running() {
			return j
		}
	}
	return nil
}
