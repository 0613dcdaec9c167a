package rollout

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const poll = 5 * time.Second

// old is a member with ordinal o that serves, with the template before the newest.
func old(o int32) Member {
	return Member{Ordinal: o, Ready: true, Answered: true, Loaded: true, Current: true, Digest: "d"}
}

// fresh is a member that serves with the newest template.
func fresh(o int32) Member {
	m := old(o)
	m.Updated = true
	return m
}

func down(m Member) Member      { m.Ready, m.Answered = false, false; return m }
func leaving(m Member) Member   { m.Leaving = true; return m }
func silent(m Member) Member    { m.Answered = false; return m }
func loading(m Member) Member   { m.Loaded = false; return m }
func lagging(m Member) Member   { m.Current = false; return m }
func fenced(m Member) Member    { m.Fenced = true; return m }
func differing(m Member) Member { m.Digest = "other"; return m }
func set(m Member) Member       { m.Settings = "s"; return m }
func otherwise(m Member) Member { m.Settings = "t"; return m }

// steady is a settled set of three with the given members.
func steady(want int32, members ...Member) Facts {
	return Facts{Want: want, Exists: true, Replicas: 3, Partition: 3, Settled: true, Members: members, Poll: poll}
}

// rolling is a set of three in the middle of a rollout at the given partition.
func rolling(partition int32, members ...Member) Facts {
	f := steady(3, members...)
	f.Rolling, f.Partition = true, partition
	return f
}

// decided is what facts must lead to.
type decided struct {
	facts Facts
	want  Decision
}

func checkDecisions(t *testing.T, tests map[string]decided) {
	t.Helper()
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Decide(tc.facts)); diff != "" {
				t.Errorf("Decide (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecideAdds(t *testing.T) {
	checkDecisions(t, map[string]decided{
		"a new cluster gets all its members": {
			facts: Facts{Want: 3, Poll: poll}, want: Decision{3, 3, ScalingUp, poll},
		},
		"a new cluster of none starts nothing": {
			facts: Facts{Want: 0, Poll: poll}, want: Decision{0, 0, Idle, poll},
		},
		"a cluster in its wanted shape is looked at now and then": {
			facts: steady(3, fresh(0), fresh(1), fresh(2)), want: Decision{3, 3, Idle, 2 * poll},
		},
		"members that differ are looked at more often": {
			facts: steady(3, fresh(0), fresh(1), differing(fresh(2))), want: Decision{3, 3, Idle, poll},
		},
		"a member that is down is looked at more often": {
			facts: steady(3, fresh(0), fresh(1), down(fresh(2))), want: Decision{3, 3, Idle, poll},
		},
		"members are added at once": {
			facts: steady(5, fresh(0), fresh(1), fresh(2)), want: Decision{5, 5, ScalingUp, poll},
		},
		"a set whose controller has not looked yet is being made": {
			facts: unsettled(steady(3)), want: Decision{3, 3, ScalingUp, poll},
		},
		"a lost pod is expected back": {
			facts: steady(3, fresh(0), fresh(2)), want: Decision{3, 3, ScalingUp, poll},
		},
	})
}

func TestDecideRemoves(t *testing.T) {
	checkDecisions(t, map[string]decided{
		"members are removed one at a time": {
			facts: steady(1, fresh(0), fresh(1), fresh(2)), want: Decision{2, 2, Draining, poll},
		},
		"the next member stays until the last has gone": {
			facts: func() Facts {
				f := steady(1, fresh(0), fresh(1), leaving(fresh(2)))
				f.Replicas = 2
				return f
			}(),
			want: Decision{2, 2, Draining, poll},
		},
		"a serving member stays while others hold another registry": {
			facts: steady(2, fresh(0), differing(fresh(1)), fresh(2)), want: Decision{3, 3, WaitingForConvergence, poll},
		},
		"a serving member stays while others have other settings": {
			facts: steady(2, set(fresh(0)), otherwise(fresh(1)), set(fresh(2))), want: Decision{3, 3, WaitingForConvergence, poll},
		},
		"a serving member stays while others run on an older list": {
			facts: steady(2, fresh(0), lagging(fresh(1)), fresh(2)), want: Decision{3, 3, WaitingForConvergence, poll},
		},
		"the only member that clients may use stays": {
			facts: steady(2, fenced(fresh(0)), fenced(fresh(1)), fresh(2)), want: Decision{3, 3, WaitingForMembers, poll},
		},
		"a fenced member hands over as well": {
			facts: steady(2, fresh(0), differing(fresh(1)), fenced(fresh(2))), want: Decision{3, 3, WaitingForConvergence, poll},
		},
		"the only serving member stays": {
			facts: steady(2, down(fresh(0)), down(fresh(1)), fresh(2)), want: Decision{3, 3, WaitingForMembers, poll},
		},
		"a member that serves nobody is removed at once": {
			facts: steady(2, fresh(0), differing(fresh(1)), down(fresh(2))), want: Decision{2, 2, Draining, poll},
		},
		"a failed member that stays does not block the removal of another": {
			facts: steady(2, fresh(0), down(fresh(1)), fresh(2)), want: Decision{2, 2, Draining, poll},
		},
		"no members are wanted, so nobody has to agree": {
			facts: steady(0, fresh(0), differing(fresh(1)), fresh(2)), want: Decision{2, 2, Draining, poll},
		},
		"an empty cluster needs no looking": {
			facts: func() Facts { f := steady(0); f.Replicas = 0; return f }(), want: Decision{0, 0, Idle, 0},
		},
	})
}

func TestDecideRolling(t *testing.T) {
	tests := map[string]struct {
		facts     Facts
		partition int32
		reason    Reason
	}{
		"a new template starts with nobody":             {changed(steady(3, fresh(0), fresh(1), fresh(2))), 3, RollingUpdate},
		"a newer template stops the rollout before it":  {changed(rolling(1, old(0), fresh(1), fresh(2))), 3, RollingUpdate},
		"the highest ordinal goes first":                {rolling(3, old(0), old(1), old(2)), 2, RollingUpdate},
		"the next goes when the last serves":            {rolling(2, old(0), old(1), fresh(2)), 1, RollingUpdate},
		"the next waits while the last is not ready":    {rolling(2, old(0), old(1), down(fresh(2))), 2, WaitingForMembers},
		"the next waits while the last is loading":      {rolling(2, old(0), old(1), loading(fresh(2))), 2, WaitingForConvergence},
		"the next waits while the last does not answer": {rolling(2, old(0), old(1), silent(fresh(2))), 2, WaitingForConvergence},
		"the next waits while the last differs":         {rolling(2, old(0), old(1), differing(fresh(2))), 2, WaitingForConvergence},
		"the next waits while settings differ":          {rolling(2, set(old(0)), set(old(1)), otherwise(fresh(2))), 2, WaitingForConvergence},
		"who tells nothing of settings holds up nobody": {rolling(2, old(0), old(1), set(fresh(2))), 1, RollingUpdate},
		"but does not hide who differs":                 {rolling(1, old(0), set(fresh(1)), otherwise(fresh(2))), 1, WaitingForConvergence},
		"the next waits while the last has an old list": {rolling(2, old(0), old(1), lagging(fresh(2))), 2, WaitingForConvergence},
		"a leaving member comes back updated":           {rolling(2, old(0), old(1), leaving(old(2))), 2, RollingUpdate},
		"a member that has left comes back updated":     {rolling(2, old(0), old(1)), 2, RollingUpdate},
		"an unsettled set is left as it is":             {unsettled(rolling(2, old(0), old(1), old(2))), 2, RollingUpdate},
		"an unsettled set is not called finished":       {unsettled(steady(3, fresh(0), fresh(1), fresh(2))), 3, RollingUpdate},
		"a fenced member takes its turn":                {rolling(3, old(0), old(1), fenced(old(2))), 2, RollingUpdate},
		"a fenced member counts as serving":             {rolling(2, old(0), old(1), fenced(fresh(2))), 1, RollingUpdate},
		"the only one that clients may use stays":       {rolling(1, old(0), fenced(fresh(1)), fenced(fresh(2))), 1, WaitingForMembers},
		"the first ordinal is last":                     {rolling(1, old(0), fresh(1), fresh(2)), 0, RollingUpdate},
		"the set may finish when all are replaced":      {rolling(0, fresh(0), fresh(1), fresh(2)), 0, RollingUpdate},
		"the last one must serve before that":           {rolling(0, down(fresh(0)), fresh(1), fresh(2)), 0, WaitingForMembers},
		"a finished rollout closes the gate":            {opened(steady(3, fresh(0), fresh(1), fresh(2))), 3, RollingUpdate},
		"and is finished then":                          {steady(3, fresh(0), fresh(1), fresh(2)), 3, Idle},
		"no rollout while one member is down": {
			rolling(3, down(old(0)), old(1), old(2)), 0, RollingUpdate, // that one itself goes first
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			want := Decision{Replicas: 3, Partition: tc.partition, Reason: tc.reason, Recheck: poll}
			got := Decide(tc.facts)
			got.Recheck = want.Recheck // told by TestDecideAdds
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Decide (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecideRescues(t *testing.T) {
	tests := map[string]struct {
		facts     Facts
		partition int32
		reason    Reason
	}{
		"a broken first update is replaced by its correction": {rolling(3, old(0), old(1), down(old(2))), 2, RollingUpdate},
		"a cluster that never started is corrected one by one": {
			rolling(3, down(old(0)), down(old(1)), down(old(2))), 2, RollingUpdate,
		},
		"its next member waits for the first": {
			rolling(2, down(old(0)), down(old(1)), down(fresh(2))), 2, WaitingForMembers,
		},
		"its next member follows the first":                    {rolling(2, down(old(0)), down(old(1)), fresh(2)), 1, RollingUpdate},
		"a broken member in the middle goes before the others": {rolling(3, old(0), down(old(1)), old(2)), 1, RollingUpdate},
		"the gate closes again behind it":                      {rolling(1, old(0), down(fresh(1)), old(2)), 3, WaitingForMembers},
		"a pod that cannot be made gets the correction":        {rolling(3, old(0), old(1)), 2, RollingUpdate},
		"a lost pod below a waiting one opens no gate":         {rolling(3, old(0), old(2)), 3, WaitingForMembers},
		"a broken second update replaces nobody else": {
			rolling(2, down(old(0)), old(1), down(fresh(2))), 2, WaitingForMembers,
		},
		"going back to the former template replaces the stray": {steady(3, fresh(0), fresh(1), down(old(2))), 2, RollingUpdate},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := Decide(tc.facts)
			if got.Partition != tc.partition || got.Reason != tc.reason {
				t.Errorf("Decide = partition %d, %s; want %d, %s", got.Partition, got.Reason, tc.partition, tc.reason)
			}
		})
	}
}

// held is f with ordinals below keep held back by the user.
func held(keep int32, f Facts) Facts { f.Keep = keep; return f }
func halted(f Facts) Facts           { f.Held = true; return f }
func manual(f Facts) Facts           { f.OnDelete = true; return f }
func unchecked(f Facts) Facts        { f.Unchecked = true; return f }

// settling is f with members that have agreed for a while and must for ten seconds.
func settling(agreed time.Duration, f Facts) Facts {
	f.Settle, f.Agreed = 10*time.Second, agreed
	return f
}

func TestDecideKeepsWhatTheUserHoldsBack(t *testing.T) {
	tests := map[string]struct {
		facts     Facts
		partition int32
		reason    Reason
	}{
		"a partition lets those above it go":           {held(1, rolling(3, old(0), old(1), old(2))), 2, RollingUpdate},
		"and the next one":                             {held(1, rolling(2, old(0), old(1), fresh(2))), 1, RollingUpdate},
		"and stops there":                              {held(1, rolling(1, old(0), fresh(1), fresh(2))), 1, PartitionReached},
		"once those that were replaced serve":          {held(1, rolling(1, old(0), down(fresh(1)), fresh(2))), 1, WaitingForMembers},
		"a partition above all holds everybody back":   {held(9, rolling(3, old(0), old(1), old(2))), 3, PartitionReached},
		"a lower partition lets the next go":           {held(0, rolling(1, old(0), fresh(1), fresh(2))), 0, RollingUpdate},
		"a broken member below it is left alone":       {held(1, rolling(1, down(old(0)), fresh(1), fresh(2))), 1, PartitionReached},
		"a lost pod below it comes back as it was":     {held(1, rolling(1, fresh(1), fresh(2))), 1, WaitingForMembers},
		"a lost pod above it gets the newest template": {held(1, rolling(3, old(0), old(1))), 2, RollingUpdate},
		"a new template starts with nobody":            {held(1, changed(rolling(1, old(0), fresh(1), fresh(2)))), 3, RollingUpdate},
		"a partition without anything newer is idle":   {held(1, steady(3, fresh(0), fresh(1), fresh(2))), 3, Idle},
		"a pause stops before the next member":         {halted(rolling(2, old(0), old(1), fresh(2))), 2, RolloutPaused},
		"a pause rescues nobody":                       {halted(rolling(3, old(0), old(1), down(old(2)))), 3, RolloutPaused},
		"a new template waits for the end of a pause":  {halted(changed(steady(3, old(0), old(1), old(2)))), 3, RollingUpdate},
		"what was replaced may finish during a pause":  {halted(rolling(0, fresh(0), fresh(1), fresh(2))), 0, RollingUpdate},
		"a pause of nothing is idle":                   {halted(steady(3, fresh(0), fresh(1), fresh(2))), 3, Idle},
		"users delete the pods themselves":             {manual(rolling(3, old(0), old(1), old(2))), 3, WaitingForDeletion},
		"until all are replaced":                       {manual(rolling(3, fresh(0), fresh(1), fresh(2))), 3, Idle},
		"a new template is not theirs yet":             {manual(changed(steady(3, old(0), old(1), old(2)))), 3, WaitingForStatefulSet},
		"nor before the set has seen it":               {manual(unsettled(rolling(3, old(0), old(1), old(2)))), 3, WaitingForStatefulSet},
		"coming back from there opens no gate":         {unsettled(rolling(3, old(0), fresh(1), old(2))), 3, RollingUpdate},
		"and goes on with those that are left":         {rolling(3, old(0), fresh(1), fresh(2)), 0, RollingUpdate},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := Decide(tc.facts)
			if got.Partition != tc.partition || got.Reason != tc.reason || got.Replicas != 3 {
				t.Errorf("Decide = %+v; want 3 members, partition %d, %s", got, tc.partition, tc.reason)
			}
		})
	}
}

func TestDecideOnAgreement(t *testing.T) {
	half := rolling(2, old(0), old(1), fresh(2))
	shrink := steady(2, fresh(0), fresh(1), fresh(2))
	lone := steady(2, down(fresh(0)), fresh(1), fresh(2))
	checkDecisions(t, map[string]decided{
		"the next one waits until the members have agreed for long enough": {
			facts: settling(4*time.Second, half), want: Decision{3, 2, Settling, poll},
		},
		"and no longer than that": {facts: settling(8*time.Second, half), want: Decision{3, 2, Settling, 2 * time.Second}},
		"then it goes":            {facts: settling(10*time.Second, half), want: Decision{3, 1, RollingUpdate, poll}},
		"removals wait as well":   {facts: settling(0, shrink), want: Decision{3, 3, Settling, poll}},
		"but not for a member that may never agree": {
			facts: settling(0, lone), want: Decision{2, 2, Draining, poll},
		},
		"in an emergency nobody has to agree": {
			facts: unchecked(settling(0, rolling(2, old(0), differing(old(1)), fresh(2)))), want: Decision{3, 1, RollingUpdate, poll},
		},
		"nor to answer": {
			facts: unchecked(rolling(2, old(0), silent(old(1)), silent(fresh(2)))), want: Decision{3, 1, RollingUpdate, poll},
		},
		"also when a member is removed": {
			facts: unchecked(steady(2, fresh(0), differing(fresh(1)), fresh(2))), want: Decision{2, 2, Draining, poll},
		},
		"but one is replaced at a time even then": {
			facts: unchecked(rolling(2, old(0), old(1), down(fresh(2)))), want: Decision{3, 2, WaitingForMembers, poll},
		},
		"a held rollout is looked at as a finished one is": {
			facts: held(1, rolling(1, old(0), fresh(1), fresh(2))), want: Decision{3, 1, PartitionReached, 2 * poll},
		},
	})
}

func TestAgree(t *testing.T) {
	tests := map[string]struct {
		facts Facts
		want  bool
	}{
		"all serve and hold the same":     {steady(3, fresh(0), fresh(1), fresh(2)), true},
		"one holds something else":        {steady(3, fresh(0), fresh(1), differing(fresh(2))), false},
		"one has other settings":          {steady(3, set(fresh(0)), otherwise(fresh(1)), set(fresh(2))), false},
		"one tells nothing of settings":   {steady(3, set(fresh(0)), fresh(1), set(fresh(2))), true},
		"one is missing":                  {steady(3, fresh(0), fresh(1)), false},
		"one that is too many is no harm": {steady(2, fresh(0), fresh(1), fresh(2)), true},
		"nobody is there":                 {steady(0), false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tc.facts.Agree(); got != tc.want {
				t.Errorf("Agree = %t, want %t", got, tc.want)
			}
		})
	}
}

func TestDecideDoesOneThingAtATime(t *testing.T) {
	f := rolling(3, old(0), old(1), old(2))
	f.Want = 2
	if got, want := Decide(f), (Decision{Replicas: 2, Partition: 3, Reason: Draining, Recheck: poll}); got != want {
		t.Errorf("Decide(scale in during a rollout) = %+v, want %+v", got, want)
	}

	f = rolling(2, old(0), old(1), down(fresh(2)))
	f.Want, f.Replicas = 2, 4
	f.Members = append(f.Members, fresh(3))
	if got, want := Decide(f), (Decision{Replicas: 4, Partition: 2, Reason: WaitingForMembers, Recheck: poll}); got != want {
		t.Errorf("Decide(rollout under way before scale in) = %+v, want %+v", got, want)
	}
}

func opened(f Facts) Facts    { f.Partition = 0; return f }
func changed(f Facts) Facts   { f.Changed = true; return f }
func unsettled(f Facts) Facts { f.Settled = false; return f }
