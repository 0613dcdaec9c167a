package resources

import (
	"slices"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/sidecar/limits"
)

// Limits reach the member as it reads them, in one order: another would be another
// template, and replace all pods.
func TestLimitsReachTheMember(t *testing.T) {
	c := readCluster(t, "testdata/minimal.in.yaml")
	arg := func() string {
		args := sidecar(c, defaultImage).Args
		i := slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(a, "--limits=") })
		if i < 0 {
			return ""
		}
		return strings.TrimPrefix(args[i], "--limits=")
	}
	if got := arg(); got != "" {
		t.Errorf("without limits the member is given %q", got)
	}
	c.Spec.Limits = v1alpha1.Limits{"message": "4MiB", "connections-per-ip": "3000", "idle-within": "90s"}
	if got, want := arg(), "connections-per-ip=3000,idle-within=90s,message=4MiB"; got != want {
		t.Errorf("the member is given %q, want %q", got, want)
	}
	if _, err := limits.Parse(arg()); err != nil {
		t.Errorf("it does not read them: %v", err)
	}
}
