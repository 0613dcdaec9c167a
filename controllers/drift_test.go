//go:build envtest

package controllers

import (
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/pki"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/sidecar/member"
)

func TestEditedChildrenAreRepaired(t *testing.T) {
	f := ready(t)
	tests := map[string]struct {
		kind, name string
		damage     func(client.Object)
	}{
		"a member list of somebody else": {"ConfigMap", "demo-members", func(o client.Object) {
			o.(*corev1.ConfigMap).Data[resources.MembersKey] = "10.0.0.1:8848\n"
		}},
		"a member list that is emptied": {"ConfigMap", "demo-members", func(o client.Object) { o.(*corev1.ConfigMap).Data = nil }},
		"a token that is mounted": {"ServiceAccount", "demo", func(o client.Object) {
			o.(*corev1.ServiceAccount).AutomountServiceAccountToken = new(true)
		}},
		"peers that cannot find each other": {"Service", "demo-headless", func(o client.Object) {
			o.(*corev1.Service).Spec.PublishNotReadyAddresses = false
		}},
		"clients that are led astray": {"Service", "demo", func(o client.Object) {
			o.(*corev1.Service).Spec.Selector = map[string]string{"app": "other"}
		}},
		"a label that hides a child from us": {"Service", "demo", func(o client.Object) {
			o.SetLabels(nil)
		}},
		"a gate that is opened": {"StatefulSet", "demo", func(o client.Object) {
			o.(*appsv1.StatefulSet).Spec.UpdateStrategy.RollingUpdate.Partition = new(int32)
		}},
		"a port that is open to all": {"NetworkPolicy", "demo", func(o client.Object) {
			o.(*networkingv1.NetworkPolicy).Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{}}
		}},
		"a budget that allows too much": {"PodDisruptionBudget", "demo", func(o client.Object) {
			o.(*policyv1.PodDisruptionBudget).Spec.MaxUnavailable = new(intstr.FromInt32(3))
		}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			object := blank(tc.kind)
			f.get(tc.name, object)
			alter(t, object, tc.damage)
			f.requireChild(t, tc.kind, tc.name)
		})
	}
	f.told(ReasonRepaired)
	f.settled()
}

// TestAnEditedSecretIsRepaired edits a Secret of the operator's own, whose changes nobody
// tells of: the next look sees it.
func TestAnEditedSecretIsRepaired(t *testing.T) {
	namespace := newNamespace(t)
	permitSecrets(t, namespace)
	f := create(t, namespace, shielded)
	f.reaches(v1alpha1.TLSReady, metav1.ConditionTrue, v1alpha1.ReasonTLSApplied)
	tests := map[string]func(*corev1.Secret){
		"another key":   func(s *corev1.Secret) { s.Data[pki.KeyKey] = []byte("no key") },
		"nothing in it": func(s *corev1.Secret) { s.Data = map[string][]byte{pki.CertKey: {}, pki.KeyKey: {}} },
		"no labels":     func(s *corev1.Secret) { s.Labels = nil },
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			secret := new(corev1.Secret)
			f.get("demo-members-tls", secret)
			alter(t, secret, damage)
			f.annotate("example.org/edited", name) // not to wait for the next look
			eventually(t, func() error {
				found := new(corev1.Secret)
				f.get("demo-members-tls", found)
				life, fault := pki.CheckMembers(found.Data, nil, time.Now())
				if fault != nil || life.Until.IsZero() || found.Labels[resources.ClusterLabel] != "demo" {
					return fmt.Errorf("the Secret has labels %v, and %+v", found.Labels, fault)
				}
				return nil
			})
			f.reaches(v1alpha1.TLSReady, metav1.ConditionTrue, v1alpha1.ReasonTLSApplied)
		})
	}
}

func TestDeletedChildrenComeBack(t *testing.T) {
	for _, child := range resources.All(&v1alpha1.NamingCluster{ObjectMeta: metav1.ObjectMeta{Name: "demo"}}, resources.Plan{}) {
		t.Run(child.String(), func(t *testing.T) {
			f := ready(t)
			object := blank(child.Kind)
			f.get(child.Name, object)
			if err := admin.Delete(t.Context(), object, client.PropagationPolicy(metav1.DeletePropagationOrphan)); err != nil {
				t.Fatalf("delete: %v", err)
			}
			letGo(t, f, child)
			f.requireChild(t, child.Kind, child.Name)
			f.told(ReasonRepaired)
		})
	}
}

// letGo does what the garbage collector does for an orphaning deletion.
func letGo(t *testing.T, f *fixture, child resources.Child) {
	t.Helper()
	object := blank(child.Kind)
	if err := admin.Get(t.Context(), f.key(child.Name), object); err != nil || object.GetDeletionTimestamp() == nil {
		return // gone, or made anew
	}
	before := object.DeepCopyObject().(client.Object)
	object.SetFinalizers(nil)
	if err := client.IgnoreNotFound(admin.Patch(t.Context(), object, client.MergeFrom(before))); err != nil {
		t.Fatalf("let go of %s: %v", child, err)
	}
}

func TestALostListKeepsItsGeneration(t *testing.T) {
	f := ready(t)
	list := new(corev1.ConfigMap)
	f.get("demo-members", list)
	if err := admin.Delete(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	f.requireChild(t, "ConfigMap", "demo-members")
	if got := f.published().Generation(); got != 2 {
		t.Errorf("generation of the new list = %d, want 2: members refuse to go back", got)
	}
}

func TestAForeignObjectIsNeverTouched(t *testing.T) {
	data := map[string]client.Object{
		"ConfigMap demo-members":   &corev1.ConfigMap{Data: map[string]string{"theirs": "yes"}},
		"ServiceAccount demo":      &corev1.ServiceAccount{},
		"Service demo-headless":    &corev1.Service{Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}},
		"Service demo":             &corev1.Service{Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}},
		"NetworkPolicy demo":       &networkingv1.NetworkPolicy{},
		"PodDisruptionBudget demo": &policyv1.PodDisruptionBudget{},
	}
	for _, child := range resources.All(&v1alpha1.NamingCluster{ObjectMeta: metav1.ObjectMeta{Name: "demo"}}, resources.Plan{}) {
		theirs, ok := data[child.String()]
		if !ok {
			continue // a foreign StatefulSet would have pods; it is refused by the same lines
		}
		t.Run(child.String(), func(t *testing.T) {
			theirs.SetNamespace(newNamespace(t))
			theirs.SetName(child.Name)
			if err := admin.Create(t.Context(), theirs); err != nil {
				t.Fatal(err)
			}
			f := create(t, theirs.GetNamespace())
			f.reaches(v1alpha1.Stalled, metav1.ConditionTrue, v1alpha1.ReasonForeignObject)
			f.reaches(v1alpha1.Reconciling, metav1.ConditionFalse, v1alpha1.ReasonForeignObject)
			f.told(v1alpha1.ReasonForeignObject)

			found := blank(child.Kind)
			f.get(child.Name, found)
			if found.GetResourceVersion() != theirs.GetResourceVersion() {
				t.Errorf("%s was written", child)
			}
			if err := admin.Get(t.Context(), f.key("demo"), new(appsv1.StatefulSet)); err == nil {
				t.Error("members were made although the cluster cannot be")
			}

			if err := admin.Delete(t.Context(), found); err != nil {
				t.Fatal(err)
			}
			f.edit(func(c *v1alpha1.NamingCluster) { c.Annotations = map[string]string{"example.org/again": "please"} })
			f.settled()
		})
	}
}

func TestARefusedChildStallsUntilTheSpecChanges(t *testing.T) {
	f := create(t, newNamespace(t), func(c *v1alpha1.NamingCluster) {
		c.Spec.Service = &v1alpha1.Service{Type: corev1.ServiceTypeNodePort, NodePort: new(int32(100))}
	})
	f.reaches(v1alpha1.Stalled, metav1.ConditionTrue, v1alpha1.ReasonInvalidSpec)
	f.told(v1alpha1.ReasonInvalidSpec)
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Service = nil })
	f.settled()
}

// requireChild waits until the child is what it should be.
func (f *fixture) requireChild(t *testing.T, kind, name string) {
	t.Helper()
	eventually(t, func() error {
		found := blank(kind)
		if err := admin.Get(t.Context(), f.key(name), found); err != nil {
			return err
		}
		c := f.read()
		plan := resources.Plan{DefaultImage: testImage, Replicas: 3, Partition: 3, Members: f.list(c)}
		for _, child := range resources.All(c, plan) {
			if child.Kind == kind && child.Name == name {
				if got := compare(child, found); got != same || found.GetDeletionTimestamp() != nil {
					return fmt.Errorf("%s is in state %d, want %d", child, got, same)
				}
			}
		}
		return nil
	})
}

// list is the one that should be published now.
func (f *fixture) list(c *v1alpha1.NamingCluster) member.List {
	s := &scope{cluster: c, published: f.published()}
	for _, p := range f.pods() {
		o, _ := resources.Ordinal(c, p.Name)
		s.pods = append(s.pods, pod{Pod: &p, ordinal: o, address: resources.Address(c, o)})
	}
	return s.list(3)
}
