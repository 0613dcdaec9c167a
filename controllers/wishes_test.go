package controllers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

func TestWishes(t *testing.T) {
	const pause, skip, fenced = v1alpha1.PauseAnnotation, v1alpha1.SkipCheckAnnotation, v1alpha1.FencedAnnotation
	tests := map[string]struct {
		annotations map[string]string
		paused      bool // by the spec
		want        wishes
	}{
		"nothing is wished":            {nil, false, wishes{}},
		"a pause by annotation":        {map[string]string{pause: "true"}, false, wishes{paused: v1alpha1.ReasonPausedByAnnotation}},
		"a pause by the spec":          {nil, true, wishes{paused: v1alpha1.ReasonPausedBySpec}},
		"the spec outweighs":           {map[string]string{pause: "false"}, true, wishes{paused: v1alpha1.ReasonPausedBySpec}},
		"no pause, said by annotation": {map[string]string{pause: "false"}, false, wishes{}},
		"an emergency":                 {map[string]string{skip: "true"}, false, wishes{unchecked: true}},
		"a fence around one":           {map[string]string{fenced: `["demo-1"]`}, false, wishes{fence: fence{pods: []string{"demo-1"}}}},
		"a fence around all":           {map[string]string{fenced: `["*"]`}, false, wishes{fence: fence{all: true}}},
		"a fence around none":          {map[string]string{fenced: `[]`}, false, wishes{}},
		"a fence around strangers too": {map[string]string{fenced: `["demo-3", "demo-2"]`}, false, wishes{
			fence: fence{pods: []string{"demo-2"}}, problems: []string{
				`annotation naming.distro.io/fenced-members names "demo-3", which is no member: remove it from the list`,
			},
		}},
		"a fence that cannot be read": {map[string]string{fenced: "demo-1"}, false, wishes{
			fence: fence{unknown: true}, problems: []string{
				`annotation naming.distro.io/fenced-members is not a JSON list of pods and changes no fence: make it one, such as ["demo-0"]`,
			},
		}},
		"what means nothing": {map[string]string{pause: "maybe", skip: "True"}, false, wishes{problems: []string{
			"annotation naming.distro.io/pause-reconciliation is \"maybe\" and means nothing: make it \"true\" or remove it",
			"annotation naming.distro.io/skip-convergence-check is \"True\" and means nothing: make it \"true\" or remove it",
		}}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := &v1alpha1.NamingCluster{ObjectMeta: metav1.ObjectMeta{Name: "demo", Annotations: tc.annotations}}
			c.Spec.Paused = tc.paused
			if diff := cmp.Diff(tc.want, wishesOf(c), cmp.AllowUnexported(wishes{}, fence{})); diff != "" {
				t.Errorf("wishesOf (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFenceAroundPods(t *testing.T) {
	tests := map[string]struct {
		fence fence
		label string // that the pod carries now
		want  string
	}{
		"a member that is named":                {fence{pods: []string{"demo-1"}}, "false", "true"},
		"a member that is not":                  {fence{pods: []string{"demo-2"}}, "false", "false"},
		"a member that is no longer named":      {fence{}, "true", "false"},
		"a member that somebody else has freed": {fence{pods: []string{"demo-1"}}, "maybe", "true"},
		"a pod of an older operator":            {fence{}, "", "false"},
		"everybody":                             {fence{all: true}, "false", "true"},
		"a fence stays while nobody knows":      {fence{unknown: true}, "true", "true"},
		"and no other rises":                    {fence{unknown: true}, "false", "false"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "demo-1", Labels: map[string]string{resources.FencedLabel: tc.label}}}
			if got := tc.fence.around(pod{Pod: p}); got != tc.want {
				t.Errorf("around = %q, want %q", got, tc.want)
			}
		})
	}
}
