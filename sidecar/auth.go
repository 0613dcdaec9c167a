package sidecar

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/admin"
	"github.com/distro-naming/naming-operator/sidecar/auth"
	"github.com/distro-naming/naming-operator/sidecar/gate"
	"github.com/distro-naming/naming-operator/sidecar/metrics"
	"github.com/distro-naming/naming-operator/sidecar/nacosgrpc"
	"github.com/distro-naming/naming-operator/sidecar/nacoshttp"
	"github.com/distro-naming/naming-operator/sidecar/report"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// authority says who may do what at this member.
type authority struct {
	gate    *gate.Gate       // nil: auth is off
	members wire.Credentials // by what members know each other
}

// newAuthority reads the files, if there are any; changed is called when another
// judgement may be due.
func newAuthority(cfg Config, log logr.Logger, m *metrics.Metrics, changed func()) (*authority, error) {
	if cfg.Auth == "" {
		return &authority{members: cfg.Identity}, nil
	}
	settings := gate.DefaultConfig()
	settings.Dir, settings.Policy, settings.TokenTTL = cfg.Auth, cfg.AuthPolicy, cfg.AuthTokenTTL
	g, err := gate.New(settings, cfg.Identity, log, m, changed)
	if err != nil {
		return nil, fmt.Errorf("--auth: %w", err)
	}
	return &authority{gate: g, members: g}, nil
}

// run follows the files until ctx ends.
func (a *authority) run(ctx context.Context) error {
	if a.gate == nil {
		<-ctx.Done()
		return nil
	}
	return a.gate.Run(ctx)
}

// grpc and http are the gate for a port; nil while auth is off.
func (a *authority) grpc() nacosgrpc.Gate {
	if a.gate == nil {
		return nil
	}
	return a.gate
}

func (a *authority) http() nacoshttp.Gate {
	if a.gate == nil {
		return nil
	}
	return a.gate
}

// readers says who may read what clients publish by the admin port; nil while auth is
// off.
func (a *authority) readers() func(context.Context, admin.Caller, string) *admin.Refusal {
	if a.gate == nil {
		return nil
	}
	return func(ctx context.Context, c admin.Caller, namespace string) *admin.Refusal {
		caller := auth.Caller{IP: c.IP, Token: c.Token, Name: c.Name, Password: c.Password}
		_, err := a.gate.Judge(ctx, caller, auth.Need{Right: auth.Read, Namespace: namespace})
		switch {
		case err == nil:
			return nil
		case errors.Is(err, auth.ErrRight):
			return &admin.Refusal{Status: http.StatusForbidden, Text: err.Error()}
		case errors.Is(err, auth.ErrBusy), errors.Is(err, auth.ErrPaced):
			return &admin.Refusal{Status: http.StatusTooManyRequests, Text: err.Error()}
		default:
			return &admin.Refusal{Status: http.StatusUnauthorized, Text: err.Error()}
		}
	}
}

// report says how auth stands; nil while it is off.
func (a *authority) report() *report.Auth {
	if a.gate == nil {
		return nil
	}
	s := a.gate.Status()
	return &report.Auth{
		Mode: string(s.Mode), Members: string(s.Members), Revision: s.Revision, Users: s.Users, Keys: s.Keys, Fault: s.Fault,
	}
}
