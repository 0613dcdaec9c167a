package replica

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// dripping is a Transport whose peer gives a record at a time, five in all.
type dripping struct {
	Transport
	apart time.Duration
	ended chan error
}

func (d dripping) Load(
	ctx context.Context, from member.Address, _ []member.Address, take func([]*naming.Record, int) error,
) (bool, error) {
	const parts = 5
	for i := range parts {
		select {
		case <-ctx.Done():
			d.ended <- context.Cause(ctx)
			return false, context.Cause(ctx)
		case <-time.After(d.apart):
		}
		r := naming.Normal(naming.ClientID(fmt.Sprintf("1_x_%d", i)), naming.Issue(from, 1), nil)
		if err := take([]*naming.Record{r}, parts-1-i); err != nil {
			return false, err
		}
	}
	d.ended <- nil
	return true, nil
}

func TestALoadMayLastForAsLongAsPartsCome(t *testing.T) {
	tests := map[string]struct {
		apart time.Duration
		want  error
	}{
		"so often that all take longer than one may": {40 * time.Second, nil},
		"too rarely": {61 * time.Second, context.DeadlineExceeded},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := dripping{apart: tc.apart, ended: make(chan error, 8)}
				l := New(DefaultConfig(memberA), logr.Discard(), d, quiet{}, func(naming.ServiceKey) {})
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- l.Run(ctx) }()
				v := member.NewView(memberA, member.NewList(1, []member.Address{memberA, memberB}, nil),
					map[member.Address]member.State{memberB: member.Up})
				if err := l.SetMembers(ctx, v); err != nil {
					t.Fatal(err)
				}
				if err := <-d.ended; !errors.Is(err, tc.want) {
					t.Errorf("the load ended with %v, want %v", err, tc.want)
				}
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}
