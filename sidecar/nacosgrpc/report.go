package nacosgrpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/distro-naming/naming-operator/sidecar/frame"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/route"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// maxReportAnswer bounds the answer to a report over HTTP, in bytes.
const maxReportAnswer = 64 << 10

// report introduces this member and checks who answers: an address may belong
// to another by now. A peer that does not know the request, as Nacos before
// 2.2.1 does not, is reported to over HTTP for as long as the connection lasts;
// only then does it replicate to this member at all (gRPC page, 4.2 and 4.5). What
// it returns tells that the peer was reached.
func (l *link) report(ctx context.Context, calls nacospb.RequestClient, conn net.Conn) (reached func(), err error) {
	n, err := l.exchange(ctx, calls)
	if err != nil {
		return nil, err
	}
	if n.Address != l.to {
		return nil, fmt.Errorf("report to %s: address %s answered as member %s", l.to, conn.RemoteAddr(), n.Address)
	}
	ip, _, err := net.SplitHostPort(conn.RemoteAddr().String())
	if err != nil { // not TCP: a connection of tests
		ip = conn.RemoteAddr().String()
	}
	if l.epoch.Swap(n.Epoch) != n.Epoch {
		l.partial.note(nil, "") // what it gives now begins anew
	}
	l.forgetful.Store(l.byHTTP.Load() || !wire.KeepsRevisions(n.Version))
	return func() { l.peers.routes.Reached(n, ip) }, nil
}

// exchange reports in the way that the peer knows and returns who it says it is.
func (l *link) exchange(ctx context.Context, calls nacospb.RequestClient) (member.Node, error) {
	if l.byHTTP.Load() {
		return l.reportBeside(ctx, calls)
	}
	self := l.peers.routes.Node()
	in := wire.Introduce(wire.Payload(wire.MemberReportRequest, wire.ReportRequest(self)), self)
	if l.peers.cfg.Stream {
		wire.OfferStream(in, frame.Version)
	}
	out, err := l.request(ctx, calls, l.peers.cfg.CallWithin, l.peers.cfg.Identity.Sign(in), wire.MemberReportResponse)
	switch {
	case errors.Is(err, errNoHandler):
		l.byHTTP.Store(true)
		return l.reportBeside(ctx, calls)
	case err != nil:
		return member.Node{}, err
	}
	n, err := wire.DecodeReportResult(out)
	if err != nil {
		return member.Node{}, fmt.Errorf("report to %s: %w", l.to, err)
	}
	l.offered.Store(l.peers.cfg.Stream && wire.OffersStream(out, frame.Version))
	return n, nil
}

// reportBeside reports over HTTP and checks that the gRPC connection, which the
// report says nothing about, is good too: idle ones are cut by the peer.
func (l *link) reportBeside(ctx context.Context, calls nacospb.RequestClient) (member.Node, error) {
	in := wire.Payload(wire.HealthCheckRequest, wire.Internal())
	if _, err := l.request(ctx, calls, l.peers.cfg.CallWithin, in, wire.HealthCheckResponse); err != nil {
		return member.Node{}, err
	}
	return l.reportHTTP(ctx)
}

// reportHTTP reports over HTTP. Before 2.1.2 the answer does not name who
// answered, and the list's address is believed.
func (l *link) reportHTTP(ctx context.Context) (member.Node, error) {
	ctx, cancel := context.WithTimeout(ctx, l.peers.cfg.CallWithin)
	defer cancel()
	self := l.peers.routes.Node()
	in, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+string(l.to)+wire.ReportPath,
		bytes.NewReader(wire.HTTPReport(self)))
	if err != nil {
		return member.Node{}, fmt.Errorf("report to %s: %w", l.to, err)
	}
	in.Header.Set("Content-Type", "application/json")
	in.Header.Set("Nacos-Server", self.Version)
	in.Header.Set("User-Agent", "Nacos-Server:"+self.Version)
	for _, i := range l.peers.cfg.Identity.Shown() {
		in.Header.Set(i.Key, i.Value)
	}
	out, err := l.peers.web.Do(in)
	if err != nil {
		return member.Node{}, fmt.Errorf("report to %s: %w", l.to, err)
	}
	defer func() { _ = out.Body.Close() }() // read to its end or given up
	body, err := io.ReadAll(io.LimitReader(out.Body, maxReportAnswer))
	if err == nil && out.StatusCode != http.StatusOK {
		err = fmt.Errorf("answered %s", out.Status)
	}
	var n member.Node
	if err == nil {
		n, err = wire.DecodeHTTPReportResult(body)
	}
	if err != nil {
		return member.Node{}, fmt.Errorf("report to %s over HTTP: %w", l.to, err)
	}
	if n.Address == "" {
		n.Address = l.to
	}
	return n, nil
}

// webClient calls the main ports of peers. A report is small, and old
// connections hide that a peer has gone: none is kept.
func (p *Peers) webClient() *http.Client { return route.Client(p.routes, p.cfg.CallWithin, 0) }
