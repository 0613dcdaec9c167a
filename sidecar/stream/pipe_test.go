package stream

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

const (
	here  member.Address = "a:8848"
	there member.Address = "b:8848"
)

var errCut = errors.New("cable is cut")

// cable is a pipe in memory with room for a few frames each way.
type cable struct {
	out, in chan []byte
	ctx     context.Context //nolint:containedctx // a pipe lives as long as its context
}

func (c cable) Send(f []byte) error {
	select {
	case c.out <- slices.Clone(f):
		return nil
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	}
}

func (c cable) Recv() ([]byte, error) {
	select {
	case f := <-c.in:
		return f, nil
	case <-c.ctx.Done():
		return nil, context.Cause(c.ctx)
	}
}

// desk is the replica behind a Receiver: it notes what comes and refuses what it
// is told to.
type desk struct {
	mu      sync.Mutex
	batches [][]naming.Change
	held    map[naming.ClientID]*naming.Record
	refuse  map[naming.ClientID]error
	stuck   chan struct{} // not nil: nothing is answered before it is closed
	list    []*naming.Record
}

func newDesk() *desk {
	return &desk{held: map[naming.ClientID]*naming.Record{}, refuse: map[naming.ClientID]error{}}
}

func (d *desk) Apply(ctx context.Context, _ member.Address, _ int64, changes []naming.Change) (errs []error, _ error) {
	d.mu.Lock()
	stuck := d.stuck
	d.mu.Unlock()
	if stuck != nil {
		select {
		case <-stuck:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.batches = append(d.batches, changes)
	for i, c := range changes {
		whole, err := c.Whole(d.held[c.Client])
		if refusal := d.refuse[c.Client]; err == nil && refusal != nil {
			err = refusal
		}
		switch {
		case err != nil:
			errs = append(errs, make([]error, len(changes)-len(errs))...)
			errs[i] = err
		case whole == nil:
			delete(d.held, c.Client)
		default:
			d.held[c.Client] = whole
		}
	}
	return errs, nil
}

func (d *desk) CompareDigest(_ context.Context, _ member.Address, root [16]byte) ([][16]byte, error) {
	if root == ([16]byte{}) {
		return nil, nil
	}
	return [][16]byte{root}, nil
}

func (d *desk) CompareBuckets(
	_ context.Context, _ member.Address, _ [16]byte, _ []uint8, _ []naming.Mark,
) ([]naming.ClientID, error) {
	return nil, naming.ErrStopped
}

func (d *desk) Remaining(context.Context) ([]*naming.Record, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.list), true, nil
}

// told returns how many changes came, and in how many batches.
func (d *desk) told() (changes, batches int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, b := range d.batches {
		changes += len(b)
	}
	return changes, len(d.batches)
}

// tally notes what is told of a Sender.
type tally struct {
	mu      sync.Mutex
	news    []bool
	frames  int
	resumed int
}

func (n *tally) note(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f()
}

func (n *tally) Framed(member.Address, int) { n.note(func() { n.frames++ }) }
func (n *tally) Resumed(member.Address)     { n.note(func() { n.resumed++ }) }
func (n *tally) up(up bool)                 { n.note(func() { n.news = append(n.news, up) }) }

// pair is a Sender and a Receiver with a cable between them.
type pair struct {
	t        *testing.T
	desk     *desk
	tally    *tally
	sender   *Sender
	receiver *Receiver
	epoch    int64 // of the receiving member
	cut      context.CancelCauseFunc
	ended    chan error // of the sender's Run
	taken    int        // changes that were
	failed   []error
}

func inPair(t *testing.T, test func(p *pair)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &pair{t: t, desk: newDesk(), tally: &tally{}, epoch: 1}
		p.restart()
		self := func() member.Node { return member.Node{Address: here, Epoch: 9, Clock: 7} }
		p.sender = NewSender(DefaultConfig(), there, self, p.tally, p.tally.up)
		test(p)
		p.unplug()
		p.sender.Fail(ErrDown)
	})
}

// restart makes the receiving member another incarnation.
func (p *pair) restart() {
	p.epoch++
	epoch := p.epoch
	p.receiver = NewReceiver(DefaultConfig(), func() member.Node { return member.Node{Address: there, Epoch: epoch} }, p.desk)
}

// plug joins both by a new cable; what ends the receiving side ends the cable.
func (p *pair) plug() {
	p.ended = make(chan error, 1)
	ctx, cut := context.WithCancelCause(p.t.Context())
	p.cut = cut
	go func() {
		p.ended <- p.sender.Run(ctx, func(ctx context.Context) (Pipe, error) {
			ctx, cut := context.WithCancelCause(ctx)
			near, far := make(chan []byte, 2), make(chan []byte, 2)
			go func() { cut(p.receiver.Serve(ctx, here, cable{far, near, ctx})) }()
			return cable{near, far, ctx}, nil
		}, func() {})
	}()
	settle()
}

// unplug cuts the cable.
func (p *pair) unplug() {
	p.cut(errCut)
	if err := <-p.ended; err == nil {
		p.t.Error("a stream ended without a reason")
	}
	synctest.Wait()
}

// post tells changes and notes what becomes of them.
func (p *pair) post(changes ...naming.Change) bool {
	return p.sender.Post(changes, func(errs []error) {
		p.taken += len(changes)
		for _, err := range errs {
			if err != nil {
				p.taken--
				p.failed = append(p.failed, err)
			}
		}
	})
}

func single(c naming.ClientID, version int64) naming.Change {
	return naming.Change{Client: c, Record: record(c, version, 1)}
}

// record publishes in so many services.
func record(c naming.ClientID, version int64, services int) *naming.Record {
	var list []naming.Publication
	for i := range services {
		list = append(list, naming.Publication{
			Service:   naming.ServiceKey{Namespace: "public", Group: "g", Name: string(rune('a' + i))},
			Instances: []naming.Instance{{IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT", Weight: 1}},
		})
	}
	return naming.Normal(c, naming.Issue(here, version), list)
}

// settle lets all be told that may be.
func settle() { elapse(time.Minute / 1000) }

// elapse lets d pass on the bubble's clock and then waits until all is quiet.
func elapse(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // fake clock: returns at once
	synctest.Wait()
}
