package replica

import (
	"context"
	"fmt"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// summarize shows a peer the digest of what is owned here.
func (l *Loop) summarize(a distro.Summarize) {
	asking := call{a.To, "summarize", l.cfg.VerifyTimeout, time.Time{}}
	l.start(a.Ticket, asking, func(ctx context.Context) (distro.Result, error) {
		digests, err := l.transport.Summarize(ctx, a.To, a.Root.Bytes())
		if err != nil || digests == nil {
			return distro.Result{}, err
		}
		if len(digests) != distro.Buckets {
			return distro.Result{}, fmt.Errorf("%s answered with %d digests: want %d", a.To, len(digests), distro.Buckets)
		}
		var buckets [distro.Buckets]distro.Digest
		for i, d := range digests {
			buckets[i] = distro.DigestOf(d)
		}
		return distro.Result{Buckets: &buckets}, nil
	})
}

// detail shows a peer what is owned here where its digests differ.
func (l *Loop) detail(a distro.Detail) {
	asking := call{a.To, "detail", l.cfg.VerifyTimeout, time.Time{}}
	l.start(a.Ticket, asking, func(ctx context.Context) (distro.Result, error) {
		different, err := l.transport.Detail(ctx, a.To, a.Held.Bytes(), a.Buckets, a.Marks)
		return distro.Result{Different: different}, err
	})
}

// CompareDigest answers a peer that shows the digest of all it owns: nil when it
// is the same here, otherwise the digests of the buckets of what is held of it.
func (l *Loop) CompareDigest(ctx context.Context, from member.Address, root [16]byte) ([][16]byte, error) {
	var digests [][16]byte
	err := l.call(ctx, func(now time.Time) error {
		buckets := l.engine.CompareDigest(now, from, distro.DigestOf(root))
		if buckets == nil {
			return nil
		}
		digests = make([][16]byte, 0, len(buckets))
		for _, d := range buckets {
			digests = append(digests, d.Bytes())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return digests, nil
}

// CompareBuckets answers a peer that shows what it owns in some buckets: it
// returns the clients that are unknown or different here. held is what the answer
// to CompareDigest adds up to that named the buckets.
func (l *Loop) CompareBuckets(
	ctx context.Context, from member.Address, held [16]byte, buckets []uint8, marks []naming.Mark,
) ([]naming.ClientID, error) {
	var different []naming.ClientID
	err := l.call(ctx, func(now time.Time) error {
		different = l.engine.CompareBuckets(now, from, distro.DigestOf(held), buckets, marks)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return different, nil
}
