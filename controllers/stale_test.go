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

// longer are ways for caches that hardly follow. Not every kind is tried alone:
// the more it lags, the longer it takes.
var longer = map[string]staleness{
	"twelve behind": {behind: 12},
}

// TestOldCopiesChangeNothingButTime makes every journey with a cache that is old
// for one kind, or for all. It must end where it ends otherwise, and no write on
// the way may break a law: what was decided on an old copy is refused by the API
// server or not sent, or would have been right all the same.
func TestOldCopiesChangeNothingButTime(t *testing.T) {
	t.Parallel()
	for name, j := range journeys {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := forgetful(j.finish(j.start(t)).Objects)
			for how, stale := range ways {
				for _, kinds := range kindsToForget() {
					j.withOldCopies(t, want, how, stale, kinds)
				}
			}
			for how, stale := range longer {
				j.withOldCopies(t, want, how, stale, []string{"Pod"})
				j.withOldCopies(t, want, how, stale, everyKind())
			}
		})
	}
}

// withOldCopies makes the journey with copies of some kinds that are old.
func (j journey) withOldCopies(t *testing.T, want map[string]any, how string, stale staleness, kinds []string) {
	t.Helper()
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

// kindsToForget are kinds that are old together.
func kindsToForget() (out [][]string) {
	for _, kind := range []string{"NamingCluster", "StatefulSet", "ConfigMap", "Pod"} {
		out = append(out, []string{kind})
	}
	return append(out, everyKind())
}

func everyKind() []string { return slices.Sorted(maps.Keys(remembered)) }

// TestAnOldCopyKeepsNobodyAlive deletes the cluster while the cache still shows it,
// and its pods and children. The garbage collector takes what is
// left, and nothing may come back for good.
func TestAnOldCopyKeepsNobodyAlive(t *testing.T) {
	t.Parallel()
	for how, stale := range ways {
		for _, kinds := range kindsToForget() {
			w := newWorld(t)
			w.edit(protected)
			w.rest()
			w.edit(imaged("newer")) // it is in the middle of something
			w.memory = forgetting(stale, kinds...)
			w.steps(1)
			if err := w.api.Delete(t.Context(), w.cluster()); err != nil {
				t.Fatal(err)
			}
			for range 3 * (w.memory.oldest() + 1) {
				w.steps(1)
				w.collect()
			}
			if left := w.objects(); len(left) > 0 {
				t.Errorf("%v %s: still there: %v", kinds, how, slices.Sorted(maps.Keys(left)))
			}
			if len(w.broken) > 0 {
				t.Errorf("%v %s: %v", kinds, how, w.broken)
			}
		}
	}
}

// TestAPauseHoldsAtOnce pauses a rollout at every step while the cache does not show it yet. That
// nothing is done to the set any more is a law of every write.
func TestAPauseHoldsAtOnce(t *testing.T) {
	t.Parallel()
	for how, stale := range ways {
		for step := range 6 {
			w := newWorld(t)
			w.edit(sized(3))
			w.rest()
			w.edit(imaged("newer"))
			w.memory = forgetting(stale, everyKind()...)
			w.steps(step)
			w.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Paused = true })
			w.rest()
			w.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Paused = false })
			w.rest()
			if len(w.broken) > 0 {
				t.Errorf("%s, paused at step %d: %v", how, step, w.broken)
			}
			if set := w.set(); set.Status.UpdatedReplicas != 3 {
				t.Errorf("%s, paused at step %d: %d members are updated in the end, want 3", how, step, set.Status.UpdatedReplicas)
			}
		}
	}
}

// TestAnOldStatusDoesNotShortenTheWait has members differ for a moment in the
// middle of a rollout, shortly before they have agreed for long enough: the wait
// begins anew, whichever status the cache shows.
func TestAnOldStatusDoesNotShortenTheWait(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"NamingCluster", "Pod", "StatefulSet", "ConfigMap"} {
		for how, stale := range ways {
			w := newWorld(t)
			w.edit(func(c *v1alpha1.NamingCluster) {
				c.Spec.Replicas, c.Spec.MinConvergedSeconds = new(int32(2)), int32(settle.Seconds())
			})
			w.rest()
			w.memory = forgetting(stale, kind)
			w.edit(imaged("newer"))
			w.until(1)
			w.steps(int(settle/poll) + 3) // the first of them for a member that comes back
			w.members.diverge("demo-0.demo-headless.prod.svc:8848", true)
			w.steps(2)
			w.members.diverge("demo-0.demo-headless.prod.svc:8848", false)
			agreed := w.now
			w.until(0)
			if waited := w.now.Add(-poll).Sub(agreed); waited < settle {
				t.Errorf("%s %s: the next step came after members had agreed for %v, want %v", kind, how, waited, settle)
			}
		}
	}
}

// settle is for how long members have to agree in that.
const settle = 12 * poll

// steps lets the operator and the nodes do n steps.
func (w *world) steps(n int) {
	for range n {
		w.pass()
		w.nodes.step(w.t.Context())
	}
}

// until goes on until the set may replace the member with the ordinal.
func (w *world) until(open int32) {
	w.t.Helper()
	for range 10 * settle / poll {
		if w.pass(); gate(w.set()) <= open {
			return
		}
		w.nodes.step(w.t.Context())
	}
	w.t.Fatalf("%s: the gate is at %d, want %d", w.t.Name(), gate(w.set()), open)
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
