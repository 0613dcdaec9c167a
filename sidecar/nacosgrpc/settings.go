package nacosgrpc

import (
	"context"
	"errors"
	"fmt"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/settings"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// settings answers another member of ours that compares settings.
func (s *Server) settings(ctx context.Context, _ *session, in *nacospb.Payload) *nacospb.Payload {
	if s.deps.Settings == nil {
		return noHandler
	}
	q, err := settings.DecodeQuestion(wire.Body(in))
	if err != nil {
		return malformed(err)
	}
	a, err := s.deps.Settings.SettingsAnswer(ctx, q)
	if err != nil {
		return wire.Refuse(wire.SettingsRequest, naming.ServiceKey{}, "", wire.CodeServerError, err.Error())
	}
	return wire.Payload(wire.SettingsResponse, a.Encode())
}

// AskSettings asks a member of ours about settings. One of an earlier version
// knows no such request: naming.ErrNoSettings.
func (p *Peers) AskSettings(ctx context.Context, of member.Address, q settings.Question) (settings.Answer, error) {
	self := p.routes.Node()
	in := p.cfg.Identity.Sign(wire.Sign(wire.Payload(wire.SettingsRequest, q.Encode()), self))
	out, err := p.call(ctx, of, p.cfg.CallWithin, in, wire.SettingsResponse)
	if errors.Is(err, errNoHandler) {
		return settings.Answer{}, fmt.Errorf("ask %s: %w", of, naming.ErrNoSettings)
	}
	if err != nil {
		return settings.Answer{}, err
	}
	var a settings.Answer
	result, err := wire.DecodeResult(wire.Body(out))
	switch {
	case err == nil && !result.OK():
		err = fmt.Errorf("refused: %d/%d %s", result.ResultCode, result.ErrorCode, result.Message)
	case err == nil:
		a, err = settings.DecodeAnswer(wire.Body(out))
	}
	if err != nil {
		return settings.Answer{}, fmt.Errorf("ask %s: %w", of, err)
	}
	return a, nil
}
