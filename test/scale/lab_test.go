//go:build envtest

package scale

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/sidecar/member"
)

// lab is an API server with many clusters, and stand-ins for what is behind them.
type lab struct {
	api     client.Client
	count   int
	nodes   *nodes
	members *members
}

func newLab(t *testing.T, config *rest.Config, count int) *lab {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	config = rest.CopyConfig(config)
	config.QPS = -1
	api, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	m := &members{at: map[string]member.Address{}}
	return &lab{api: api, count: count, members: m, nodes: &nodes{api: api, members: m, done: map[string]bool{}}}
}

// create makes all clusters, of three members each.
func (l *lab) create(t *testing.T) {
	t.Helper()
	for i := range l.count {
		c := &v1alpha1.NamingCluster{}
		c.Namespace, c.Name = "default", fmt.Sprintf("many-%d", i)
		if err := l.api.Create(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
}

// told counts the events that a cluster is ready, the last of those that are told of a
// new one.
func (l *lab) told(t *testing.T) (n int) {
	t.Helper()
	var list eventsv1.EventList
	if err := l.api.List(t.Context(), &list, client.InNamespace("default")); err != nil {
		t.Fatal(err)
	}
	for _, e := range list.Items {
		if e.Reason == v1alpha1.ReasonClusterReady {
			n++
		}
	}
	return n
}

// versions names every version of every object that the operator could write.
func (l *lab) versions(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	for _, list := range []client.ObjectList{
		&v1alpha1.NamingClusterList{}, &corev1.ConfigMapList{}, &corev1.ServiceAccountList{}, &corev1.ServiceList{}, &corev1.PodList{},
		&appsv1.StatefulSetList{}, &policyv1.PodDisruptionBudgetList{}, &networkingv1.NetworkPolicyList{}, &eventsv1.EventList{},
	} {
		if err := l.api.List(t.Context(), list, client.InNamespace("default")); err != nil {
			t.Fatal(err)
		}
		err := meta.EachListItem(list, func(o runtime.Object) error {
			object := o.(client.Object)
			fmt.Fprintf(&out, "%T %s %s\n", o, object.GetName(), object.GetResourceVersion())
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}
