package stream

import "github.com/distro-naming/naming-operator/sidecar/naming"

// bases are the records that a peer was told last, of clients that publish in
// several services: of those only what is different is told. A record that is
// also the registry's present one costs no more than its place here.
type bases struct {
	of    map[naming.ClientID]*naming.Record
	holds int // publications
}

const (
	worthParting = 2       // publications: of fewer the whole is told
	mostHeld     = 1 << 16 // publications; which record goes for a new one is left to chance
)

// part returns what is to be told of a change: the difference, if the peer was
// told the record before and that is not known to be in vain.
func (b *bases) part(c naming.Change, whole bool) naming.Change {
	base := b.of[c.Client]
	if base != nil {
		b.drop(base)
	}
	if c.Record == nil || c.Record.Len() < worthParting {
		return c
	}
	b.keep(c.Record)
	if whole || base == nil {
		return c
	}
	return c.Record.Since(base)
}

func (b *bases) drop(r *naming.Record) {
	delete(b.of, r.Client)
	b.holds -= r.Len()
}

func (b *bases) keep(r *naming.Record) {
	for _, other := range b.of {
		if b.holds+r.Len() <= mostHeld {
			break
		}
		b.drop(other)
	}
	b.of[r.Client] = r
	b.holds += r.Len()
}

// clear forgets everything: what the peer was told may be lost.
func (b *bases) clear() { *b = bases{of: map[naming.ClientID]*naming.Record{}} }
