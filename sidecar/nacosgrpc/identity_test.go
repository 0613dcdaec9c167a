package nacosgrpc

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

var secret = wire.Identity{Key: "serverIdentity", Value: "s3cret"}

func TestMembersPortAsksForTheIdentity(t *testing.T) {
	needed := slices.Collect(maps.Keys(forMembers))
	free := []wire.Kind{wire.ServerCheckRequest, wire.HealthCheckRequest, wire.ServiceQueryRequest}
	var told []string
	s := start(t, func(c *Config) {
		c.Identity = secret
		c.Unproven = func(ip string) { told = append(told, ip) }
	})
	c := connect(t, s.cluster, clusterSetup) // which needs none
	bodies := map[wire.Kind]string{
		wire.DistroDataRequest:   string(wire.SnapshotRequest()),
		wire.MemberReportRequest: string(wire.ReportRequest(member.Node{Address: callerAddress})),
		wire.ServiceQueryRequest: query("s"),
	}
	for _, kind := range slices.Concat(needed, free) {
		t.Run(string(kind), func(t *testing.T) {
			body := cmp.Or(bodies[kind], `{}`)
			r := c.call(kind, body)
			if slices.Contains(free, kind) {
				if r.ResultCode != wire.CodeSuccess {
					t.Errorf("without identity: %+v, want it answered", r)
				}
				return
			}
			if r.kind == wire.ErrorResponse || r.ResultCode != wire.CodeServerError || r.ErrorCode != wire.CodeForbidden {
				t.Errorf("without identity: %+v, want a refusal of its kind, 500/403", r)
			}
			if len(told) != 1 || told[0] != "127.0.0.1" {
				t.Errorf("without identity: told of %v, want of the caller", told)
			}
			told = nil
			out, err := c.calls.Request(t.Context(), secret.Sign(wire.Payload(kind, []byte(body))))
			if err != nil {
				t.Fatal(err)
			}
			if result, err := wire.DecodeResult(wire.Body(out)); err != nil || !result.OK() {
				t.Errorf("with identity: %+v, %v", result, err)
			}
		})
	}
}

func TestIdentityIsShownWithReportsAndDistroOnly(t *testing.T) {
	java := startJava(t, "3.0.3")
	p, routes := calling(t, map[member.Address]string{selfAddress: java.at})
	p.cfg.Identity = secret
	p.SetPeers([]member.Address{selfAddress})
	if !routes.met() {
		t.Fatal("not reached")
	}
	if err := p.Send(t.Context(), selfAddress, someRecord("1_10.0.0.1_1", 1)); err != nil {
		t.Error(err)
	}
	for kind, want := range map[wire.Kind]string{
		wire.ServerCheckRequest:     "",
		wire.ConnectionSetupRequest: "",
		wire.MemberReportRequest:    secret.Value,
		wire.DistroDataRequest:      secret.Value,
	} {
		for _, in := range java.got(kind) {
			if got := wire.Header(in, secret.Key); got != want {
				t.Errorf("%s came with identity %q, want %q", kind, got, want)
			}
		}
		if len(java.got(kind)) == 0 {
			t.Errorf("no %s came", kind)
		}
	}
}
