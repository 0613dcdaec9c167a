package replica

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// wantCauses compares what a member remembers of web, the newest first, each
// cause as "kind client endpoint peer reason".
func (c *cluster) wantCauses(on member.Address, want ...string) {
	c.t.Helper()
	causes, err := c.loops[on].Causes(c.t.Context(), web)
	if err != nil {
		c.t.Fatal(err)
	}
	var got []string
	for i, one := range causes {
		words := []string{string(one.Kind), string(one.Client), one.Endpoint.IP, string(one.Peer), one.Reason}
		if one.By != "" {
			words = append(words, "by", string(one.By))
		}
		got = append(got, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
		if i > 0 && one.Time.After(causes[i-1].Time) {
			c.t.Errorf("cause %d is newer than the one before", i)
		}
	}
	if !slices.Equal(got, want) {
		c.t.Errorf("causes on %s:\n%s\nwant:\n%s", on, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestCausesAreRememberedWhereTheyHappenAndWhereTheyArrive(t *testing.T) {
	inCluster(t, func(c *cluster) {
		a := c.loops[memberA]
		steps := []func(){
			func() { c.connect(memberA, "1_x_1", instance("10.0.0.1")) },
			func() { c.register(memberA, "1_x_1", instance("10.0.0.2")) },
			func() { _ = a.Deregister(c.t.Context(), "1_x_1", web) },
			func() { c.register(memberA, "1_x_1", instance("10.0.0.3")) },
			func() { _ = a.Disconnect(c.t.Context(), "1_x_1") },
		}
		for _, step := range steps {
			step()
			elapse(time.Second)
		}
		c.wantCauses(memberA,
			"connection lost 1_x_1 10.0.0.3", "registered 1_x_1 10.0.0.3", "deregistered 1_x_1 10.0.0.2",
			"changed 1_x_1 10.0.0.2", "registered 1_x_1 10.0.0.1")
		c.wantCauses(memberB,
			"removed by peer 1_x_1 10.0.0.3 a:8848", "replicated 1_x_1 10.0.0.3 a:8848",
			"removed by peer 1_x_1 10.0.0.2 a:8848", "replicated 1_x_1 10.0.0.2 a:8848", "replicated 1_x_1 10.0.0.1 a:8848")
	}, memberA, memberB)
}

func TestSilenceIsACause(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.register(memberA, beater, instance("10.0.0.1"))
		elapse(time.Minute)
		c.wantCauses(memberA, "expired "+string(beater)+" 10.0.0.1 no beats",
			"health changed "+string(beater)+" 10.0.0.1", "registered "+string(beater)+" 10.0.0.1")
	}, memberA)
}

func TestAnEndedLeaseIsACause(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		elapse(time.Second)
		c.stops[memberA]()
		c.stops[memberA] = func() {}
		c.setStates(memberB, map[member.Address]member.State{memberA: member.Down})
		c.setStates(memberC, map[member.Address]member.State{memberA: member.Down})
		elapse(2 * time.Minute)
		c.wantCauses(memberB, "expired 1_x_1 10.0.0.1 down", "replicated 1_x_1 10.0.0.1 a:8848")
	}, memberA, memberB, memberC)
}

func TestTheJournalIsBounded(t *testing.T) {
	service := func(i int) naming.ServiceKey { return naming.ServiceKey{Name: fmt.Sprint(i)} }
	cause := func(i int) naming.Cause { return naming.Cause{Client: naming.ClientID(fmt.Sprint(i))} }
	tests := map[string]struct {
		causes, services int
		note             func(j *journal)
		want             map[int]string // what is remembered of services, the newest first
	}{
		"the oldest cause of a service makes room": {3, 2, func(j *journal) {
			for i := range 5 {
				j.note(service(1), cause(i))
			}
		}, map[int]string{1: "4 3 2", 2: ""}},
		"the service that changed longest ago makes room": {3, 2, func(j *journal) {
			for _, i := range []int{1, 2, 1, 3} {
				j.note(service(i), cause(i))
			}
		}, map[int]string{1: "1 1", 2: "", 3: "3"}},
		"nothing is remembered of no causes":   {0, 2, func(j *journal) { j.note(service(1), cause(1)) }, map[int]string{1: ""}},
		"nothing is remembered of no services": {2, 0, func(j *journal) { j.note(service(1), cause(1)) }, map[int]string{1: ""}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			j := newJournal(tc.causes, tc.services)
			tc.note(&j)
			for i, want := range tc.want {
				var got []string
				for _, c := range j.last(service(i)) {
					got = append(got, string(c.Client))
				}
				if strings.Join(got, " ") != want {
					t.Errorf("service %d: %v, want %s", i, got, want)
				}
			}
			if len(j.of) != j.order.Len() || len(j.of) > tc.services {
				t.Errorf("%d services of %d are indexed, at most %d", len(j.of), j.order.Len(), tc.services)
			}
		})
	}
}

func TestLagIsFromTheChangeToItsAcknowledgement(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.cutOff(memberB, true)
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		elapse(10 * time.Second)
		c.cutOff(memberB, false)
		elapse(10 * time.Second)
		c.mu.Lock()
		lags := c.lags[memberA]
		c.mu.Unlock()
		if len(lags) != 1 || lags[0] < 10*time.Second || lags[0] > 20*time.Second {
			t.Errorf("lags = %v, want one of 10-20 s", lags)
		}
		counts, err := c.loops[memberA].Counts(c.t.Context())
		if err != nil || counts.Retried == 0 || counts.Abandoned != 0 || counts.LoadTook < 0 {
			t.Errorf("counts = %+v, %v, want some sends retried and none abandoned", counts, err)
		}
	}, memberA, memberB)
}
