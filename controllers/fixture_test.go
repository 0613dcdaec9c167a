//go:build envtest

package controllers

import (
	"fmt"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/sidecar/member"
)

// fixture is one cluster called demo in a namespace of its own.
type fixture struct {
	t       *testing.T
	cluster *v1alpha1.NamingCluster
}

// create stores a cluster of three members after the changes.
func create(t *testing.T, namespace string, changes ...func(*v1alpha1.NamingCluster)) *fixture {
	t.Helper()
	c := &v1alpha1.NamingCluster{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: namespace}}
	for _, change := range changes {
		change(c)
	}
	if err := admin.Create(t.Context(), c); err != nil {
		t.Fatalf("create cluster: %v", err)
	}
	return &fixture{t: t, cluster: c}
}

// ready stores a cluster of three and waits until it is at rest.
func ready(t *testing.T) *fixture {
	t.Helper()
	f := create(t, newNamespace(t))
	f.settled()
	return f
}

// settled waits until the newest spec is reached and all members serve.
func (f *fixture) settled() {
	f.t.Helper()
	eventually(f.t, func() error {
		c := f.read()
		for kind, want := range map[string]metav1.ConditionStatus{
			v1alpha1.Ready: "True", v1alpha1.AllReplicasReady: "True", v1alpha1.MembershipCurrent: "True", v1alpha1.Converged: "True",
			v1alpha1.Progressing: "False", v1alpha1.Reconciling: "False", v1alpha1.Stalled: "False", v1alpha1.Degraded: "False",
		} {
			if err := require(c, kind, want, ""); err != nil {
				return err
			}
		}
		if want := resources.Replicas(c); c.Status.Replicas != want || c.Status.UpdatedReplicas != want {
			return fmt.Errorf("status has %d members, %d updated, want %d", c.Status.Replicas, c.Status.UpdatedReplicas, want)
		}
		return nil
	})
}

// reaches waits for a condition. An empty reason is any.
func (f *fixture) reaches(kind string, status metav1.ConditionStatus, reason string) {
	f.t.Helper()
	eventually(f.t, func() error { return require(f.read(), kind, status, reason) })
}

func require(c *v1alpha1.NamingCluster, kind string, status metav1.ConditionStatus, reason string) error {
	got := meta.FindStatusCondition(c.Status.Conditions, kind)
	switch {
	case got == nil:
		return fmt.Errorf("no condition %s yet", kind)
	case got.ObservedGeneration != c.Generation || c.Status.ObservedGeneration != c.Generation:
		return fmt.Errorf("%s is about generation %d, want %d", kind, got.ObservedGeneration, c.Generation)
	case got.Status != status || reason != "" && got.Reason != reason:
		return fmt.Errorf("%s is %s, %s (%s), want %s, %s", kind, got.Status, got.Reason, got.Message, status, reason)
	}
	return nil
}

func (f *fixture) key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: f.cluster.Namespace, Name: name}
}

func (f *fixture) read() *v1alpha1.NamingCluster {
	f.t.Helper()
	c := new(v1alpha1.NamingCluster)
	f.get(f.cluster.Name, c)
	return c
}

// get reads an object that must exist.
func (f *fixture) get(name string, object client.Object) {
	f.t.Helper()
	if err := admin.Get(f.t.Context(), f.key(name), object); err != nil {
		f.t.Fatalf("get %T %s: %v", object, name, err)
	}
}

// edit changes the cluster as a user would.
func (f *fixture) edit(change func(*v1alpha1.NamingCluster)) {
	f.t.Helper()
	alter(f.t, f.read(), change)
}

// alter changes an object as it was read, whoever writes other parts of it meanwhile.
func alter[T client.Object](t *testing.T, object T, change func(T)) {
	t.Helper()
	before := object.DeepCopyObject().(T)
	change(object)
	if err := admin.Patch(t.Context(), object, client.MergeFrom(before)); err != nil {
		t.Fatalf("change %T %s: %v", object, object.GetName(), err)
	}
}

// counted waits until the set's controller has counted all members: it does so after the
// operator has.
func (f *fixture) counted() {
	f.t.Helper()
	eventually(f.t, func() error {
		if set := f.set(); set.Status.ReadyReplicas != *set.Spec.Replicas || set.Status.UpdatedReplicas != *set.Spec.Replicas {
			return fmt.Errorf("the set counts %d members, %d updated", set.Status.ReadyReplicas, set.Status.UpdatedReplicas)
		}
		return nil
	})
}

// annotate sets one annotation as kubectl annotate does.
func (f *fixture) annotate(name, value string) {
	f.t.Helper()
	f.edit(func(c *v1alpha1.NamingCluster) {
		if c.Annotations == nil {
			c.Annotations = map[string]string{}
		}
		c.Annotations[name] = value
	})
}

// scale sets the number of members as kubectl scale does.
func (f *fixture) scale(n int32) {
	f.t.Helper()
	scale := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: n}}
	if err := admin.SubResource("scale").Update(f.t.Context(), f.read(), client.WithSubResourceBody(scale)); err != nil {
		f.t.Fatalf("scale: %v", err)
	}
}

// set reads the StatefulSet.
func (f *fixture) set() *appsv1.StatefulSet {
	f.t.Helper()
	set := new(appsv1.StatefulSet)
	f.get("demo", set)
	return set
}

// published reads the member list.
func (f *fixture) published() member.List {
	f.t.Helper()
	var object corev1.ConfigMap
	f.get("demo-members", &object)
	list, err := member.Parse(object.Data[resources.MembersKey])
	if err != nil {
		f.t.Fatalf("read member list: %v", err)
	}
	return list
}

func (f *fixture) pods() []corev1.Pod {
	f.t.Helper()
	var list corev1.PodList
	if err := admin.List(f.t.Context(), &list, client.InNamespace(f.cluster.Namespace)); err != nil {
		f.t.Fatalf("list pods: %v", err)
	}
	return list.Items
}

// told waits until an event with the reason is about the cluster.
func (f *fixture) told(reason string) {
	f.t.Helper()
	eventually(f.t, func() error {
		var list eventsv1.EventList
		if err := admin.List(f.t.Context(), &list, client.InNamespace(f.cluster.Namespace)); err != nil {
			return err
		}
		var reasons []string
		for _, e := range list.Items {
			if e.Regarding.Kind == "NamingCluster" && e.Regarding.Name == f.cluster.Name {
				reasons = append(reasons, e.Reason)
			}
		}
		if !slices.Contains(reasons, reason) {
			return fmt.Errorf("events = %v, want one with reason %s", reasons, reason)
		}
		return nil
	})
}

// passes makes the operator look at the cluster three times over.
func (f *fixture) passes() {
	f.t.Helper()
	last := members.questions(f.cluster.Namespace)
	for n := range 3 {
		f.annotate("example.org/wake", fmt.Sprint(last, n))
		eventually(f.t, func() error {
			if now := members.questions(f.cluster.Namespace); now == last {
				return fmt.Errorf("members have been asked %d times", now)
			}
			return nil
		})
		last = members.questions(f.cluster.Namespace)
	}
}
