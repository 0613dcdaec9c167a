//go:build envtest

package controllers

import (
	"reflect"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// memory plays the operator's cache, whose copy of each kind may be old. It
// never goes back.
type memory struct {
	old  map[reflect.Type]staleness
	past map[reflect.Type][]client.ObjectList // what there was in each look, oldest first
	now  map[reflect.Type]int                 // index into past: the copy that reads are answered from
}

// staleness says how old the copy of a kind is: so many looks behind, or
// renewed only every so many looks, so that what was between is never seen.
type staleness struct{ behind, every int }

// remembered are the kinds that a memory answers for. What it lacks is looked for
// at its source.
var remembered = map[string]client.ObjectList{
	"NamingCluster":       &v1alpha1.NamingClusterList{},
	"ConfigMap":           &corev1.ConfigMapList{},
	"Service":             &corev1.ServiceList{},
	"StatefulSet":         &appsv1.StatefulSetList{},
	"Pod":                 &corev1.PodList{},
	"NetworkPolicy":       &networkingv1.NetworkPolicyList{},
	"PodDisruptionBudget": &policyv1.PodDisruptionBudgetList{},
}

// forgetting returns a memory that is old for the given kinds and fresh for others.
func forgetting(how staleness, kinds ...string) *memory {
	m := &memory{old: map[reflect.Type]staleness{}, past: map[reflect.Type][]client.ObjectList{}, now: map[reflect.Type]int{}}
	for name, list := range remembered {
		m.old[reflect.TypeOf(list)] = staleness{every: 1}
		if slices.Contains(kinds, name) {
			m.old[reflect.TypeOf(list)] = how
		}
	}
	return m
}

// look takes a new copy of everything, and chooses the one that is shown.
func (m *memory) look(w *world) {
	w.t.Helper()
	for _, blank := range remembered {
		list, kind := blank.DeepCopyObject().(client.ObjectList), reflect.TypeOf(blank)
		if err := w.api.List(w.t.Context(), list); err != nil {
			w.t.Fatal(err)
		}
		m.past[kind] = append(m.past[kind], list)
		last, how := len(m.past[kind])-1, m.old[kind]
		m.now[kind] = max(0, last-how.behind)
		if how.every > 1 {
			m.now[kind] = last - last%how.every
		}
	}
}

// oldest is how many looks it can take until something is seen.
func (m *memory) oldest() (n int) {
	for _, how := range m.old {
		n = max(n, how.behind, how.every)
	}
	return n
}

func (m *memory) get(key client.ObjectKey, into client.Object) error {
	for kind, past := range m.past {
		found := false
		err := meta.EachListItem(past[m.now[kind]], func(o runtime.Object) error {
			if reflect.TypeOf(o) == reflect.TypeOf(into) && client.ObjectKeyFromObject(o.(client.Object)) == key {
				reflect.ValueOf(into).Elem().Set(reflect.ValueOf(o.DeepCopyObject()).Elem())
				found = true
			}
			return nil
		})
		if err != nil || found {
			return err
		}
	}
	return apierrors.NewNotFound(schema.GroupResource{Resource: reflect.TypeOf(into).String()}, key.Name)
}

func (m *memory) list(into *corev1.PodList) error {
	kind := reflect.TypeOf(into)
	m.past[kind][m.now[kind]].(*corev1.PodList).DeepCopyInto(into)
	return nil
}
