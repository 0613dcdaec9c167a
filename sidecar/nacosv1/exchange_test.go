package nacosv1

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

func (w *world) eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		w.mu.Lock()
		ok := holds()
		w.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("not seen: %s", what)
		case <-tick.C:
		}
	}
}

// everything is what a member of 1.x answers when all is well.
func everything(lists ...wire.Datum) map[string]string {
	return map[string]string{
		"GET " + wire.SelfPath: said(old, "1.4.3", ""), "POST " + wire.ReportPath: `{"code":200,"data":"true"}`,
		"GET " + wire.DatumsPath: string(wire.Datums(lists)), "GET " + wire.DatumPath: string(wire.Datums(lists)),
		"PUT " + wire.DatumPath: "ok", "PUT " + wire.ChecksumPath: "ok", "POST " + wire.StatusPath: "ok",
		"POST " + wire.InstancePath: "ok", "DELETE " + wire.InstancePath: "ok",
		"PUT " + wire.BeatPath: `{"clientBeatInterval":5000,"code":10200}`,
	}
}

func TestListsOfOwnServicesAreSentAndShown(t *testing.T) {
	w := newWorld()
	w.owner = self
	w.hosts[web] = []naming.Instance{instance("1")}
	x, s := exchange(t, w, everything())
	x.SetMembers(view())
	if err := x.AwaitLoaded(t.Context(), old); err != nil {
		t.Error(err)
	}
	w.eventually(t, "lists, checksums and health were sent", func() bool {
		got := s.asked()
		return slices.Contains(got, "PUT "+wire.DatumPath) && slices.Contains(got, "PUT "+wire.ChecksumPath) &&
			slices.Contains(got, "POST "+wire.StatusPath)
	})
	w.eventually(t, "all calls were observed", func() bool {
		return w.called["load"] > 0 && w.called["send"] > 0 && w.called["verify"] > 0
	})
	if x.Pending(old) != 0 || x.Pending(self) != 0 {
		t.Errorf("%d are pending", x.Pending(old))
	}
	if slices.Contains(s.asked(), "POST "+wire.InstancePath) {
		t.Error("an instance was registered at a member that does not own its service")
	}
}

func TestInstancesInServicesOfAnotherAreHandedToIt(t *testing.T) {
	w := newWorld()
	w.owner, w.v1 = old, true
	w.hosts[web] = []naming.Instance{instance("1")}
	w.own[web] = naming.Own{Held: []naming.Instance{instance("1")}, Beats: []naming.Instance{instance("2")}}
	x, s := exchange(t, w, everything())
	x.SetMembers(view())
	w.eventually(t, "both were registered there, and one is given up", func() bool {
		return slices.Contains(s.asked(), "POST "+wire.InstancePath) && len(w.given) == 1 && w.given[0].IP == "2"
	})
	w.mu.Lock()
	w.own[web] = naming.Own{}
	w.hosts[web] = nil
	w.mu.Unlock()
	x.Touch(web)
	w.eventually(t, "the connection's was deregistered there", func() bool { return slices.Contains(s.asked(), "DELETE "+wire.InstancePath) })
	if slices.Contains(s.asked(), "PUT "+wire.DatumPath) {
		t.Error("the list of a service was sent to the member that owns it")
	}
}

// TestWhoseListsTheyAre: nothing in a list says who sent it.
func TestWhoseListsTheyAre(t *testing.T) {
	body := wire.Datums([]wire.Datum{wire.NewDatum(web, []naming.Instance{instance("1")})})
	const another member.Address = "127.0.0.1:1003"
	tests := map[string]struct {
		owner member.Address
		v1    bool
		at    []member.Address
		want  member.Address
	}{
		"of the member of 1.x that owns the service":         {owner: another, v1: true, at: []member.Address{old}, want: another},
		"of who sent it, when one of ours owns it":           {owner: self, at: []member.Address{old}, want: old},
		"of the only one of 1.x at that address":             {owner: self, at: []member.Address{self, old}, want: old},
		"of nobody, when none there is known to be of 1.x":   {owner: self, at: []member.Address{self}},
		"of nobody, when it may be of several that are of 1": {owner: self, at: []member.Address{old, another}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.owner, w.v1, w.at["127.0.0.1"] = tc.owner, tc.v1, tc.at
			x, _ := exchange(t, w, everything())
			v := member.NewView(self, member.NewList(1, []member.Address{self, old, another}, nil), nil)
			x.mu.Lock()
			x.view = v.WithV1([]member.Address{old, another})
			x.mu.Unlock()
			if err := x.Datums(t.Context(), "127.0.0.1", body); err != nil {
				t.Fatal(err)
			}
			var from member.Address
			if len(w.received) == 1 {
				from = w.received[0].Stamp.Owner
			}
			if from != tc.want {
				t.Errorf("taken as that of %q, want %q", from, tc.want)
			}
		})
	}
}

func TestWhatDiffersIsFetched(t *testing.T) {
	w := newWorld()
	w.owner, w.v1, w.differs = old, true, []naming.ServiceKey{web}
	x, _ := exchange(t, w, everything(wire.NewDatum(web, []naming.Instance{instance("1")})))
	x.SetMembers(view())
	sum := strings.Repeat("0", 32)
	if err := x.Checksums(t.Context(), old, map[naming.ServiceKey]string{web: sum}); err != nil {
		t.Fatal(err)
	}
	w.eventually(t, "the list was taken, at first and when it differed", func() bool { return len(w.received) >= 2 })
	if w.compared[web] != wire.Revision(sum) || w.received[0].Client != naming.DatumClient(web, old) {
		t.Errorf("compared %v, took %v", w.compared, w.received[0])
	}
	if err := x.Checksums(t.Context(), "stranger:1", nil); err != nil {
		t.Errorf("checksums of a stranger: %v", err)
	}
}

func TestMemberThatFallsBackForgetsOurClients(t *testing.T) {
	w := newWorld()
	w.clients = []naming.ClientID{"10.0.0.1:80#true", "1_x_1"}
	answers := everything()
	answers["GET "+wire.SelfPath] = said(old, "2.1.0", "")
	answers["GET "+wire.JudgementPath] = "upgraded = false"
	x, _ := exchange(t, w, answers)
	x.SetMembers(view())
	w.eventually(t, "it forgot them", func() bool {
		slices.Sort(w.forgot)
		return slices.Equal(w.forgot, w.clients)
	})
	if x.OnlyV1(old) {
		t.Error("a server of 2.1 is thought to take no gRPC")
	}
}

func TestUpgradedMemberForgetsWhatConnectionsHold(t *testing.T) {
	w := newWorld()
	w.owner, w.v1 = old, true
	w.hosts[web] = []naming.Instance{instance("1"), instance("2")}
	w.own[web] = naming.Own{Held: []naming.Instance{instance("1")}, Beats: []naming.Instance{instance("2")}}
	x, _ := exchange(t, w, everything())
	x.SetMembers(view())
	if !x.Speaks(old) {
		t.Error("it does not replicate as 1.x")
	}
	v := view()
	x.SetMembers(v.WithV1(nil))
	w.eventually(t, "it forgot the connection's instance", func() bool {
		return slices.Equal(w.forgot, []naming.ClientID{naming.BeatClient("1", 80)})
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := x.AwaitLoaded(ctx, old); err == nil {
		t.Error("it can be loaded from as one of 1.x")
	}
}
