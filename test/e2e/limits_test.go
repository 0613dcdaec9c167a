//go:build e2e

package e2e

import (
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// TestLimitsOfTheSpecAreKept: clients are told which limit they went over, and the
// operator's people see it counted. Another value replaces the member.
func TestLimitsOfTheSpecAreKept(t *testing.T) {
	t.Parallel()
	key := client.ObjectKey{Namespace: "limited", Name: "one"}
	found(t, key, 1, func(spec *v1alpha1.NamingClusterSpec) {
		spec.Limits = v1alpha1.Limits{"batch": "3", "parameters": "32"}
	})
	member := addressesOf(t, key, 1)[0]

	hold := []string{"hold", "-service", "limited", "-count", "4", "-clients", "1", "-member"}
	requireSDKRefused(t, "the limit is 3 (--limits batch=..., or spec.limits of a NamingCluster)", append(hold, member)...)
	many := url.Values{"serviceName": {"limited"}, "p": make([]string, 32)}
	requireAnswer(t, member, http.MethodGet, listPath, many, http.StatusBadRequest, "the limit is 32 (--limits parameters=..., or spec.limits of a NamingCluster)")
	for _, limit := range []string{"batch", "parameters"} {
		if n, err := metric(t.Context(), member, `naming_over_limit_total{limit="`+limit+`"} `); err != nil || n == 0 {
			t.Errorf("%s is counted %v times, %v", limit, n, err)
		}
	}

	for change, words := range map[string]string{
		`{"bach":"3"}`:         "there is no limit of this name",
		`{"batch":"3KiB"}`:     "all others are plain numbers",
		`{"call-within":"1"}`:  "a limit of time needs ms, s, m or h",
		`{"message":"1KiB"}`:   "the least is 64KiB for message",
		`{"parameters":"1"}`:   "32 for parameters",
		`{"idle-within":"1d"}`: "spec.limits.idle-within",
	} {
		out, err := exec.CommandContext(t.Context(), "kubectl", "-n", key.Namespace, "patch", "nmc", key.Name,
			"--type=merge", "-p", `{"spec":{"limits":`+change+`}}`).CombinedOutput()
		if err == nil || !strings.Contains(string(out), words) {
			t.Errorf("limits %s: %v, want %q: %s", change, err, words, out)
		}
	}

	patch(`{"spec":{"limits":{"batch":"4"}}}`)(t, key)
	settle(t, key, 1)
	startHelper(t, append(hold, addressesOf(t, key, 1)[0])...).finish(t)
}
