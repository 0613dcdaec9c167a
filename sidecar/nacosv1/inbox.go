package nacosv1

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Datums takes the lists that a member of 1.x sends from ip. It does not say who
// it is: each list is taken as that of the member that owns the service, or else
// of the only one that it can be from.
func (x *Exchange) Datums(ctx context.Context, ip string, body []byte) error {
	x.mu.Lock()
	view := x.view
	x.mu.Unlock()
	sender := x.at(ip, view)
	if len(view.PeersOfV1()) == 0 {
		return nil // as far as is known
	}
	return x.receive(ctx, sender, body, func(s naming.ServiceKey) member.Address {
		if owner, v1 := x.deps.Catalog.ServiceOwner(s); v1 {
			return owner
		}
		return sender
	})
}

// at returns the only member of 1.x that is at ip, or "". One that is there and
// was not known to be of 1.x is asked.
func (x *Exchange) at(ip string, view member.View) (found member.Address) {
	several := false
	for _, a := range x.deps.Roster.At(ip) {
		if !view.V1(a) {
			if j := x.judge(a); j != nil && !x.deps.Roster.Ours(a) {
				j.hurry()
			}
			continue
		}
		several = found != ""
		found = a
	}
	if several {
		return ""
	}
	return found
}

// receive offers lists to the registry, each as that of the member that of names,
// if it does.
func (x *Exchange) receive(
	ctx context.Context, sender member.Address, body []byte, of func(naming.ServiceKey) member.Address,
) error {
	lists, err := wire.DecodeDatums(body)
	if errors.Is(err, wire.ErrSkipped) {
		x.cfg.Log.Info("left out faulty lists", "member", sender, "error", err.Error())
		err = nil
	}
	if err != nil {
		return err
	}
	for _, d := range lists {
		from := of(d.Service)
		if from == "" {
			continue
		}
		if err := x.deps.Inbox.Receive(ctx, from, d.Record(from)); err != nil {
			return fmt.Errorf("take list of %s from %s: %w", d.Service, from, err)
		}
	}
	return nil
}

// Checksums compares what a member of 1.x says it owns, and asks it for what is
// different or unknown. It returns before the answer is there.
func (x *Exchange) Checksums(ctx context.Context, source member.Address, sums map[naming.ServiceKey]string) error {
	l := x.link(source)
	if l == nil {
		if j := x.judge(source); j != nil && !x.deps.Roster.Ours(source) {
			j.hurry()
		}
		return nil
	}
	revisions := make(map[naming.ServiceKey]int32, len(sums))
	for s, sum := range sums {
		revisions[s] = wire.Revision(sum)
	}
	different, err := x.deps.Inbox.CompareDatums(ctx, source, revisions)
	if err != nil || len(different) == 0 {
		return err
	}
	select {
	case l.lacks <- different:
	default: // it is asked already, and will say again what differs then
	}
	return nil
}

// fetchAll asks the member for what differs, one question after the other.
func (l *link) fetchAll(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case services := <-l.lacks:
			l.fetch(ctx, services)
		}
	}
}

func (l *link) fetch(ctx context.Context, services []naming.ServiceKey) {
	for batch := range slices.Chunk(services, l.x.cfg.Batch) {
		body, err := l.x.tell(ctx, l.to, call{
			method: http.MethodGet, path: wire.DatumPath, body: wire.DatumQuery(batch), large: true,
		})
		if err == nil {
			err = l.x.receive(ctx, l.to, body, func(naming.ServiceKey) member.Address { return l.to })
		}
		if err != nil {
			l.x.cfg.Log.V(1).Info("lists not fetched", "member", l.to, "reason", err.Error())
			return
		}
	}
}

// AwaitLoaded returns when all that a member of 1.x knows was taken over, or with
// an error if that will not be.
func (x *Exchange) AwaitLoaded(ctx context.Context, from member.Address) error {
	l := x.link(from)
	for ; l == nil; l = x.link(from) { // it was judged, and the view is yet to say so
		if j := x.judge(from); j == nil || !j.v1.Load() {
			return fmt.Errorf("load from %s: %w", from, errNotOf1x)
		}
		if !sleep(ctx, viewWithin) {
			return fmt.Errorf("load from %s: %w", from, context.Cause(ctx))
		}
	}
	select {
	case <-l.loaded:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("load from %s: %w", from, context.Cause(ctx))
	}
}

// viewWithin is about how long it takes until the view follows a judgement.
const viewWithin = 10 * time.Millisecond

var errNotOf1x = errors.New("it does not replicate as 1.x any more")
