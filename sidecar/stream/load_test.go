package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/distro-naming/naming-operator/sidecar/frame"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// donor is a Receiver that gives so many records, every second one of which it
// owns itself.
func donor(d *desk, n int, owners ...member.Address) *Receiver {
	for i := range n {
		c := naming.ClientID(fmt.Sprintf("1_a_%05d", i))
		r := record(c, int64(i+1), 1)
		r.Stamp.Owner = owners[i%len(owners)]
		d.list = append(d.list, r)
	}
	slices.Reverse(d.list) // they come in no order
	cfg := DefaultConfig()
	cfg.FrameBytes = 1 << 10
	return NewReceiver(cfg, func() member.Node { return member.Node{Address: there} }, d)
}

// giving returns how a peer is asked to give, over a pipe that breaks after so
// many frames; 0 for never.
func giving(r *Receiver, frames int) func(context.Context) (Pipe, error) {
	return func(ctx context.Context) (Pipe, error) {
		ctx, cut := context.WithCancelCause(ctx)
		near, far := make(chan []byte, 2), make(chan []byte, 2)
		go func() {
			if err := r.Give(ctx, here, cable{far, near, ctx}); err != nil {
				cut(err)
			}
		}()
		return &fragile{cable{near, far, ctx}, frames, cut}, nil
	}
}

// fragile is a pipe that breaks.
type fragile struct {
	cable
	left int
	cut  context.CancelCauseFunc
}

func (p *fragile) Recv() ([]byte, error) {
	f, err := p.cable.Recv()
	if p.left--; p.left == 0 {
		p.cut(errCut)
	}
	return f, err
}

// taken gathers what a Fetch hands on.
type taken []*naming.Record

func (l *taken) take(records []*naming.Record, _ int) error {
	*l = append(*l, records...)
	return nil
}

func (l *taken) clients() []naming.ClientID {
	var out []naming.ClientID
	for _, r := range *l {
		out = append(out, r.Client)
	}
	slices.Sort(out)
	return out
}

func TestSnapshotThatBrokeOffIsGoneOnWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		r := donor(d, 1000, there)
		var got taken
		ctx, load := t.Context(), frame.Load{Member: here}
		last, _, err := Fetch(ctx, DefaultConfig(), load, giving(r, 5), got.take)
		if !errors.Is(err, errCut) || len(got) == 0 || last != got[len(got)-1].Client {
			t.Fatalf("the first ended at %q with %d, %v", last, len(got), err)
		}
		synctest.Wait()
		load.After = last
		_, complete, err := Fetch(ctx, DefaultConfig(), load, giving(r, 0), got.take)
		if err != nil || !complete || len(got) != 1000 || len(slices.Compact(got.clients())) != 1000 {
			t.Errorf("%d records, complete %v, %v", len(got), complete, err)
		}
	})
}

func TestTwoDonorsGiveTheirOwnAndOneTakesOverForTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const third member.Address = "c:8848"
		d := newDesk()
		r := donor(d, 1000, there, third)
		var got taken
		ctx := t.Context()
		if _, _, err := Fetch(ctx, DefaultConfig(), frame.Load{Member: here, Except: []member.Address{third}}, giving(r, 0), got.take); err != nil {
			t.Fatal(err)
		}
		if len(got) != 500 {
			t.Errorf("%d records of one, want 500", len(got))
		}
		// The other dies midway, and the first one is asked for what is missing.
		last, _, err := Fetch(ctx, DefaultConfig(), frame.Load{Member: here, Except: []member.Address{there}}, giving(r, 5), got.take)
		if err == nil {
			t.Fatal("it did not die")
		}
		synctest.Wait()
		if _, _, err := Fetch(ctx, DefaultConfig(), frame.Load{Member: here, Except: []member.Address{there}, After: last}, giving(r, 0), got.take); err != nil {
			t.Fatal(err)
		}
		if all := got.clients(); len(all) != 1000 || len(slices.Compact(all)) != 1000 {
			t.Errorf("%d records, want each of 1000 once", len(all))
		}
	})
}

func TestSnapshotIsGivenOnceAtATimeAndToWhoIntroducedItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		r := donor(d, 10, there)
		var got taken
		if _, _, err := Fetch(t.Context(), DefaultConfig(), frame.Load{Member: "d:8848"}, giving(r, 0), got.take); !errors.Is(err, ErrRefused) {
			t.Errorf("to another: %v", err)
		}
		r.enter(here)
		if _, _, err := Fetch(t.Context(), DefaultConfig(), frame.Load{Member: here}, giving(r, 0), got.take); !errors.Is(err, naming.ErrBusy) {
			t.Errorf("at once with another: %v", err)
		}
	})
}

func TestDonorThatStopsGivingIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := func(ctx context.Context) (Pipe, error) {
			return cable{make(chan []byte, 1), make(chan []byte), ctx}, nil
		}
		var got taken
		if _, _, err := Fetch(t.Context(), DefaultConfig(), frame.Load{Member: here}, silent, got.take); !errors.Is(err, errStalled) {
			t.Errorf("ended with %v", err)
		}
	})
}
