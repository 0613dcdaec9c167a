package sidecar

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/membership"
	"github.com/distro-naming/naming-operator/sidecar/metrics"
	"github.com/distro-naming/naming-operator/sidecar/nacosgrpc"
	"github.com/distro-naming/naming-operator/sidecar/report"
	"github.com/distro-naming/naming-operator/sidecar/secure"
	"github.com/distro-naming/naming-operator/sidecar/tlsfiles"
)

// graceToRenew is how long a connection stays that would not be taken any more.
const graceToRenew = 10 * time.Second

// protection is what stands between the ports and whoever comes: TLS by the files
// and the policy, and the list of members.
type protection struct {
	*membership.Watch // routes to members, but for the way of dialing

	strict  bool
	log     logr.Logger
	metrics *metrics.Metrics
	files   *tlsfiles.Watch
	dialer  *secure.Dialer
	changed chan struct{} // what is taken has changed

	mu     sync.Mutex
	ports  map[tlsfiles.Use][]*secure.Listener
	listed member.List
	blamed map[string]bool // addresses that the log names already, and by what they were refused
}

func newProtection(cfg Config, watch *membership.Watch, m *metrics.Metrics, log logr.Logger) *protection {
	p := &protection{
		Watch: watch, strict: cfg.StrictPeers, log: log, metrics: m, changed: make(chan struct{}, 1),
		ports: map[tlsfiles.Use][]*secure.Listener{}, blamed: map[string]bool{},
	}
	files := tlsfiles.DefaultConfig()
	files.Members, files.Clients, files.Policy = cfg.TLSMembers, cfg.TLSClients, cfg.TLSPolicy
	p.files = tlsfiles.New(files, log, p.review)
	p.dialer = &secure.Dialer{Connect: watch.Dial, Terms: p.dialTerms, Use: string(tlsfiles.Members), Observer: m}
	return p
}

// Dial connects to a member in the way that members speak now.
func (p *protection) Dial(ctx context.Context, to member.Address, port int) (net.Conn, error) {
	return p.dialer.Dial(ctx, to, port)
}

func (p *protection) dialTerms(to member.Address, port int) (secure.Offer, error) {
	proto := tlsfiles.MemberHTTP
	if port == to.Port()+member.ClusterOffset {
		proto = tlsfiles.HTTP2
	}
	cfg, plain, err := p.files.Dial(to.Host(), proto)
	return secure.Offer{Config: cfg, Plain: plain}, err
}

// notTLS answers who speaks plain HTTP to a port that takes none.
const notTLS = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n" +
	"This port takes TLS only: use https.\n"

// cluster, sdk and main put the terms of a port on what it accepts.
func (p *protection) cluster(l net.Listener) net.Listener {
	return p.put(l, tlsfiles.Members, p.files.ClusterPort(), "")
}

func (p *protection) sdk(l net.Listener) net.Listener {
	return p.put(l, tlsfiles.Clients, p.files.SDKPort(), "")
}

func (p *protection) main(l net.Listener) net.Listener {
	port := p.files.MainPort(func(ip string) bool { return p.AdmitIP(ip) == nil })
	return p.put(l, tlsfiles.Clients, port, notTLS, tlsfiles.Members)
}

// put leaves a port as it is where none of its uses has certificates.
func (p *protection) put(
	l net.Listener, use tlsfiles.Use, terms secure.Terms, explain string, also ...tlsfiles.Use,
) net.Listener {
	on := p.files.On(use)
	for _, other := range also {
		on = on || p.files.On(other)
	}
	if !on {
		return l
	}
	secured := secure.Listen(l, terms, secure.Config{
		Within: secure.Within, Explain: []byte(explain), Observer: p.metrics, Log: p.log,
	})
	p.ports[use] = append(p.ports[use], secured) // before anything runs
	return secured
}

// members has open connections looked at when other members are listed.
func (p *protection) members(v member.View) {
	p.mu.Lock()
	same := v.List.SameMembers(p.listed)
	p.listed = v.List
	p.mu.Unlock()
	if !same {
		p.review()
	}
}

// review has the open connections looked at. It does not block.
func (p *protection) review() {
	p.mu.Lock()
	clear(p.blamed)
	p.mu.Unlock()
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// follow makes connections anew that would not be made so any more, until ctx ends.
func (p *protection) follow(ctx context.Context, peers *nacosgrpc.Peers, server *nacosgrpc.Server) error {
	var parting sync.WaitGroup
	defer parting.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.changed:
			peers.Renew(p.files.Keeps, graceToRenew)
			parting.Go(func() { server.Part(ctx, graceToRenew) })
		}
	}
}

// report says how TLS stands; nil while it is off.
func (p *protection) report() *report.TLS {
	r := report.TLS{Members: p.use(tlsfiles.Members), Clients: p.use(tlsfiles.Clients)}
	if r.Members == nil && r.Clients == nil {
		return nil
	}
	return &r
}

// fault is what is wrong with TLS between members, "" while nothing is.
func (p *protection) fault() string {
	s, _ := p.files.Status(tlsfiles.Members)
	return s.Fault
}

func (p *protection) use(use tlsfiles.Use) *report.TLSUse {
	s, on := p.files.Status(use)
	if !on {
		return nil
	}
	u := &report.TLSUse{Mode: string(s.Mode), Issuer: s.Issuer, Fault: s.Fault}
	if !s.NotAfter.IsZero() {
		at := s.NotAfter.UTC()
		u.NotAfter = &at
	}
	for _, l := range p.ports[use] {
		u.Plaintext += l.Plain()
	}
	return u
}
