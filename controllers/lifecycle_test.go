//go:build envtest

package controllers

import (
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

func TestANewClusterIsReportedBeforeAnythingIsMade(t *testing.T) {
	f := create(t, newNamespace(t))
	f.settled()

	// Revisions of one API server are in the order of its writes.
	first := f.history()[0]
	account := new(corev1.ServiceAccount)
	f.get("demo", account)
	if revisionOf(t, first) > revisionOf(t, account) {
		t.Errorf("the first status was written after %s", account.Name)
	}
	for _, kind := range v1alpha1.ConditionTypes {
		if err := require(first, kind, metav1.ConditionUnknown, v1alpha1.ReasonFirstSeen); err != nil {
			t.Error(err)
		}
	}
}

func TestAClusterBecomesReady(t *testing.T) {
	f := ready(t)
	c := f.read()

	var kinds []string
	for _, condition := range c.Status.Conditions {
		kinds = append(kinds, condition.Type)
	}
	if !slices.Equal(kinds, v1alpha1.ConditionTypes) {
		t.Errorf("conditions = %v, want %v", kinds, v1alpha1.ConditionTypes)
	}
	ns := c.Namespace
	want := v1alpha1.NamingClusterStatus{
		ObservedGeneration: 1, Conditions: c.Status.Conditions,
		Replicas: 3, ReadyReplicas: 3, UpdatedReplicas: 3,
		Selector: "naming.distro.io/cluster=demo", MembersGeneration: 1,
		Convergence: &v1alpha1.Convergence{Digest: "same", SettingsDigest: "same", Since: c.Status.Convergence.Since},
		Endpoints:   &v1alpha1.Endpoints{HTTP: "demo." + ns + ".svc:8848", GRPC: "demo." + ns + ".svc:9848"},
	}
	for o := range int32(3) {
		want.Members = append(want.Members, v1alpha1.Member{
			Name: resources.PodName(c, o), Address: string(resources.Address(c, o)),
			State: v1alpha1.MemberServing, Since: c.Status.Members[o].Since, Joined: c.Status.Members[o].Joined, Ready: true,
			Image: testImage, Revision: f.set().Status.UpdateRevision,
			Generation: 1, Digest: "same", SettingsDigest: "same", Clients: 4, Services: 2, Instances: 5,
		})
	}
	if diff := cmp.Diff(want, c.Status); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	if c.Status.Members[0].Joined == nil {
		t.Error("demo-0 has joined, status does not say since when")
	}
	if c.Status.Convergence.Since == nil {
		t.Error("status.convergence.since is missing although all agree")
	}
	f.told(v1alpha1.ReasonClusterReady)
}

func TestPodsAreTouchedWithTheList(t *testing.T) {
	f := ready(t)
	list := f.published()
	for _, p := range f.pods() {
		want := map[string]string{
			resources.MembersGenerationAnnotation: "1",
			resources.MembersHashAnnotation:       resources.MembersHash(list),
		}
		for key, value := range want {
			if got := p.Annotations[key]; got != value {
				t.Errorf("%s: annotation %s = %q, want %q", p.Name, key, got, value)
			}
		}
		hint := list.Hint(resources.Address(f.cluster, mustOrdinal(t, f, p.Name)))
		if hint.IP != p.Status.PodIP || hint.UID != string(p.UID) {
			t.Errorf("%s: hint = %+v, want IP %s, UID %s", p.Name, hint, p.Status.PodIP, p.UID)
		}
	}
}

func TestRestIsQuiet(t *testing.T) {
	f := ready(t)
	f.counted()
	before, status := f.revisions(), f.read().Status

	f.passes()

	if diff := cmp.Diff(before, f.revisions()); diff != "" {
		t.Errorf("objects were written although nothing had changed (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(status, f.read().Status); diff != "" {
		t.Errorf("status was written although nothing had changed (-before +after):\n%s", diff)
	}
}

func TestPausedOnlyWatches(t *testing.T) {
	f := ready(t)
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Paused = true; c.Spec.Image = "newer" })
	f.reaches(v1alpha1.Paused, metav1.ConditionTrue, v1alpha1.ReasonPausedBySpec)
	f.told(v1alpha1.ReasonPausedBySpec)
	members.hush(resources.Address(f.cluster, 1), true)
	f.passes()
	f.reaches(v1alpha1.Converged, metav1.ConditionUnknown, v1alpha1.ReasonMemberUnreachable)
	if got := f.set().Spec.Template.Spec.InitContainers[0].Image; got != testImage {
		t.Errorf("image while paused = %s, want %s", got, testImage)
	}

	members.hush(resources.Address(f.cluster, 1), false)
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Paused = false })
	f.settled()
	f.told(ReasonResumed)
	if got := f.set().Spec.Template.Spec.InitContainers[0].Image; got != "newer" {
		t.Errorf("image after that = %s, want newer", got)
	}
}

func TestPausedByAnnotation(t *testing.T) {
	f := ready(t)
	f.annotate(v1alpha1.PauseAnnotation, "true")
	f.reaches(v1alpha1.Paused, metav1.ConditionTrue, v1alpha1.ReasonPausedByAnnotation)
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Image = "newer" })
	f.passes()
	if got := f.set().Spec.Template.Spec.InitContainers[0].Image; got != testImage {
		t.Errorf("image while paused = %s, want %s", got, testImage)
	}
	f.annotate(v1alpha1.PauseAnnotation, "perhaps")
	f.reaches(v1alpha1.Paused, metav1.ConditionFalse, v1alpha1.ReasonNotPaused)
	f.reaches(v1alpha1.Degraded, metav1.ConditionTrue, v1alpha1.ReasonInvalidAnnotation)
	f.annotate(v1alpha1.PauseAnnotation, "false")
	f.settled()
}

func TestAGoingClusterIsLeftAlone(t *testing.T) {
	f := ready(t)
	if err := admin.Delete(t.Context(), f.read(), client.PropagationPolicy(metav1.DeletePropagationForeground)); err != nil {
		t.Fatal(err)
	}
	budget := blank("PodDisruptionBudget")
	f.get("demo", budget)
	if err := admin.Delete(t.Context(), budget); err != nil {
		t.Fatal(err)
	}
	other := create(t, f.cluster.Namespace, func(c *v1alpha1.NamingCluster) { c.Name = "other" })
	other.settled() // made after the deletion was seen
	if err := admin.Get(t.Context(), f.key("demo"), budget); !apierrors.IsNotFound(err) {
		t.Errorf("the budget of a cluster that goes: %v, want it not found", err)
	}
}

// history lists the versions of the cluster that have a status, oldest first.
func (f *fixture) history() []*v1alpha1.NamingCluster {
	f.t.Helper()
	watcher, err := client.NewWithWatch(adminConfig, client.Options{Scheme: admin.Scheme()})
	if err != nil {
		f.t.Fatal(err)
	}
	events, err := watcher.Watch(f.t.Context(), new(v1alpha1.NamingClusterList), client.InNamespace(f.cluster.Namespace),
		&client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: f.cluster.ResourceVersion}})
	if err != nil {
		f.t.Fatal(err)
	}
	defer events.Stop()
	last := f.read().ResourceVersion
	var out []*v1alpha1.NamingCluster
	for e := range events.ResultChan() {
		c, ok := e.Object.(*v1alpha1.NamingCluster)
		if !ok || e.Type == watch.Error {
			f.t.Fatalf("watch: %v", e.Object)
		}
		if c.Status.ObservedGeneration > 0 {
			out = append(out, c)
		}
		if c.ResourceVersion == last {
			return out
		}
	}
	return out
}

// revisions maps every child and pod to its resourceVersion.
func (f *fixture) revisions() map[string]string {
	f.t.Helper()
	out := map[string]string{}
	for _, child := range resources.All(f.cluster, resources.Plan{}) {
		object := blank(child.Kind)
		f.get(child.Name, object)
		out[child.String()] = object.GetResourceVersion()
	}
	for _, p := range f.pods() {
		out["Pod "+p.Name] = p.ResourceVersion
	}
	return out
}

func revisionOf(t *testing.T, object client.Object) int64 {
	t.Helper()
	n, err := strconv.ParseInt(object.GetResourceVersion(), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func mustOrdinal(t *testing.T, f *fixture, name string) int32 {
	t.Helper()
	o, ok := resources.Ordinal(f.cluster, name)
	if !ok {
		t.Fatalf("pod %s has no ordinal", name)
	}
	return o
}
