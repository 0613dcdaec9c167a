package sidecar

import (
	"slices"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/membership"
)

func TestClientsAreSentOnlyToMembersThatServe(t *testing.T) {
	peer := func(a member.Address, s member.State, ready bool) membership.PeerStatus {
		return membership.PeerStatus{Address: a, State: s, Ready: ready}
	}
	tests := map[string]struct {
		peers []membership.PeerStatus
		want  []member.Address
	}{
		"all that serve": {
			[]membership.PeerStatus{peer("b:8848", member.Up, true), peer("c:8848", member.Up, true)},
			[]member.Address{"b:8848", "c:8848"},
		},
		"not one that loads":           {[]membership.PeerStatus{peer("b:8848", member.Up, false)}, nil},
		"not one that leaves too":      {[]membership.PeerStatus{peer("b:8848", member.Draining, true)}, nil},
		"not one that is out of sight": {[]membership.PeerStatus{peer("b:8848", member.Suspect, true)}, nil},
		"nobody on this very host":     {[]membership.PeerStatus{peer("a:8948", member.Up, true)}, nil},
		"nobody where two share a host": {
			[]membership.PeerStatus{peer("b:8848", member.Up, true), peer("b:8948", member.Up, true), peer("c:8848", member.Up, true)},
			[]member.Address{"c:8848"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := moveTargets("a:8848", tc.peers); !slices.Equal(got, tc.want) {
				t.Errorf("targets = %v, want %v", got, tc.want)
			}
		})
	}
}
