//go:build envtest

package controllers

import (
	stdcmp "cmp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

// journey is a change of a cluster that the operator may be killed in.
type journey struct {
	from func(*v1alpha1.NamingCluster) // what it is before; nil: it does not exist yet
	to   func(*v1alpha1.NamingCluster)
}

func sized(n int32) func(*v1alpha1.NamingCluster) {
	return func(c *v1alpha1.NamingCluster) { c.Spec.Replicas = &n }
}

func imaged(image string) func(*v1alpha1.NamingCluster) {
	return func(c *v1alpha1.NamingCluster) { c.Spec.Image = image }
}

func annotated(key, value string) func(*v1alpha1.NamingCluster) {
	return func(c *v1alpha1.NamingCluster) { c.Annotations = map[string]string{key: value} }
}

// protected asks for TLS between members and, permissively, for clients.
func protected(c *v1alpha1.NamingCluster) {
	c.Spec.Replicas = new(int32(2))
	c.Spec.TLS = &v1alpha1.TLS{
		Members: &v1alpha1.MembersTLS{Mode: v1alpha1.TLSRequired}, Clients: &v1alpha1.ClientsTLS{Mode: v1alpha1.TLSPermissive},
	}
}

// shielded asks for TLS between members only.
func shielded(c *v1alpha1.NamingCluster) {
	protected(c)
	c.Spec.TLS.Clients = nil
}

var journeys = map[string]journey{
	"create":      {nil, sized(2)},
	"scale out":   {sized(1), sized(3)},
	"scale in":    {sized(3), sized(1)},
	"to none":     {sized(2), sized(0)},
	"and back":    {sized(0), sized(2)},
	"roll":        {sized(2), imaged("newer")},
	"roll, stuck": {sized(2), imaged(badImage)},
	"rescue": {func(c *v1alpha1.NamingCluster) {
		c.Spec.Image = badImage
		c.Spec.Replicas = new(int32(2))
	}, imaged("fixed")},
	"fence":                 {sized(2), annotated(v1alpha1.FencedAnnotation, `["demo-1"]`)},
	"free":                  {annotated(v1alpha1.FencedAnnotation, `["demo-1"]`), annotated(v1alpha1.FencedAnnotation, "[]")},
	"open the cluster port": {sized(1), func(c *v1alpha1.NamingCluster) { c.Spec.NetworkPolicy.Enabled = new(bool) }},
	"canary": {sized(2), func(c *v1alpha1.NamingCluster) {
		c.Spec.Image = "newer"
		c.Spec.UpdateStrategy.RollingUpdate = &v1alpha1.RollingUpdate{Partition: 1}
	}},
	"to OnDelete": {sized(2), func(c *v1alpha1.NamingCluster) {
		c.Spec.Image = "newer"
		c.Spec.UpdateStrategy.Type = "OnDelete"
	}},
	"create with TLS":       {nil, protected},
	"turn TLS on":           {sized(2), protected},
	"turn TLS off":          {protected, func(c *v1alpha1.NamingCluster) { c.Spec.TLS = nil }},
	"renew certificates":    {protected, annotated(v1alpha1.RotateCertificatesAnnotation, "now")},
	"rotate the authority":  {shielded, annotated(v1alpha1.RotateAuthorityAnnotation, "now")},
	"turn TLS on, and roll": {sized(2), func(c *v1alpha1.NamingCluster) { shielded(c); c.Spec.Image = "newer" }},
	"roll and scale in": {sized(3), func(c *v1alpha1.NamingCluster) {
		c.Spec.Image = "newer"
		c.Spec.Replicas = new(int32(2))
	}},
}

// start is a world at rest, before the change.
func (j journey) start(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	if j.from != nil {
		w.edit(j.from)
		w.rest()
	}
	w.writes, w.told = 0, nil
	return w
}

// outcome is what must not depend on when the operator was killed.
type outcome struct {
	Objects  map[string]any
	Replaced []string // pods, in order
	Broken   []string // rules of the member list
}

// finish makes the change and goes on until nothing happens any more.
func (j journey) finish(w *world) outcome {
	w.t.Helper()
	w.edit(j.to)
	w.rest()
	return outcome{w.objects(), w.nodes.replaced("prod"), w.nodes.broken("prod")}
}

// TestTheOperatorMayBeKilledAtAnyWrite compares, for every journey and every
// write in it, what becomes of the cluster when the operator dies before that
// write, with what becomes of it otherwise. To die after a write is to die
// before the next one, or between two passes, which it does anyway.
func TestTheOperatorMayBeKilledAtAnyWrite(t *testing.T) {
	t.Parallel()
	for name, j := range journeys {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			undisturbed := j.start(t)
			want := j.finish(undisturbed)
			if undisturbed.writes == 0 || len(want.Broken) > 0 {
				t.Fatalf("undisturbed: %d writes, rules broken: %v", undisturbed.writes, want.Broken)
			}
			for kill := 1; kill <= undisturbed.writes; kill++ {
				w := j.start(t)
				w.kill = kill
				if diff := cmp.Diff(want, j.finish(w)); diff != "" {
					t.Errorf("killed at write %d of %d (-undisturbed +killed):\n%s", kill, undisturbed.writes, diff)
				}
			}
		})
	}
}

// TestWhereJourneysEnd makes sure that the comparison above is worth
// something: undisturbed runs end where they should.
func TestWhereJourneysEnd(t *testing.T) {
	for name, j := range journeys {
		t.Run(name, func(t *testing.T) {
			w := j.start(t)
			j.finish(w)
			c := w.cluster()
			if got, want := c.Status.Replicas, resources.Replicas(c); got != want {
				t.Errorf("%d members, want %d", got, want)
			}
			for _, kind := range []string{v1alpha1.Stalled, v1alpha1.Reconciling} {
				if meta.IsStatusConditionTrue(c.Status.Conditions, kind) && name != "roll, stuck" {
					t.Errorf("conditions = %v, want %s False", c.Status.Conditions, kind)
				}
			}
			if !meta.IsStatusConditionTrue(c.Status.Conditions, v1alpha1.TLSReady) {
				t.Errorf("conditions = %v, want TLSReady True", c.Status.Conditions)
			}
			if set := w.set(); set.Spec.Template.Spec.InitContainers[0].Image != stdcmp.Or(c.Spec.Image, testImage) {
				t.Errorf("the set has not the wanted template")
			}
		})
	}
}
