package membership

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// ErrStranger means that who came is no member of the list.
var ErrStranger = errors.New("not a member of the list")

// AdmitIP returns why a connection from ip is not one of a listed peer's, or nil.
// What counts is the list, its hints and what DNS says of its names, never what the
// other end says. It does not wait: on a miss the names are looked up, and who has
// just moved there is admitted when it tries again.
func (w *Watch) AdmitIP(ip string) error {
	if w.at(ip) {
		return nil
	}
	select {
	case w.missed <- struct{}{}:
	default:
	}
	return fmt.Errorf("address %s: %w", ip, ErrStranger)
}

func (w *Watch) at(ip string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for a, p := range w.peers {
		if same(a.Host(), ip) || same(w.list.Hint(a).IP, ip) ||
			slices.ContainsFunc(p.resolved, func(r string) bool { return same(r, ip) }) {
			return true
		}
	}
	return false
}

// same reports whether two texts are one IP.
func same(a, b string) bool {
	x, err := netip.ParseAddr(a)
	if err != nil {
		return false
	}
	y, err := netip.ParseAddr(b)
	return err == nil && x.Unmap() == y.Unmap()
}

// AdmitHost returns why none of the listed peers is one that valid says yes to by
// returning nil, as a certificate does for the hosts that it is for.
func (w *Watch) AdmitHost(valid func(host string) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for a := range w.peers {
		if valid(a.Host()) == nil {
			return nil
		}
	}
	return ErrStranger
}
