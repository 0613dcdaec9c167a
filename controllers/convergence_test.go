package controllers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/controllers/rollout"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// looks has a cluster of three looked at every five seconds. In each look the
// members have the digests that are given, of the registry or REGISTRY/SETTINGS; what status says of Converged then, and
// who is named, is returned.
func looks(digests ...[3]string) (said []string) {
	s := seen()
	s.set.Status.UpdateRevision = "r1"
	for i, now := range digests {
		for k, p := range s.pods {
			registry, settings, _ := strings.Cut(now[k], "/")
			s.reports[p.address] = report.Report{
				Member: string(p.address), Loaded: true, Generation: 1, Digest: registry, SettingsDigest: settings,
			}
		}
		at := noon.Add(time.Hour + time.Duration(i)*poll)
		f := rollout.Facts{Exists: true, Want: 3, Replicas: 3, Members: s.planned(1)}
		s.cluster.Status = statusFor(s, f, rollout.Decision{Replicas: 3, Reason: rollout.Idle}, nil, at)
		converged := meta.FindStatusCondition(s.cluster.Status.Conditions, v1alpha1.Converged)
		said = append(said, fmt.Sprint(converged.Status, " ", converged.Reason, " ", s.cluster.Status.Convergence.DivergentMembers))
	}
	return said
}

// alike is a look that finds all alike.
func alike(digest string) [3]string { return [3]string{digest, digest, digest} }

func TestADifferenceIsOneOnlyIfItStays(t *testing.T) {
	const (
		agree    = "True DigestsMatch []"
		differs  = "False DigestsDiffer [demo-2]"
		changing = "Unknown RegistryChanging []"
		set      = "False SettingsDiffer [demo-2]"
	)
	tests := map[string]struct {
		digests [][3]string
		want    []string
	}{
		"at rest": {[][3]string{alike("a"), alike("a")}, []string{agree, agree}},
		"one stays behind": {
			[][3]string{alike("a"), {"b", "b", "a"}, {"b", "b", "a"}, alike("b")}, []string{agree, agree, differs, agree},
		},
		"seen in the middle of changes, now and then": {
			[][3]string{alike("a"), {"b", "b", "c"}, alike("d"), {"e", "e", "f"}, {"g", "g", "h"}, alike("i")},
			[]string{agree, agree, agree, agree, agree, agree},
		},
		"never seen to be equal, for long": {
			[][3]string{alike("a"), {"b", "c", "d"}, {"e", "f", "g"}, {"h", "i", "j"}, {"k", "l", "m"}, alike("n")},
			[]string{agree, agree, agree, agree, changing, agree},
		},
		"the settings of one stay behind": {
			[][3]string{alike("a/s"), {"a/t", "a/t", "a/s"}, {"a/t", "a/t", "a/s"}, alike("a/t")}, []string{agree, agree, set, agree},
		},
		"settings were on their way": {[][3]string{alike("a/s"), {"a/t", "a/t", "a/s"}, alike("a/t")}, []string{agree, agree, agree}},
		"members of earlier versions are replaced": {
			[][3]string{alike("a"), {"a", "a", "a/s"}, {"a", "a/s", "a/s"}, alike("a/s")}, []string{agree, agree, agree, agree},
		},
		"one stays behind while the others change, which then rest": {
			[][3]string{alike("a"), {"b", "b", "a"}, {"c", "c", "a"}, {"d", "d", "a"}, {"e", "e", "a"}, {"e", "e", "a"}, {"f", "f", "a"}},
			[]string{agree, agree, agree, agree, changing, differs, "False DigestsDiffer []"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := looks(tc.digests...)
			for i := range tc.want {
				if got[i] != tc.want[i] {
					t.Errorf("look %d at %v: %s, want %s", i, tc.digests[i], got[i], tc.want[i])
				}
			}
		})
	}
}

func TestVolumesThatNobodyMountsAreTold(t *testing.T) {
	s := seen()
	s.cluster.Spec.Template = v1alpha1.PodTemplate{
		Volumes:    []corev1.Volume{{Name: "used"}, {Name: "disk"}, {Name: "keys"}},
		Containers: []corev1.Container{{VolumeMounts: []corev1.VolumeMount{{Name: "used"}}, VolumeDevices: []corev1.VolumeDevice{{Name: "disk"}}}},
	}
	if got := resources.Loose(s.cluster); len(got) != 1 || got[0] != "keys" {
		t.Fatalf("Loose = %v, want keys", got)
	}
	got := newView(s, rollout.Facts{Exists: true}, rollout.Decision{Replicas: 3, Reason: rollout.Idle}, nil, noon).reconciling()
	want := "the newest spec is applied; no container mounts what spec.template.volumes has as keys, so nobody notices if it is missing: mount it or remove it"
	if got.Status != metav1.ConditionFalse || got.Message != want {
		t.Errorf("Reconciling = %s, %q, want False, %q", got.Status, got.Message, want)
	}
}
