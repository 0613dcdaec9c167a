package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/test/clients/sdk"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// visit is one tour: a publisher on the first member, a reader on each other
// one, a subscriber on the last.
type visit struct {
	options
	out       io.Writer
	publisher *sdk.Client
	readers   []*sdk.Client
	pushed    <-chan []sdk.Instance
}

func tour(ctx context.Context, dir string, o options, out io.Writer) error {
	v := &visit{options: o, out: out}
	defer v.close()
	if err := v.connect(ctx, dir); err != nil {
		return err
	}
	greeter := sdk.Instance{IP: "192.0.2.10", Port: 8080, Metadata: map[string]string{"version": "1"}}
	heavier := greeter
	heavier.Weight, heavier.Metadata = 3, map[string]string{"version": "2"}

	steps := []struct {
		title string
		do    func() error
		want  func([]sdk.Instance) error
	}{
		{"register", func() error { return v.publisher.Register(o.service, greeter) }, listed(greeter)},
		{"change weight and metadata", func() error { return v.publisher.Register(o.service, heavier) }, listed(heavier)},
		{"deregister", func() error { return v.publisher.Deregister(o.service, greeter) }, nobody},
		{"register again", func() error { return v.publisher.Register(o.service, greeter) }, listed(greeter)},
		{"close the client", func() error { v.publisher.Close(); return nil }, nobody},
	}
	for i, step := range steps {
		fmt.Fprintf(out, "%d. %s: %s %s on %s\n", i+1, step.title, o.service, greeter.Endpoint(), o.register)
		if err := v.step(ctx, step.do, step.want); err != nil {
			return fmt.Errorf("%s: %w", step.title, err)
		}
	}
	fmt.Fprintln(out, "All members agreed at every step.")
	return nil
}

func (v *visit) connect(ctx context.Context, dir string) (err error) {
	if v.publisher, err = v.open(ctx, filepath.Join(dir, "publisher"), v.register); err != nil {
		return err
	}
	for i, address := range strings.Split(v.read, ",") {
		c, err := v.open(ctx, filepath.Join(dir, fmt.Sprintf("reader-%d", i)), address)
		if err != nil {
			return err
		}
		v.readers = append(v.readers, c)
	}
	last := v.readers[len(v.readers)-1]
	if v.pushed, err = last.Watch(v.service); err != nil {
		return err
	}
	fmt.Fprintf(v.out, "Connected to %s; subscribed to %s on %s.\n", v.register, v.service, last.Member)
	return nil
}

func (v *visit) close() {
	if v.publisher != nil {
		v.publisher.Close()
	}
	for _, r := range v.readers {
		r.Close()
	}
}

// step does something and waits until it is pushed to the subscriber and
// listed by every reader.
func (v *visit) step(ctx context.Context, do func() error, want func([]sdk.Instance) error) error {
	ctx, cancel := context.WithTimeout(ctx, v.timeout)
	defer cancel()
	began := time.Now()
	if err := do(); err != nil {
		return err
	}
	last := v.readers[len(v.readers)-1].Member
	if err := v.waitPushed(ctx, want); err != nil {
		return fmt.Errorf("push from %s: %w", last, err)
	}
	fmt.Fprintf(v.out, "   pushed by %s after %s\n", last, time.Since(began).Round(time.Millisecond))
	for _, r := range v.readers {
		err := loopback.Until(ctx, "listed by "+r.Member, func(context.Context) error {
			list, err := r.List(v.service)
			if err != nil {
				return err
			}
			return want(list)
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(v.out, "   listed by %s\n", r.Member)
	}
	return nil
}

func (v *visit) waitPushed(ctx context.Context, want func([]sdk.Instance) error) error {
	last := errNothing
	for {
		select {
		case list := <-v.pushed:
			if last = want(list); last == nil {
				return nil
			}
		case <-ctx.Done():
			return fmt.Errorf("%w; the last list: %w", context.Cause(ctx), last)
		}
	}
}

var (
	errNothing  = errors.New("nothing was pushed")
	errListed   = errors.New("still listed")
	errUnlisted = errors.New("not listed as published")
)

func nobody(list []sdk.Instance) error {
	if len(list) > 0 {
		return fmt.Errorf("%w: %v", errListed, sdk.Endpoints(list))
	}
	return nil
}

func listed(want sdk.Instance) func([]sdk.Instance) error {
	return func(list []sdk.Instance) error {
		for _, got := range list {
			if got.Endpoint() == want.Endpoint() && maps.Equal(got.Metadata, want.Metadata) &&
				(want.Weight == 0 || got.Weight == want.Weight) && got.Healthy {
				return nil
			}
		}
		return fmt.Errorf("%w: %+v in %+v", errUnlisted, want, list)
	}
}
