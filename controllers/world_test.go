//go:build envtest

package controllers

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/meta/testrestmapper"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoapply "k8s.io/client-go/applyconfigurations"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	v1alpha1ac "github.com/distro-naming/naming-operator/api/v1alpha1/applyconfiguration"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/sidecar/member"
)

const testImage = "distro-sidecar:test"

// world is a cluster called demo on an API server in memory, with stand-ins
// for nodes and members. It moves only when told to, so every run of it is the
// same, and its operator can be killed at any write.
type world struct {
	t       *testing.T
	api     client.WithWatch
	nodes   *player
	members *chorus
	now     time.Time

	writes int      // that the operator has tried so far
	kill   int      // the write at which it dies; zero: none
	refuse int      // the write that the API server refuses as old; zero: none
	banned string   // the kind that it finds invalid; empty: none
	dead   bool     // it has died in this pass
	told   []string // reasons of events

	memory *memory  // what reads are answered from; nil: from the API server
	broken []string // laws that writes have broken
}

var errKilled = errors.New("the operator was killed")

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, nodes: newPlayer(), members: &chorus{}, now: noon}
	about := func(o client.Object) []string { return []string{string(o.(*corev1.Event).InvolvedObject.UID)} }
	kind := func(o client.Object) []string { return []string{o.(*corev1.Event).Type} }
	w.api = fake.NewClientBuilder().WithScheme(kinds().scheme).WithRESTMapper(kinds().mapper).
		WithTypeConverters(clientgoapply.NewTypeConverter(kinds().scheme), v1alpha1ac.NewTypeConverter(kinds().scheme)).
		WithGlobalResourceVersionCounter(). // a successor of an object is never at its version
		WithStatusSubresource(&v1alpha1.NamingCluster{}, &appsv1.StatefulSet{}, &corev1.Pod{}).
		WithIndex(&corev1.Event{}, "involvedObject.uid", about).WithIndex(&corev1.Event{}, "type", kind).
		WithIndex(&corev1.Pod{}, clusterIndex, clusterName).
		Build()
	w.nodes.client, w.members.client = w.api, w.api
	w.nodes.now = func() time.Time { return w.now }
	c := &v1alpha1.NamingCluster{}
	c.Namespace, c.Name, c.UID, c.Generation = "prod", "demo", "u", 1
	if err := w.api.Create(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return w
}

// known is what a world's API server knows.
type known struct {
	scheme *runtime.Scheme
	mapper meta.RESTMapper
}

// kinds are the ones that the operator has to do with; to learn all that there
// are takes longer than most tests.
var kinds = sync.OnceValue(func() known {
	s := runtime.NewScheme()
	add := errors.Join(corev1.AddToScheme(s), networkingv1.AddToScheme(s), appsv1.AddToScheme(s), policyv1.AddToScheme(s), v1alpha1.AddToScheme(s))
	if add != nil {
		panic(add)
	}
	return known{s, testrestmapper.TestOnlyStaticRESTMapper(s)}
})

// Eventf takes the operator's events.
func (w *world) Eventf(_, _ runtime.Object, _, reason, _, _ string, _ ...any) {
	w.told = append(w.told, reason)
}

// operator is a client that dies at the chosen write.
func (w *world) operator() client.Client {
	return interceptor.NewClient(w.api, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if w.dead {
				return errKilled
			}
			if w.memory != nil {
				return w.memory.get(key, o)
			}
			return c.Get(ctx, key, o, opts...)
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if pods, ok := list.(*corev1.PodList); ok && w.memory != nil {
				return w.memory.list(pods)
			}
			return c.List(ctx, list, opts...)
		},
		Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
			return w.write(func() error {
				if kind := typed(o); kind == w.banned {
					return apierrors.NewInvalid(schema.GroupKind{Kind: kind}, "demo", nil)
				}
				if policy := policyIn(o); policy != nil {
					return w.replace(policy)
				}
				return w.generate(func() error { return c.Apply(ctx, o, opts...) })
			})
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			return w.write(func() error { return c.Patch(ctx, o, p, opts...) })
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			return w.write(func() error { return c.Delete(ctx, o, opts...) })
		},
		SubResourceApply: func(
			ctx context.Context, c client.Client, sub string, o runtime.ApplyConfiguration, opts ...client.SubResourceApplyOption,
		) error {
			return w.write(func() error { return c.SubResource(sub).Apply(ctx, o, opts...) })
		},
	})
}

// write does one write of the operator, unless it dies there.
func (w *world) write(do func() error) error {
	if w.dead {
		return errKilled
	}
	w.writes++
	switch w.writes {
	case w.kill:
		w.dead = true
		return errKilled
	case w.refuse:
		return apierrors.NewConflict(schema.GroupResource{}, "demo", errors.New("it is old"))
	}
	return w.lawful(do)
}

// policyIn returns the NetworkPolicy that is applied, or nil if it is something else.
func policyIn(config runtime.ApplyConfiguration) *networkingv1.NetworkPolicy {
	raw, err := json.Marshal(config)
	policy := new(networkingv1.NetworkPolicy)
	if typed(config) != "NetworkPolicy" || err != nil || json.Unmarshal(raw, policy) != nil {
		return nil
	}
	return policy
}

// replace stores a NetworkPolicy: the API server in memory cannot apply one,
// since it believes that they have a status.
func (w *world) replace(policy *networkingv1.NetworkPolicy) error {
	found := new(networkingv1.NetworkPolicy)
	if err := w.api.Get(w.t.Context(), client.ObjectKeyFromObject(policy), found); err != nil {
		return w.api.Create(w.t.Context(), policy)
	}
	policy.ResourceVersion = found.ResourceVersion
	return w.api.Update(w.t.Context(), policy)
}

// generate raises the generation of the StatefulSet if a write changes its
// spec, as a real API server does.
func (w *world) generate(do func() error) error {
	before, after := w.set(), (*appsv1.StatefulSet)(nil)
	if err := do(); err != nil {
		return err
	}
	if after = w.set(); after == nil || before != nil && equality.Semantic.DeepEqual(before.Spec, after.Spec) {
		return nil
	}
	after.Generation++
	return w.api.Update(w.t.Context(), after)
}

// set is the StatefulSet, or nil.
func (w *world) set() *appsv1.StatefulSet {
	set := new(appsv1.StatefulSet)
	if err := w.api.Get(w.t.Context(), client.ObjectKey{Namespace: "prod", Name: "demo"}, set); err != nil {
		return nil
	}
	return set
}

// pass lets an operator that knows nothing look at the cluster once.
func (w *world) pass() {
	w.t.Helper()
	w.dead = false
	if w.memory != nil {
		w.memory.look(w)
	}
	operator := w.operator()
	r := &Reconciler{
		Client: operator, Live: w.api, Prober: w, Events: w, Image: testImage, Now: func() time.Time { return w.now },
		Random: rand.Reader, Domain: "cluster.local",
	}
	_, err := r.Reconcile(w.t.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Namespace: "prod", Name: "demo"}})
	if err != nil && !errors.Is(err, errKilled) {
		w.t.Fatalf("pass after write %d: %v", w.writes, err)
	}
	w.now = w.now.Add(poll)
}

// rest goes on until nothing is written any more.
func (w *world) rest() {
	w.t.Helper()
	quiet, enough := 0, 3
	if w.memory != nil {
		enough += w.memory.oldest()
	}
	for range 60 * enough {
		before := w.writes
		w.pass()
		w.nodes.step(w.t.Context())
		if quiet++; w.writes != before {
			quiet = 0
		}
		if quiet == enough {
			return
		}
	}
	w.t.Fatalf("the operator has not come to rest after %d writes", w.writes)
}

// collect plays the garbage collector: what a cluster or a set owned that is
// gone goes too.
func (w *world) collect() {
	w.t.Helper()
	there := map[string]bool{}
	var all []client.Object
	for _, list := range everything() {
		if err := w.api.List(w.t.Context(), list); err != nil {
			w.t.Fatal(err)
		}
		err := meta.EachListItem(list, func(o runtime.Object) error {
			object := o.(client.Object)
			all = append(all, object)
			there[fmt.Sprint(strings.TrimSuffix(kindOf(list), "List"), object.GetName(), object.GetUID())] = true
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	for _, o := range all {
		if owner := metav1.GetControllerOf(o); owner != nil && !there[fmt.Sprint(owner.Kind, owner.Name, owner.UID)] {
			if err := w.api.Delete(w.t.Context(), o); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// everything returns lists of all kinds that there are.
func everything() []client.ObjectList {
	return []client.ObjectList{
		&corev1.ConfigMapList{}, &corev1.ServiceAccountList{}, &corev1.ServiceList{}, &corev1.PodList{},
		&appsv1.StatefulSetList{}, &policyv1.PodDisruptionBudgetList{}, &networkingv1.NetworkPolicyList{},
		&v1alpha1.NamingClusterList{}, &corev1.SecretList{},
	}
}

// cluster reads the NamingCluster.
func (w *world) cluster() *v1alpha1.NamingCluster {
	w.t.Helper()
	c := new(v1alpha1.NamingCluster)
	if err := w.api.Get(w.t.Context(), client.ObjectKey{Namespace: "prod", Name: "demo"}, c); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// edit changes the NamingCluster as a user does.
func (w *world) edit(change func(*v1alpha1.NamingCluster)) {
	w.t.Helper()
	c := w.cluster()
	before := c.Spec.DeepCopy()
	change(c)
	if !equality.Semantic.DeepEqual(before, &c.Spec) {
		c.Generation++
	}
	if err := w.api.Update(w.t.Context(), c); err != nil {
		w.t.Fatal(err)
	}
}

// objects describes everything that exists, without what differs from run to
// run: addresses of pods, times, versions.
func (w *world) objects() map[string]any {
	w.t.Helper()
	out := map[string]any{}
	for _, list := range everything() {
		if err := w.api.List(w.t.Context(), list); err != nil {
			w.t.Fatal(err)
		}
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(list)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, item := range content["items"].([]any) {
			plain := timeless(item).(map[string]any)
			name := plain["metadata"].(map[string]any)["name"].(string)
			out[strings.TrimSuffix(kindOf(list), "List")+" "+name] = plain
		}
	}
	return out
}

func kindOf(list client.ObjectList) string {
	switch list.(type) {
	case *corev1.ConfigMapList:
		return "ConfigMap"
	case *corev1.ServiceAccountList:
		return "ServiceAccount"
	case *corev1.ServiceList:
		return "Service"
	case *corev1.PodList:
		return "Pod"
	case *appsv1.StatefulSetList:
		return "StatefulSet"
	case *networkingv1.NetworkPolicyList:
		return "NetworkPolicy"
	case *corev1.SecretList:
		return "Secret"
	case *policyv1.PodDisruptionBudgetList:
		return "PodDisruptionBudget"
	}
	return "NamingCluster"
}

// fleeting are the keys of what differs from run to run.
var fleeting = []string{
	"resourceVersion", "managedFields", "generation", "observedGeneration", "creationTimestamp", "lastTransitionTime", "since", "joined",
	"podIP", "podIPs", resources.MembersHashAnnotation, resources.ShapeAnnotation,
	resources.TLSHashAnnotation, "notAfter", "authorityNotAfter",
}

// timeless copies a value without what is fleeting; a member list keeps its
// members and its generation.
func timeless(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := maps.Clone(v)
		for _, key := range fleeting {
			delete(out, key)
		}
		for key, value := range out {
			out[key] = timeless(value)
			if text, ok := value.(string); ok && key == resources.MembersKey {
				list, err := member.Parse(text)
				out[key] = []any{list.Addresses(), list.Generation(), err}
			} else if ok && (strings.HasSuffix(key, ".crt") || strings.HasSuffix(key, ".key")) {
				raw, err := base64.StdEncoding.DecodeString(text)
				out[key] = []any{strings.Count(string(raw), "BEGIN"), err}
			}
		}
		return out
	case []any:
		out := slices.Clone(v)
		for i := range out {
			out[i] = timeless(out[i])
		}
		return out
	}
	return v
}
