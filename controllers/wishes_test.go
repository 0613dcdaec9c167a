package controllers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

func TestWishes(t *testing.T) {
	const pause, skip = v1alpha1.PauseAnnotation, v1alpha1.SkipCheckAnnotation
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
		"what means nothing": {map[string]string{pause: "maybe", skip: "True"}, false, wishes{problems: []string{
			"annotation naming.distro.io/pause-reconciliation is \"maybe\" and means nothing: make it \"true\" or remove it",
			"annotation naming.distro.io/skip-convergence-check is \"True\" and means nothing: make it \"true\" or remove it",
		}}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := &v1alpha1.NamingCluster{ObjectMeta: metav1.ObjectMeta{Annotations: tc.annotations}}
			c.Spec.Paused = tc.paused
			if diff := cmp.Diff(tc.want, wishesOf(c), cmp.AllowUnexported(wishes{})); diff != "" {
				t.Errorf("wishesOf (-want +got):\n%s", diff)
			}
		})
	}
}
