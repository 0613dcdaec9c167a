package gate

import (
	"context"

	"github.com/distro-naming/naming-operator/sidecar/auth"
)

// Login makes a token for who shows a password, from an address.
func (g *Gate) Login(ctx context.Context, ip, name, password string) (auth.Session, error) {
	u, err := g.check(ctx, ip, name, password)
	if err != nil {
		g.observer.Login(auth.Reason(err))
		return auth.Session{}, err
	}
	now, b := g.now(), g.book.Load()
	token, err := b.signer(now).Issue(u.Name, now, g.cfg.TokenTTL)
	if err != nil {
		return auth.Session{}, err
	}
	g.observer.Login("ok")
	return auth.Session{Token: token, TTL: g.cfg.TokenTTL, Name: u.Name, Admin: u.Admin}, nil
}

// check returns the user of a password. It takes a place for the time that it costs,
// and refuses at once where too many wait or too many were wrong.
func (g *Gate) check(ctx context.Context, ip, name, password string) (*auth.User, error) {
	if len(name) > auth.MostName {
		name = "" // nobody's either, and does not fill the memory
	}
	b := g.book.Load()
	if u := b.users[name]; u != nil && g.memory.knows(b, name, password) {
		return u, nil
	}
	if !g.memory.may(ip, name, g.now()) {
		return nil, auth.ErrPaced
	}
	select {
	case g.queue <- struct{}{}:
		defer func() { <-g.queue }()
	default:
		return nil, auth.ErrBusy
	}
	select {
	case g.checks <- struct{}{}:
		defer func() { <-g.checks }()
	case <-ctx.Done():
		return nil, auth.ErrBusy
	}
	if u := b.users[name]; u != nil && g.memory.knows(b, name, password) {
		return u, nil // somebody before in the queue had the same
	}
	if !g.memory.may(ip, name, g.now()) {
		return nil, auth.ErrPaced
	}
	u, err := b.users.Check(name, password)
	if err != nil {
		g.memory.erred(ip, name, g.now())
		return nil, err
	}
	g.memory.learn(b, name, password)
	return u, nil
}
