package gate

import (
	"context"

	"github.com/distro-naming/naming-operator/sidecar/auth"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// Judge returns a pass for a caller that may do what is needed, or why not. While the
// mode is Permissive everybody passes, and who would not otherwise is excused.
func (g *Gate) Judge(ctx context.Context, c auth.Caller, need auth.Need) (*auth.Pass, error) {
	if need.Right == auth.Open {
		return c.Seen, nil
	}
	pass, err := g.identify(ctx, c)
	if err == nil {
		if u := g.book.Load().users[pass.Name]; u == nil {
			err = auth.ErrNobody
		} else if !u.May(need) {
			err = auth.ErrRight
		}
	}
	if err == nil {
		return pass, nil
	}
	g.observer.Denied(auth.Reason(err))
	if g.policy.Load().Auth == Required {
		return nil, err
	}
	return &auth.Pass{Excused: true}, nil
}

// identify says who calls. What was seen before is not read again.
func (g *Gate) identify(ctx context.Context, c auth.Caller) (*auth.Pass, error) {
	now, b := g.now(), g.book.Load()
	switch {
	case c.Ambiguous:
		return nil, auth.ErrTwice
	case c.Token == "" && c.Name != "":
		u, err := g.check(ctx, c.IP, c.Name, c.Password)
		if err != nil {
			return nil, err
		}
		return &auth.Pass{Name: u.Name}, nil
	case c.Token == "":
		return nil, auth.ErrMissing
	case c.Seen != nil && c.Seen.Token == c.Token && c.Seen.Revision == b.revision && now.Before(c.Seen.Until):
		return c.Seen, nil
	}
	said, err := auth.Verify(c.Token, b.keys, now)
	if err != nil {
		return nil, err
	}
	return &auth.Pass{Name: said.Name, Token: c.Token, Until: said.Until, Revision: b.revision}, nil
}

// Keeps returns why a connection with this pass would not be let in now, or nil.
func (g *Gate) Keeps(p *auth.Pass) error {
	switch {
	case p == nil:
		return nil
	case p.Excused && p.Member && g.policy.Load().Members == Required:
		return auth.ErrStranger
	case p.Excused && !p.Member && g.policy.Load().Auth == Required:
		return auth.ErrMissing
	case p.Name != "" && g.book.Load().users[p.Name] == nil:
		return auth.ErrNobody
	}
	return nil
}

// Members' proof: all who mount the directory can derive it from a key, nobody else.
const (
	proofHeader  = "distro-identity"
	proofPurpose = "naming: member"
)

// Shown is what this member puts on its calls of other members.
func (g *Gate) Shown() []wire.Identity {
	out := []wire.Identity{{Key: proofHeader, Value: g.book.Load().shown(g.now())}}
	if g.shown.Key != "" {
		out = append(out, g.shown)
	}
	return out
}

// Sign implements wire.Credentials.
func (g *Gate) Sign(p *nacospb.Payload) *nacospb.Payload { return wire.Show(g.Shown(), p) }

// Knows reports whether who sent these headers is proven to be a member.
func (g *Gate) Knows(header func(name string) string) bool {
	proof := header(proofHeader)
	known := g.shown.Knows(header)
	for _, right := range g.book.Load().taken(g.now()) {
		if (wire.Identity{Value: right}).Is(proof) {
			known = true // and goes on: each is compared, whichever it is
		}
	}
	return known
}

// Admits reports whether who sent these headers may say what members say. Who shows
// another identity than that of the cluster may not in any mode: it is of another
// cluster, or set up wrongly.
func (g *Gate) Admits(header func(name string) string) bool {
	if g.Knows(header) {
		return true
	}
	g.observer.Denied(auth.ErrStranger.Reason)
	return g.policy.Load().Members == Permissive && !g.shown.Contradicts(header)
}

// Status is how auth stands.
type Status struct {
	Mode     Mode // of users
	Members  Mode
	Revision string // of the files in use; equal where they are
	Users    int
	Keys     int
	Fault    string // why the newest files are not in use
}

// Status returns how auth stands.
func (g *Gate) Status() Status {
	b := g.book.Load()
	p := g.policy.Load()
	s := Status{Mode: p.Auth, Members: p.Members, Revision: b.revision, Users: len(b.users), Keys: len(b.keys)}
	g.mu.Lock()
	defer g.mu.Unlock()
	if s.Fault = g.faults[0]; s.Fault == "" {
		s.Fault = g.faults[1]
	}
	return s
}
