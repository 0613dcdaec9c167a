package nacosv1

import (
	"context"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// said is what a member says of itself.
func said(address member.Address, version, upgrades string) string {
	return `{"code":200,"message":null,"data":{"ip":"127.0.0.1","port":1002,"state":"UP","extendInfo":{"version":"` + version +
		`"` + upgrades + `},"address":"` + string(address) + `"}}`
}

func TestJudge(t *testing.T) {
	const can, cannot = `,"readyToUpgrade":true`, `,"readyToUpgrade":false`
	self1x, metrics := "GET "+wire.SelfPath, "GET "+wire.JudgementPath
	tests := map[string]struct {
		answers map[string]string
		v1      bool
		unknown bool
	}{
		"a server of 1.4":                                  {answers: map[string]string{self1x: said(old, "1.4.3", "")}, v1: true},
		"one that does not say its version is old":         {answers: map[string]string{self1x: said(old, "", "")}, v1: true},
		"a server of 2.2":                                  {answers: map[string]string{self1x: said(old, "2.2.0", "")}},
		"of 2.1, of its own words":                         {answers: map[string]string{self1x: said(old, "2.1.0", can), metrics: "upgraded = false"}, v1: true},
		"of 2.1, upgraded":                                 {answers: map[string]string{self1x: said(old, "2.1.0", can), metrics: "upgraded = true"}},
		"of 2.0 that cannot upgrade and does not say":      {answers: map[string]string{self1x: said(old, "2.0.3", cannot)}, v1: true},
		"of 2.0 that could upgrade and does not say":       {answers: map[string]string{self1x: said(old, "2.0.3", can)}},
		"one that does not know the question, as of 3":     {answers: map[string]string{}},
		"one whose answer is none":                         {answers: map[string]string{self1x: "ok"}},
		"one that is not up yet":                           {answers: map[string]string{self1x: "503"}, unknown: true},
		"another member at the same place is not believed": {answers: map[string]string{self1x: said("127.0.0.1:9", "1.4.3", "")}, unknown: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			x, _ := exchange(t, newWorld(), tc.answers)
			_, v1, err := x.judgeNow(t.Context(), old)
			if v1 != tc.v1 || (err != nil) != tc.unknown {
				t.Errorf("of 1.x: %t, %v, want %t", v1, err, tc.v1)
			}
		})
	}
}

func TestJudgementIsAwaited(t *testing.T) {
	w := newWorld()
	x, s := exchange(t, w, map[string]string{
		"GET " + wire.SelfPath: said(old, "1.4.3", ""), "POST " + wire.ReportPath: `{"code":200,"data":"true"}`,
	})
	if v1, err := x.AwaitJudged(t.Context(), old); v1 || err != nil {
		t.Errorf("a member that is not listed was awaited: %v", err)
	}
	v := view()
	x.SetMembers(v.WithV1(nil))
	if v1, err := x.AwaitJudged(t.Context(), old); !v1 || err != nil {
		t.Errorf("of 1.x: %t, %v", v1, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.judged) == 0 || !w.judged[0] {
		t.Errorf("judged %v, want of 1.x", w.judged)
	}
	if got := s.asked(); len(got) != 2 || got[1] != "POST "+wire.ReportPath {
		t.Errorf("asked %v, want it also reported to", got)
	}
}

func TestSilentMemberIsNotJudged(t *testing.T) {
	x, _ := exchange(t, newWorld(), map[string]string{"GET " + wire.SelfPath: "503"})
	v := view()
	x.SetMembers(v.WithV1(nil))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := x.AwaitJudged(ctx, old); err == nil {
		t.Error("it was judged without an answer")
	}
}
