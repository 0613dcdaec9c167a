//go:build envtest

package controllers

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// ways are how a cache can be old.
var ways = map[string]staleness{
	"one behind":          {behind: 1},
	"four behind":         {behind: 4},
	"every third is seen": {every: 3},
}

// TestOldCopiesChangeNothingButTime makes every journey with a cache that is old
// for one kind, or for all. It must end where it ends otherwise, and no write on
// the way may break a law: what was decided on an old copy is refused by the API
// server, or would have been right all the same.
func TestOldCopiesChangeNothingButTime(t *testing.T) {
	t.Parallel()
	for name, j := range journeys {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := forgetful(j.finish(j.start(t)).Objects)
			for how, stale := range ways {
				for _, kinds := range kindsToForget() {
					w := j.start(t)
					w.memory = forgetting(stale, kinds...)
					got := j.finish(w)
					if diff := cmp.Diff(want, forgetful(got.Objects)); diff != "" {
						t.Errorf("%v %s (-fresh +old):\n%s", kinds, how, diff)
					}
					if broken := slices.Concat(got.Broken, w.broken); len(broken) > 0 {
						t.Errorf("%v %s: %v", kinds, how, broken)
					}
				}
			}
		})
	}
}

// kindsToForget are kinds that are old together. Pods are old with the rest
// only: nodes take no time here, so that a pod would always be gone before it
// was seen to leave, and come back behind a gate that was closed meanwhile.
func kindsToForget() (out [][]string) {
	for _, kind := range []string{"NamingCluster", "StatefulSet", "ConfigMap", "Pod"} {
		out = append(out, []string{kind})
	}
	return append(out, slices.Sorted(maps.Keys(remembered)))
}

// TestASuccessorOfAnotherIsLeftAlone has somebody put an object of their own in
// the place of a child while the cache still shows the child.
func TestASuccessorOfAnotherIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	w.edit(sized(1))
	w.rest()
	w.memory = forgetting(staleness{behind: 2}, "Service")
	w.pass()

	key := client.ObjectKey{Namespace: "prod", Name: "demo"}
	service := new(corev1.Service)
	if err := w.api.Get(t.Context(), key, service); err != nil {
		t.Fatal(err)
	}
	if err := w.api.Delete(t.Context(), service); err != nil {
		t.Fatal(err)
	}
	theirs := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name, UID: "theirs"},
		Spec:       corev1.ServiceSpec{ExternalName: "example.org", Type: corev1.ServiceTypeExternalName},
	}
	if err := w.api.Create(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	w.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Service = &v1alpha1.Service{Port: 80} }) // something to write
	for range 6 {
		w.pass()
	}
	if err := w.api.Get(t.Context(), key, service); err != nil {
		t.Fatal(err)
	}
	if service.Spec.ExternalName != "example.org" || len(service.OwnerReferences) > 0 || len(service.Labels) > 0 {
		t.Errorf("Service = %v, owned by %v, want it untouched", service.Spec, service.OwnerReferences)
	}
	if got := w.cluster().Status.Conditions; !slices.ContainsFunc(got, func(c metav1.Condition) bool {
		return c.Type == v1alpha1.Stalled && c.Reason == v1alpha1.ReasonForeignObject
	}) {
		t.Errorf("conditions = %v, want Stalled, %s", got, v1alpha1.ReasonForeignObject)
	}
}
