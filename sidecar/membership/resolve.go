package membership

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// portName is the headless Service's name for the main port, as SRV records
// carry it.
const portName = "http"

// restBetween is the least time between two rounds of look-ups: strangers may cause
// them, and come as often as they like.
const restBetween = time.Second

// resolveForever keeps the IPs of peers fresh. One SRV query of the headless
// Service tells which pods exist at all; only their names are then looked up.
func (w *Watch) resolveForever(ctx context.Context) {
	tick := time.NewTicker(w.cfg.Resolve)
	defer tick.Stop()
	for {
		w.resolveOnce(ctx)
		rest := time.NewTimer(restBetween)
		select {
		case <-ctx.Done():
		case <-rest.C:
		}
		select {
		case <-ctx.Done():
			rest.Stop()
			return
		case <-tick.C:
		case <-w.missed:
		}
	}
}

func (w *Watch) resolveOnce(ctx context.Context) {
	published, known := w.published(ctx)
	for _, peer := range w.named() {
		if known && !slices.ContainsFunc(published, func(t string) bool { return sameHost(t, peer) }) {
			continue
		}
		if ips := w.lookup(ctx, peer); len(ips) > 0 {
			w.resolvedTo(peer, ips)
		}
	}
}

// published returns the targets of the headless Service's SRV records. known is
// false when there is no such Service or the look-up failed.
func (w *Watch) published(ctx context.Context) (targets []string, known bool) {
	if w.cfg.HeadlessService == "" {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	_, records, err := w.resolver.LookupSRV(ctx, portName, "tcp", w.cfg.HeadlessService)
	if err != nil {
		w.log.V(1).Info("headless service not resolved", "service", w.cfg.HeadlessService, "reason", err.Error())
		return nil, false
	}
	for _, r := range records {
		targets = append(targets, r.Target)
	}
	return targets, true
}

// sameHost reports whether an SRV target, which ends in the cluster's domain,
// is the pod that the address names without it.
func sameHost(target string, a member.Address) bool {
	return strings.HasPrefix(strings.ToLower(target), a.Host()+".")
}

// named returns the peers whose address is a name, in order.
func (w *Watch) named() []member.Address {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(w.list.Without(w.cfg.Self), func(a member.Address) bool {
		return isIP(a.Host())
	})
}

func (w *Watch) resolvedTo(a member.Address, ips []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.peers[a]
	if p == nil || slices.Equal(p.resolved, ips) {
		return
	}
	p.resolved = ips
	for _, ip := range ips {
		delete(p.demoted, ip) // DNS says so anew: worth another try
	}
}
