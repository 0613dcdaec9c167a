package nacosgrpc

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/settings"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// SettingsAnswer makes world hold settings.
func (w *world) SettingsAnswer(_ context.Context, q settings.Question) (a settings.Answer, err error) {
	w.do(func() {
		w.kept.Merge(1, q.Entries, func(settings.Key) bool { return false })
		a, err = w.kept.Answer(q), w.fault
	})
	return a, err
}

var described = settings.Entry{
	Key:     settings.Key{Service: naming.ServiceKey{Namespace: "public", Group: "g", Name: "s"}},
	Stamp:   settings.Stamp{Time: 1, By: callerAddress},
	Service: &naming.Settings{ProtectThreshold: 0.5},
}

func TestMembersAskEachOtherAboutSettings(t *testing.T) {
	s := start(t, nil)
	p, _ := streamingTo(t, s)
	if a, err := p.AskSettings(t.Context(), selfAddress, settings.Question{}); err != nil || a.Digests != nil {
		t.Errorf("who holds as little: %v, %v", a, err)
	}
	told := settings.Question{Buckets: []int{0}, Entries: []settings.Entry{described}}
	if _, err := p.AskSettings(t.Context(), selfAddress, told); err != nil {
		t.Error(err)
	}
	a, err := p.AskSettings(t.Context(), selfAddress, settings.Question{})
	if err != nil || len(a.Digests) != settings.Buckets {
		t.Errorf("who holds more: %d digests, %v", len(a.Digests), err)
	}
	s.world.do(func() { s.world.fault = errors.New("stopping") })
	if _, err := p.AskSettings(t.Context(), selfAddress, settings.Question{}); err == nil || !strings.Contains(err.Error(), "stopping") {
		t.Errorf("who could not look: %v", err)
	}
}

// TestWhoKnowsNoSettingsSaysSo: a member of an earlier version, and Java.
func TestWhoKnowsNoSettingsSaysSo(t *testing.T) {
	s := start(t, nil)
	s.deps.Settings = nil
	p, _ := streamingTo(t, s)
	if _, err := p.AskSettings(t.Context(), selfAddress, settings.Question{}); !errors.Is(err, naming.ErrNoSettings) {
		t.Errorf("an earlier version: %v", err)
	}
	java := startJava(t, "2.5.1")
	p, routes := calling(t, map[member.Address]string{selfAddress: java.at})
	p.SetPeers([]member.Address{selfAddress})
	if !routes.met() {
		t.Fatal("not reached")
	}
	if _, err := p.AskSettings(t.Context(), selfAddress, settings.Question{}); !errors.Is(err, naming.ErrNoSettings) {
		t.Errorf("a Java server: %v", err)
	}
}

func TestClientsCannotSetSettings(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	told := settings.Question{Buckets: []int{0}, Entries: []settings.Entry{described}}
	if r := c.call(wire.SettingsRequest, string(told.Encode())); r.kind != wire.ErrorResponse || s.world.kept.Len() != 0 {
		t.Errorf("answered %+v", r)
	}
	m := connect(t, s.cluster, clusterSetup)
	if r := m.call(wire.SettingsRequest, "{"); r.kind != wire.ErrorResponse {
		t.Errorf("garbage is answered %+v", r)
	}
}
