//go:build e2e

package e2e

import "testing"

func TestScaleOutAndInLosesNoInstance(t *testing.T) {
	before := requireSettled(t, members)
	a := gather(t, "scaled", address(t, 0), address(t, 1))

	kubectl(t, "scale", "nmc/"+demo.Name, "--replicas=5")
	wide := requireSettled(t, 5)
	if wide.Status.MembersGeneration <= before.Status.MembersGeneration {
		t.Errorf("list generation after scaling out = %d, was %d, want more",
			wide.Status.MembersGeneration, before.Status.MembersGeneration)
	}
	newest := startHelper(t, "watch", "-service", "scaled", "-member", address(t, 4), "-count", "60")
	newest.finish(t) // it was ready: the newest member knew all instances

	kubectl(t, "scale", "nmc/"+demo.Name, "--replicas=3")
	narrow := requireSettled(t, members)
	if narrow.Status.MembersGeneration <= wide.Status.MembersGeneration {
		t.Errorf("list generation after scaling in = %d, was %d, want more",
			narrow.Status.MembersGeneration, wide.Status.MembersGeneration)
	}
	a.dismiss(t)
}
