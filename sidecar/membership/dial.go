package membership

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// Resolver is what this package needs of DNS; net.Resolver is one.
type Resolver interface {
	LookupHost(ctx context.Context, host string) ([]string, error)
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

// stagger is how long one candidate may keep the next from being tried. An IP
// of a pod that is gone answers nothing at all, so candidates overlap.
const stagger = 300 * time.Millisecond

// lookupTimeout bounds one look-up.
const lookupTimeout = 2 * time.Second

// Dial connects to a port of a peer. It tries, overlapping, the IP from which
// the peer introduced itself, the list's hint, what DNS says and where it last
// answered; those that failed since the last success come last. Whoever answers
// is not yet proven to be the peer: the caller asks.
func (w *Watch) Dial(ctx context.Context, to member.Address, port int) (net.Conn, error) {
	candidates := w.candidates(ctx, to)
	if len(candidates) == 0 {
		return nil, fmt.Errorf("find %s: no address from the member list, DNS or an introduction", to)
	}
	conn, err := race(ctx, w.cfg.From, candidates, port)
	if err != nil {
		return nil, err
	}
	ip, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
	w.mu.Lock()
	if p := w.peers[to]; p != nil {
		p.dialed = ip
	}
	w.mu.Unlock()
	return conn, nil
}

// candidates returns the IPs to try, best first. DNS is asked at once when
// nothing untried is left; otherwise the regular look-ups keep it fresh enough.
func (w *Watch) candidates(ctx context.Context, to member.Address) []string {
	if isIP(to.Host()) {
		return []string{to.Host()}
	}
	untried, failed := w.known(to)
	if len(untried) == 0 {
		if ips := w.lookup(ctx, to); len(ips) > 0 {
			w.resolvedTo(to, ips)
		}
		untried, failed = w.known(to)
	}
	return append(untried, failed...)
}

// known returns the IPs of a peer that did not fail since it last answered, and
// those that did, each best first.
func (w *Watch) known(to member.Address) (untried, failed []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.peers[to]
	if p == nil {
		return nil, nil
	}
	all := append([]string{p.introduced, w.list.Hint(to).IP}, p.resolved...)
	for _, ip := range append(all, p.good) {
		switch {
		case ip == "" || slices.Contains(untried, ip) || slices.Contains(failed, ip):
		case p.demoted[ip]:
			failed = append(failed, ip)
		default:
			untried = append(untried, ip)
		}
	}
	return untried, failed
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

func (w *Watch) lookup(ctx context.Context, to member.Address) []string {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	ips, err := w.resolver.LookupHost(ctx, to.Host())
	if err != nil {
		w.log.V(1).Info("name not found", "peer", to, "reason", err.Error())
	}
	return ips
}

// race dials the candidates one after the other, each a stagger later than the
// one before or as soon as that failed, and returns the first connection. The
// error is that of a refusal if there was one, since a refusal proves most.
func race(ctx context.Context, from net.IP, candidates []string, port int) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		conn net.Conn
		err  error
	}
	results := make(chan result, len(candidates))
	started, failed := 0, 0
	var d net.Dialer
	if from != nil {
		d.LocalAddr = &net.TCPAddr{IP: from}
	}
	start := func() {
		address := net.JoinHostPort(candidates[started], strconv.Itoa(port))
		started++
		go func() {
			conn, err := d.DialContext(ctx, "tcp", address)
			results <- result{conn, err}
		}()
	}
	var errs []error
	start()
	for {
		var next <-chan time.Time
		if started < len(candidates) {
			next = time.After(stagger)
		}
		select {
		case <-next:
			start()
		case r := <-results:
			if r.err == nil {
				cancel()
				go func(rest int) { // connections that were made too late
					for range rest {
						if late := <-results; late.conn != nil {
							late.conn.Close()
						}
					}
				}(started - failed - 1)
				return r.conn, nil
			}
			failed++
			errs = append(errs, r.err)
			if failed == len(candidates) {
				return nil, errors.Join(errs...)
			}
			if started < len(candidates) {
				start()
			}
		}
	}
}
