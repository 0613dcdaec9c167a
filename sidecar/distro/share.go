package distro

import (
	"iter"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Buckets is the number of parts into which the clients of one owner are divided,
// by a hash of the client's id, so that members find what they hold differently
// without telling each other everything.
const Buckets = 256

// record is what is known about one client. There may be a million: it is kept
// small, and is in exactly one share at a time.
type record struct {
	client   naming.ClientID
	owner    member.Address // of its stamp, as the version and the revision
	version  int64
	revision int32
	bucket   uint8
	kind     kind

	share      *share
	prev, next *record // in its chain
	since      instant // of a replica: when it was confirmed by itself last; else when it was last written or adopted here
}

func (r *record) stamp() naming.Stamp {
	return naming.Stamp{Owner: r.owner, Version: r.version, Revision: r.revision}
}

func (r *record) mark() naming.Mark { return naming.Mark{Client: r.client, Stamp: r.stamp()} }

// kind divides records by what ends their leases.
type kind uint8

const (
	connection kind = iota // of whatever incarnation of its owner
	fresh                  // a connection of its owner's incarnation
	relic                  // a connection that is older than it
	beating
	kinds = iota
)

// instant is a time as records keep it: nanoseconds since the first time that the
// engine was told, and one; 0 is never. It follows the clock that the shell's
// times follow, which for those of time.Now is the monotonic one.
type instant int64

// origin is the time that instants count from.
type origin struct{ time time.Time }

func (o origin) instant(t time.Time) instant { return instant(t.Sub(o.time)) + 1 }

func (o origin) at(i instant) time.Time { return o.time.Add(time.Duration(i - 1)) }

// share is what is held of one owner, with digests that follow each change at a
// cost that does not depend on how much is held. It says nothing about time but
// what the owner confirmed last.
type share struct {
	lessor *lessor // nil of what is owned here
	count  int
	root   Digest
	parts  [Buckets]bucket

	confirmed instant        // the owner has confirmed all that was in the share then
	oldest    [kinds]instant // the earliest of what confirms the records of a kind, but for confirmed; 0 without any
	stale     bool           // oldest must be found anew
}

// bucket is one part of a share.
type bucket struct {
	digest    Digest
	confirmed instant // the owner has confirmed all that was in the bucket then
	chains    [kinds]chain
}

// chain links records in order of since: a record that is confirmed goes to the
// back.
type chain struct{ first, last *record }

// add puts r, which is in no share, at the back of its chain.
func (s *share) add(r *record, plain Digest, now instant) {
	d := plain.versioned(r.stamp())
	part := &s.parts[r.bucket]
	part.digest, s.root = part.digest.Plus(d), s.root.Plus(d)
	s.count++
	r.share, r.since = s, now
	s.push(r)
}

// take removes r from its share.
func (s *share) take(r *record, plain Digest) {
	d := plain.versioned(r.stamp())
	part := &s.parts[r.bucket]
	part.digest, s.root = part.digest.minus(d), s.root.minus(d)
	s.count--
	s.unlink(r)
	r.share = nil
}

// renew moves r to the back of its chain.
func (s *share) renew(r *record, now instant) {
	r.since = now
	if r.next != nil || r.prev == nil {
		s.unlink(r)
		s.push(r)
	}
}

// kindOf returns the kind that a client has in this share.
func (s *share) kindOf(c naming.ClientID) kind {
	switch {
	case c.Beats():
		return beating
	case s.lessor != nil:
		return s.lessor.age(c)
	default:
		return connection
	}
}

func (s *share) push(r *record) {
	c := &s.parts[r.bucket].chains[r.kind]
	r.prev = c.last
	if c.last == nil {
		c.first, s.stale = r, true
	} else {
		c.last.next = r
	}
	c.last = r
}

func (s *share) unlink(r *record) {
	c := &s.parts[r.bucket].chains[r.kind]
	if r.prev == nil {
		c.first, s.stale = r.next, true
	} else {
		r.prev.next = r.next
	}
	if r.next == nil {
		c.last = r.prev
	} else {
		r.next.prev = r.prev
	}
	r.prev, r.next = nil, nil
}

// effective returns when the first record of a chain was last confirmed, by
// itself or with others.
func (s *share) effective(b *bucket, first *record) instant {
	return max(first.since, b.confirmed, s.confirmed)
}

// longest returns when that record of a kind was confirmed that has gone without
// it for longest; 0 without any.
func (s *share) longest(k kind) instant {
	if s.stale {
		s.find()
	}
	if s.oldest[k] == 0 {
		return 0
	}
	return max(s.oldest[k], s.confirmed)
}

func (s *share) find() {
	s.oldest, s.stale = [kinds]instant{}, false
	for i := range s.parts {
		b := &s.parts[i]
		for k, c := range b.chains {
			if c.first == nil {
				continue
			}
			if at := max(c.first.since, b.confirmed); s.oldest[k] == 0 || at < s.oldest[k] {
				s.oldest[k] = at
			}
		}
	}
}

// digests returns the digests of all buckets.
func (s *share) digests() *[Buckets]Digest {
	var out [Buckets]Digest
	for i := range s.parts {
		out[i] = s.parts[i].digest
	}
	return &out
}

// of returns the records of one bucket, in an order that depends on nothing but
// what happened.
func (s *share) of(bucket uint8) iter.Seq[*record] {
	return func(yield func(*record) bool) {
		for _, c := range s.parts[bucket].chains {
			for r := c.first; r != nil; r = r.next {
				if !yield(r) {
					return
				}
			}
		}
	}
}

// all returns the records of the share, in such an order.
func (s *share) all() iter.Seq[*record] {
	return func(yield func(*record) bool) {
		for i := range Buckets {
			for r := range s.of(uint8(i)) { //nolint:gosec // less than 256
				if !yield(r) {
					return
				}
			}
		}
	}
}
