package pki

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"slices"
	"time"
)

// Overlap is how long clients have after a new authority was made until members
// show them certificates by it.
const Overlap = 7 * 24 * time.Hour

// most is how many authorities a bundle has at most.
const most = 4

// Authority signs the certificates of one cluster.
type Authority struct {
	Pair
	Previous Pair   // the one before, while certificates by it are in use
	Asked    string // the last request for a new authority that was followed
}

// Leaf is what members show, and the authorities that they trust, PEM: the
// newest first.
type Leaf struct {
	Pair
	Bundle []byte
	Asked  string // the last request for a new certificate that was followed
}

// State is all that there is of a cluster's certificates. A Leaf that is nil is
// not wanted.
type State struct {
	Authority Authority
	Members   *Leaf
	Clients   *Leaf
}

// Want is what certificates are to be like.
type Want struct {
	Name             string   // of the authority
	Members, Clients []string // names that certificates are to be good for; nil: none is wanted

	// A value that is not empty and differs from the last one asks for new ones.
	RotateLeaves, RotateAuthority string
}

// Shown is what one running member says of its certificates.
type Shown struct {
	Trusts   string    // fingerprint of its bundle
	NotAfter time.Time // of the certificate that it shows
}

// Seen has, for each use, what each running member says that has certificates for
// it. One that is silent says nothing and holds rotations up.
type Seen struct{ Members, Clients []Shown }

// Next returns what should exist now. A state in which nothing is due comes back
// as it is.
func (s State) Next(random io.Reader, want Want, seen Seen, now time.Time) (State, error) {
	authority, err := s.Authority.next(random, want, s.settled(), now)
	if err != nil {
		return State{}, err
	}
	out := State{Authority: authority}
	current := authority.parse().Leaf
	trusted := !slices.ContainsFunc(seen.Members, func(m Shown) bool { return m.Trusts != Fingerprint(authority.Cert) })
	patient := now.Sub(current.NotBefore) >= Overlap
	if want.Members != nil {
		wish := wish{names: want.Members, asked: want.RotateLeaves, move: trusted, shown: seen.Members}
		if out.Members, err = s.Members.next(random, authority, wish, now); err != nil {
			return State{}, err
		}
	}
	if want.Clients != nil {
		wish := wish{names: want.Clients, asked: want.RotateLeaves, move: patient, shown: seen.Clients}
		if out.Clients, err = s.Clients.next(random, authority, wish, now); err != nil {
			return State{}, err
		}
	}
	return out, nil
}

// settled reports whether nobody needs the authority before the current one.
func (s State) settled() bool {
	current := s.Authority.parse()
	for _, leaf := range []*Leaf{s.Members, s.Clients} {
		if leaf == nil || len(leaf.Cert) == 0 {
			continue
		}
		pair := leaf.parse()
		if pair == nil || current == nil || !by(pair.Leaf, current.Leaf) || len(certificates(leaf.Bundle)) != 1 {
			return false
		}
	}
	return true
}

// Rotating reports whether certificates are on their way to a new authority.
func (s State) Rotating() bool { return len(s.Authority.Previous.Cert) > 0 || !s.settled() }

// ClientsWait reports whether clients are still shown a certificate by an older
// authority, to have time to trust the new one.
func (s State) ClientsWait() bool {
	if s.Clients == nil {
		return false
	}
	current, pair := s.Authority.parse(), s.Clients.parse()
	return current != nil && pair != nil && !by(pair.Leaf, current.Leaf)
}

func (a Authority) next(random io.Reader, want Want, settled bool, now time.Time) (Authority, error) {
	current := a.parse()
	usable := current != nil && current.Leaf.IsCA && now.Before(current.Leaf.NotAfter)
	asked := want.RotateAuthority != "" && want.RotateAuthority != a.Asked
	idle := len(a.Previous.Cert) == 0
	if usable && (!idle || !asked && !due(current.Leaf, now)) {
		if settled {
			a.Previous = Pair{}
		}
		return a, nil
	}
	fresh, err := NewAuthority(random, want.Name, now)
	out := Authority{Pair: fresh, Asked: want.RotateAuthority}
	if usable {
		out.Previous = a.Pair
	}
	return out, err
}

// wish is what one certificate is to be like.
type wish struct {
	names []string
	asked string
	move  bool    // it may be by the current authority
	shown []Shown // by whom it must be shown before others are no longer trusted
}

// next returns the leaf as it should be; l is nil where there is none.
func (l *Leaf) next(random io.Reader, a Authority, w wish, now time.Time) (*Leaf, error) {
	out := Leaf{Asked: w.asked}
	if l != nil {
		out = *l
	}
	current, previous := a.parse(), a.Previous.parse()
	pair := out.parse()
	signer := current
	if !w.move && previous != nil && now.Before(previous.Leaf.NotAfter) {
		signer = previous
	}
	if out.stale(pair, current.Leaf, w, now) {
		usable := pair != nil && now.Before(pair.Leaf.NotAfter)
		if lost := !w.move && previous == nil; !lost || !usable || by(pair.Leaf, current.Leaf) {
			fresh, err := issue(random, signer, w.names, LifeOf(out.Cert).Until, now)
			if err != nil {
				return nil, err
			}
			out.Pair, out.Asked = fresh, w.asked
			pair = fresh.parse()
		}
	}
	out.Bundle = out.bundle(pair, current.Leaf, previous, w, l == nil, now)
	return &out, nil
}

// stale reports whether a certificate has to be replaced.
func (l Leaf) stale(pair *tls.Certificate, current *x509.Certificate, w wish, now time.Time) bool {
	return pair == nil || due(pair.Leaf, now) || !covers(pair.Leaf, w.names) ||
		w.asked != "" && w.asked != l.Asked || w.move && !by(pair.Leaf, current)
}

// bundle is whom members trust: the current authority, and those before it until
// every running member shows a certificate by the current one.
func (l Leaf) bundle(
	pair *tls.Certificate, current *x509.Certificate, previous *tls.Certificate, w wish, first bool, now time.Time,
) []byte {
	list := []*x509.Certificate{current}
	shown := !slices.ContainsFunc(w.shown, func(m Shown) bool { return !m.NotAfter.Equal(pair.Leaf.NotAfter) })
	if by(pair.Leaf, current) && (shown || first && previous == nil) {
		return join(list)
	}
	if previous != nil {
		list = append(list, previous.Leaf)
	}
	for _, c := range certificates(l.Bundle) {
		if now.Before(c.NotAfter) {
			list = append(list, c)
		}
	}
	return join(list[:min(len(list), most)])
}
