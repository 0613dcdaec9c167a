package nacosgrpc

import (
	"context"

	"github.com/distro-naming/naming-operator/sidecar/auth"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// Gate says who may do what.
type Gate interface {
	// Judge returns a pass for a caller that may do what is needed, or why not.
	Judge(ctx context.Context, c auth.Caller, need auth.Need) (*auth.Pass, error)
	// Keeps returns why a connection with this pass would not be let in now, or nil.
	Keeps(p *auth.Pass) error
}

// rule is what a kind of request needs. Of a right in a namespace, names reads from
// the body which it is, as the handler reads it.
type rule struct {
	right auth.Right
	names func(body []byte) wire.Names
}

// rules has every kind that has a handler. One without a rule is refused to
// everybody.
var rules = map[wire.Kind]rule{
	wire.HealthCheckRequest: {right: auth.Open},

	wire.InstanceRequest:           {auth.Write, changed},
	wire.PersistentInstanceRequest: {auth.Write, changed},
	wire.BatchInstanceRequest: {auth.Write, func(body []byte) wire.Names {
		c, _ := wire.DecodeBatchChange(body) // what cannot be read the handler refuses
		return c.Names
	}},
	wire.ServiceQueryRequest: {auth.Read, func(body []byte) wire.Names {
		q, _ := wire.DecodeQuery(body)
		return q.Names
	}},
	wire.ServiceListRequest: {auth.Read, func(body []byte) wire.Names {
		l, _ := wire.DecodeListing(body)
		return l.Names
	}},
	wire.SubscribeServiceRequest: {auth.Read, func(body []byte) wire.Names {
		s, _ := wire.DecodeSubscription(body)
		return s.Names
	}},
	wire.NamingFuzzyWatchRequest: {auth.Read, func(body []byte) wire.Names {
		w, _ := wire.DecodeFuzzyWatch(body)
		p, _ := naming.ParsePattern(w.Pattern)
		return wire.Names{Namespace: p.Namespace}
	}},

	// There is no configuration that anybody could have a right to.
	wire.ConfigQueryRequest:       {right: auth.Login},
	wire.ConfigBatchListenRequest: {right: auth.Login},
	wire.ConfigPublishRequest:     {right: auth.Login},
	wire.ConfigRemoveRequest:      {right: auth.Login},
	wire.ConfigFuzzyWatchRequest:  {right: auth.Login},

	wire.DistroDataRequest:              {right: auth.Member},
	wire.MemberReportRequest:            {right: auth.Member},
	wire.SettingsRequest:                {right: auth.Member},
	wire.ServerLoaderInfoRequest:        {right: auth.Member},
	wire.ServerReloadRequest:            {right: auth.Member},
	wire.ConfigChangeClusterSyncRequest: {right: auth.Member},
}

func changed(body []byte) wire.Names {
	c, _ := wire.DecodeInstanceChange(body) // what cannot be read the handler refuses
	return c.Names
}

// tokenHeader is where clients put what they got when they logged in.
const tokenHeader = "accessToken"

// permit returns the refusal of a request that its sender has no right to make, on
// whichever port, or nil. Members are known by what they show, not by tokens.
func (p *port) permit(ctx context.Context, s *session, in *nacospb.Payload) *nacospb.Payload {
	kind := wire.KindOf(in)
	r := rules[kind]
	if forMembers[kind] {
		if !p.server.cfg.Identity.Admits(wire.Headers(in)) {
			if tell := p.server.cfg.Unproven; tell != nil {
				tell(s.ip)
			}
			return wire.Refuse(kind, naming.ServiceKey{}, "", wire.CodeForbidden, unidentified)
		}
		if kind == wire.MemberReportRequest && p.server.cfg.Gate != nil { // what streams begin with
			s.pass.Store(&auth.Pass{Member: true, Excused: !p.server.cfg.Identity.Knows(wire.Headers(in))})
		}
		return nil
	}
	if p.server.cfg.Gate == nil {
		return nil
	}
	need, key := auth.Need{Right: r.right}, naming.ServiceKey{}
	if r.names != nil {
		key = p.server.key(r.names(wire.Body(in)))
		need.Namespace = key.Namespace
	}
	pass, err := p.server.cfg.Gate.Judge(ctx, auth.Caller{
		Token: wire.Header(in, tokenHeader), IP: s.ip, Seen: s.pass.Load(),
	}, need)
	if err != nil {
		return wire.Refuse(kind, key, "", wire.CodeForbidden, err.Error())
	}
	s.pass.Store(pass)
	return nil
}
