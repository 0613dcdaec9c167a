package replica

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

var one = naming.Endpoint{IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT"}

// override says something of one, on a member.
func (c *cluster) override(on member.Address, o naming.Override) {
	c.t.Helper()
	if err := c.loops[on].Override(c.t.Context(), web, one, o, false); err != nil {
		c.t.Fatal(err)
	}
}

// agree lets a member ask others about settings.
func (c *cluster) agree(on member.Address, others ...member.Address) {
	c.t.Helper()
	ctx, here := c.t.Context(), c.loops[on]
	for _, other := range others {
		q, _ := here.SettingsQuestion(ctx)
		a, _ := c.loops[other].SettingsAnswer(ctx, q)
		if len(a.Digests) == 0 {
			continue
		}
		rest, _ := here.SettingsQuestions(ctx, a.Digests)
		for _, q := range rest {
			a, _ := c.loops[other].SettingsAnswer(ctx, q)
			if err := here.SettingsMerge(ctx, a.Entries); err != nil {
				c.t.Fatal(err)
			}
		}
	}
}

// shown returns what a member shows of one.
func (c *cluster) shown(on member.Address) (i naming.Instance) {
	hosts := c.loops[on].View(web).Hosts
	if n, found := find(hosts, one); found {
		i = hosts[n]
	}
	return i
}

func (c *cluster) touches(on member.Address) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.touched[on]
}

func disabled() naming.Override {
	enabled, weight := false, 3.0
	return naming.Override{Enabled: &enabled, Weight: &weight, Metadata: map[string]string{"k": "v"}}
}

func TestOverridesAreShownEverywhereAndOutliveARegistration(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		elapse(time.Second)
		before, told := c.loops[memberB].View(web), c.touches(memberB)
		c.override(memberA, disabled())
		c.agree(memberA, memberB)
		want := instance("10.0.0.1")
		want.Enabled, want.Weight, want.Metadata = false, 3, map[string]string{"k": "v"}
		for _, on := range []member.Address{memberA, memberB} {
			if diff := cmp.Diff(want, c.shown(on)); diff != "" {
				t.Errorf("at %s (-want +got):\n%s", on, diff)
			}
		}
		if c.touches(memberB) == told || c.loops[memberB].View(web).LastRef <= before.LastRef {
			t.Error("subscribers of b are told nothing")
		}
		c.register(memberA, "1_x_1", instance("10.0.0.1")) // as its client says it
		elapse(time.Second)
		for _, on := range []member.Address{memberA, memberB} {
			if diff := cmp.Diff(want, c.shown(on)); diff != "" {
				t.Errorf("after it registered anew, at %s (-want +got):\n%s", on, diff)
			}
		}
	}, memberA, memberB)
}

func TestOverrideEndsAWhileAfterTheInstance(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		c.override(memberA, disabled())
		withdraw := func() {
			if err := c.loops[memberA].Deregister(context.Background(), "1_x_1", web); err != nil {
				t.Fatal(err)
			}
		}
		withdraw()
		elapse(50 * time.Second)
		c.register(memberA, "1_x_1", instance("10.0.0.1"))
		if c.shown(memberA).Enabled {
			t.Error("it ended before its time")
		}
		elapse(time.Hour)
		if c.shown(memberA).Enabled {
			t.Error("it ended while the instance was listed")
		}
		withdraw()
		elapse(70 * time.Second)
		c.register(memberA, "1_x_1", instance("10.0.0.1"))
		if diff := cmp.Diff(instance("10.0.0.1"), c.shown(memberA)); diff != "" {
			t.Errorf("after its time (-want +got):\n%s", diff)
		}
	}, memberA)
}

func TestSettingsOfServices(t *testing.T) {
	inCluster(t, func(c *cluster) {
		a, ctx := c.loops[memberA], c.t.Context()
		is := naming.Settings{ProtectThreshold: 0.5, Metadata: map[string]string{"k": "v"}}
		if err := a.SetService(ctx, other, is); err != nil {
			t.Fatal(err)
		}
		c.agree(memberB, memberA)
		b := c.loops[memberB]
		if got, found := b.Settings(other); !found || cmp.Diff(is, got) != "" {
			t.Errorf("b holds %+v", got)
		}
		if !slices.Equal(b.Described(), []naming.ServiceKey{other}) || !slices.Equal(b.Services("public", "DEFAULT_GROUP"), []string{"other"}) {
			t.Errorf("b lists %v", b.Described())
		}
		if err := b.RemoveService(ctx, other); err != nil {
			t.Fatal(err)
		}
		c.agree(memberB, memberA)
		if _, found := a.Settings(other); found || len(a.Services("public", "DEFAULT_GROUP")) != 0 {
			t.Error("a has it still")
		}
		if err := b.RemoveService(ctx, other); err != nil {
			t.Errorf("removed twice: %v", err)
		}
	}, memberA, memberB)
}

func TestThresholdIsPartOfTheView(t *testing.T) {
	inCluster(t, func(c *cluster) {
		sick := instance("10.0.0.1")
		sick.Healthy = false
		c.connect(memberA, "1_x_1", sick)
		c.connect(memberA, "1_x_2", instance("10.0.0.2"))
		a := c.loops[memberA]
		before := a.View(web)
		set := func(is naming.Settings) *naming.View {
			if err := a.SetService(c.t.Context(), web, is); err != nil {
				t.Fatal(err)
			}
			return a.View(web)
		}
		v := set(naming.Settings{ProtectThreshold: 0.5})
		if hosts, protected := v.Select(naming.Filter{}); !protected || !hosts[0].Healthy || v.LastRef <= before.LastRef {
			t.Errorf("protected %v: %+v", protected, hosts)
		}
		if v.Hosts[0].Healthy {
			t.Error("the view itself says so too")
		}
		if again := set(naming.Settings{ProtectThreshold: 0.5, Metadata: map[string]string{"k": "v"}}); again != v {
			t.Error("what no reader sees made a new view")
		}
	}, memberA)
}

// TestLaterWriterWinsOnEveryMember: writers at members that were apart.
func TestLaterWriterWinsOnEveryMember(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		elapse(time.Second)
		for i, on := range []member.Address{memberB, memberA, memberC} {
			weight := float64(i + 2)
			c.override(on, naming.Override{Weight: &weight})
			elapse(time.Millisecond)
		}
		c.agree(memberA, memberB, memberC)
		c.agree(memberB, memberC)
		for _, on := range []member.Address{memberA, memberB, memberC} {
			if got := c.shown(on).Weight; got != 4 {
				t.Errorf("at %s it weighs %v, want 4", on, got)
			}
		}
	}, memberA, memberB, memberC)
}

func TestHealthIsKeptOnlyWhileTheClientSaysOtherwise(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		for _, healthy := range []bool{false, true} {
			c.override(memberA, naming.Override{Healthy: &healthy})
			if c.shown(memberA).Healthy != healthy {
				t.Errorf("it is not shown as healthy=%v", healthy)
			}
		}
		sick := instance("10.0.0.1")
		sick.Healthy = false
		if c.register(memberA, "1_x_1", sick); c.shown(memberA).Healthy {
			t.Error("what its client says is hidden")
		}
	}, memberA)
}

func TestOtherTimesOfBeatsCanBeSaidOfAnInstance(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.register(memberA, naming.BeatClient("10.0.0.1", 80), instance("10.0.0.1"))
		c.override(memberA, naming.Override{Metadata: map[string]string{
			"preserved.heart.beat.timeout": "60000", "preserved.ip.delete.timeout": "90000",
		}})
		if elapse(50 * time.Second); !c.shown(memberA).Healthy {
			t.Error("it is unhealthy before its time")
		}
		if elapse(20 * time.Second); c.shown(memberA).Healthy {
			t.Error("it is healthy after its time")
		}
		elapse(30 * time.Second)
		c.wantHosts(memberA)
	}, memberA)
}
