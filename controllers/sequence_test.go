//go:build envtest

package controllers

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

// edits are what a user may do to a cluster, wisely or not.
var edits = []struct {
	name string
	do   func(*v1alpha1.NamingCluster)
}{
	{"none", sized(0)},
	{"one", sized(1)},
	{"two", sized(2)},
	{"four", sized(4)},
	{"newer", imaged("newer")},
	{"broken", imaged(badImage)},
	{"default image", imaged("")},
	{"paused", func(c *v1alpha1.NamingCluster) { c.Spec.Paused = true }},
	{"resumed", func(c *v1alpha1.NamingCluster) { c.Spec.Paused = false }},
	{"partition", func(c *v1alpha1.NamingCluster) {
		c.Spec.UpdateStrategy = v1alpha1.UpdateStrategy{RollingUpdate: &v1alpha1.RollingUpdate{Partition: 1}}
	}},
	{"rollout paused", func(c *v1alpha1.NamingCluster) {
		c.Spec.UpdateStrategy = v1alpha1.UpdateStrategy{RollingUpdate: &v1alpha1.RollingUpdate{Paused: true}}
	}},
	{"OnDelete", func(c *v1alpha1.NamingCluster) { c.Spec.UpdateStrategy = v1alpha1.UpdateStrategy{Type: "OnDelete"} }},
	{"RollingUpdate", func(c *v1alpha1.NamingCluster) { c.Spec.UpdateStrategy = v1alpha1.UpdateStrategy{} }},
	{"settling", func(c *v1alpha1.NamingCluster) { c.Spec.MinConvergedSeconds = 12 }},
	{"fenced", annotated(v1alpha1.FencedAnnotation, `["demo-0"]`)},
	{"nonsense", annotated(v1alpha1.FencedAnnotation, `demo-0`)},
	{"emergency", annotated(v1alpha1.SkipCheckAnnotation, "true")},
	{"open port", func(c *v1alpha1.NamingCluster) { c.Spec.NetworkPolicy.Enabled = new(false) }},
	{"TLS", protected},
	{"TLS between members", shielded},
	{"no TLS", func(c *v1alpha1.NamingCluster) { c.Spec.TLS = nil }},
	{"a Secret that is not there", func(c *v1alpha1.NamingCluster) {
		shielded(c)
		c.Spec.TLS.Members.SecretName = "none"
	}},
	{"new certificates", annotated(v1alpha1.RotateCertificatesAnnotation, "now")},
	{"a new authority", annotated(v1alpha1.RotateAuthorityAnnotation, "now")},
	{"a container beside it", func(c *v1alpha1.NamingCluster) {
		c.Spec.Template.Containers = []corev1.Container{{Name: "gateway", Image: "gateway:v1"}}
	}},
	{"labels of pods", func(c *v1alpha1.NamingCluster) {
		c.Spec.Template.Metadata.Labels = v1alpha1.Labels{"team": "payments"}
	}},
	{"nothing beside it", func(c *v1alpha1.NamingCluster) { c.Spec.Template = v1alpha1.PodTemplate{} }},
	{"more memory", func(c *v1alpha1.NamingCluster) {
		c.Spec.Resources = &corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}}
	}},
	{"a mesh", func(c *v1alpha1.NamingCluster) { c.Spec.StrictPeers = new(false) }},
	{"a restart", annotated(v1alpha1.RestartedAnnotation, "2026-11-25T12:00:00Z")},
	{"another port", func(c *v1alpha1.NamingCluster) { c.Spec.Service = &v1alpha1.Service{Port: 80} }},
}

// sane is the wish at the end, whatever was wished before.
func sane(c *v1alpha1.NamingCluster) {
	c.Annotations = nil
	c.Spec = v1alpha1.NamingClusterSpec{Replicas: new(int32(2)), Image: "last"}
}

// TestAnySequenceOfEditsCanBeLeft edits a cluster at random, without waiting
// for anything, and wants it to end as one that had the last spec from the
// start: no state is a dead end, and nothing of the past stays.
func TestAnySequenceOfEditsCanBeLeft(t *testing.T) {
	t.Parallel()
	straight := newWorld(t)
	straight.edit(sane)
	straight.rest()
	want := forgetful(straight.objects())
	for seed := range uint64(20) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			chance := rand.New(rand.NewPCG(seed, 0))
			w := newWorld(t)
			var done []string
			for range 8 {
				e := edits[chance.IntN(len(edits))]
				done = append(done, e.name)
				w.edit(e.do)
				for range chance.IntN(6) {
					w.pass()
					w.nodes.step(t.Context())
				}
			}
			w.edit(sane)
			w.rest()
			if diff := cmp.Diff(want, forgetful(w.objects())); diff != "" {
				t.Errorf("after %s (-straight +winding):\n%s", strings.Join(done, ", "), diff)
			}
			if broken := slices.Concat(w.nodes.broken("prod"), w.broken); len(broken) > 0 {
				t.Errorf("after %s: %v", strings.Join(done, ", "), broken)
			}
		})
	}
}

// past are the keys that count what has happened.
var past = []string{"generation", "membersGeneration", "message", resources.MembersGenerationAnnotation}

// forgetful takes out of objects what may tell about their past; certificates stay
// for the next time.
func forgetful(objects map[string]any) map[string]any {
	out := forget(objects).(map[string]any)
	maps.DeleteFunc(out, func(name string, _ any) bool { return strings.HasPrefix(name, "Secret ") })
	return out
}

func forget(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			if key == resources.MembersKey {
				value = value.([]any)[0]
			}
			if !slices.Contains(past, key) {
				out[key] = forget(value)
			}
		}
		return out
	case []any:
		out := slices.Clone(v)
		for i := range out {
			out[i] = forget(out[i])
		}
		return out
	}
	return v
}
