package controllers

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/controllers/rollout"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// scope is everything that one pass has read. Below observe nothing is read.
type scope struct {
	cluster *v1alpha1.NamingCluster

	// wishes are what the cluster's annotations ask for.
	wishes wishes

	// children are the objects with the names of children, by resources.Child's
	// text, whoever made them. A missing key means that there is none; what
	// could not be read makes observe fail, so it never means "unknown".
	children map[string]client.Object

	// secrets are those that the spec's TLS is about, by name.
	secrets map[string]secretRead

	// tls is what is decided about certificates, once everything is read.
	tls certificates

	// shield is a NetworkPolicy of ours that is no longer wanted, or nil.
	shield *networkingv1.NetworkPolicy

	// set and published are nil and empty if there is no StatefulSet or no
	// readable list of ours.
	set       *appsv1.StatefulSet
	published member.List

	// pods are those of the set, in order of ordinal, leaving ones included.
	pods []pod

	// warnings have, by name of a pod that does not start or cannot be made, what
	// events say about it.
	warnings map[string]string

	// reports has one entry for each member that answered in time. A missing
	// key is silence, and silence is never taken for agreement.
	reports map[member.Address]report.Report
}

// pod is one member's pod.
type pod struct {
	*corev1.Pod
	ordinal int32
	address member.Address
}

// observe reads everything a pass needs. The scope is nil if the cluster is
// gone or being deleted.
func (r *Reconciler) observe(ctx context.Context, key types.NamespacedName, now time.Time) (*scope, error) {
	s := &scope{cluster: new(v1alpha1.NamingCluster), children: map[string]client.Object{}, warnings: map[string]string{}}
	if err := r.Client.Get(ctx, key, s.cluster); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	if !s.cluster.DeletionTimestamp.IsZero() {
		return nil, nil
	}
	s.wishes = wishesOf(s.cluster)
	for _, wanted := range resources.Names(s.cluster) {
		if err := r.observeChild(ctx, s, wanted); err != nil {
			return nil, err
		}
	}
	if err := r.observeSecrets(ctx, s); err != nil {
		return nil, err
	}
	if err := r.observeShield(ctx, s); err != nil {
		return nil, err
	}
	if set, ok := s.children["StatefulSet "+s.cluster.Name].(*appsv1.StatefulSet); ok && s.owns(set) {
		s.set = set
	}
	if list, ok := s.children["ConfigMap "+resources.MembersName(s.cluster)].(*corev1.ConfigMap); ok && s.owns(list) {
		// An unreadable list is one that somebody has damaged: it is published anew.
		s.published, _ = member.Parse(list.Data[resources.MembersKey])
	}
	if err := r.observePods(ctx, s); err != nil {
		return nil, err
	}
	r.observeWarnings(ctx, s, now)
	s.reports = r.Prober.Probe(ctx, s.asked())
	return s, nil
}

// observeChild reads the object that has the wanted child's name. The cache
// holds only what carries our label, so what it lacks is looked for at its
// source: it may be somebody else's.
func (r *Reconciler) observeChild(ctx context.Context, s *scope, wanted resources.Child) error {
	key := types.NamespacedName{Namespace: s.cluster.Namespace, Name: wanted.Name}
	object := blank(wanted.Kind)
	err := r.Client.Get(ctx, key, object)
	if apierrors.IsNotFound(err) {
		err = r.Live.Get(ctx, key, object)
	}
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", wanted, err)
	}
	s.children[wanted.String()] = object
	return nil
}

// observeShield reads the NetworkPolicy that a cluster may have from the time
// when it wanted one. The cache is enough: ours carry our label.
func (r *Reconciler) observeShield(ctx context.Context, s *scope) error {
	if resources.Shielded(s.cluster) {
		return nil // read as a child
	}
	policy := new(networkingv1.NetworkPolicy)
	err := r.Client.Get(ctx, client.ObjectKeyFromObject(s.cluster), policy)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("read NetworkPolicy: %w", err)
	}
	if err == nil && s.owns(policy) {
		s.shield = policy
	}
	return nil
}

// blank returns an empty object of a child's kind.
func blank(kind string) client.Object {
	switch kind {
	case "ConfigMap":
		return new(corev1.ConfigMap)
	case "ServiceAccount":
		return new(corev1.ServiceAccount)
	case "Service":
		return new(corev1.Service)
	case "NetworkPolicy":
		return new(networkingv1.NetworkPolicy)
	case "Secret":
		return new(corev1.Secret)
	case "StatefulSet":
		return new(appsv1.StatefulSet)
	default:
		return new(policyv1.PodDisruptionBudget)
	}
}

func (r *Reconciler) observePods(ctx context.Context, s *scope) (err error) {
	if s.set != nil {
		s.pods, err = readPods(ctx, r.Client, s, client.MatchingFields{clusterIndex: s.cluster.Name},
			client.UnsafeDisableDeepCopy) // passes change no pod
	}
	return err
}

// readPods reads the pods of the set, in order of ordinal; how finds those of the cluster.
func readPods(ctx context.Context, from client.Reader, s *scope, how ...client.ListOption) ([]pod, error) {
	var list corev1.PodList
	if err := from.List(ctx, &list, append(how, client.InNamespace(s.cluster.Namespace))...); err != nil {
		return nil, fmt.Errorf("list pods: %w", err)
	}
	var out []pod
	for i := range list.Items {
		p := &list.Items[i]
		if o, ok := resources.Ordinal(s.cluster, p.Name); ok && metav1.IsControlledBy(p, s.set) {
			out = append(out, pod{Pod: p, ordinal: o, address: resources.Address(s.cluster, o)})
		}
	}
	slices.SortFunc(out, func(a, b pod) int { return cmp.Compare(a.ordinal, b.ordinal) })
	return out, nil
}

// owns reports whether object belongs to this very cluster.
func (s *scope) owns(object client.Object) bool { return metav1.IsControlledBy(object, s.cluster) }

// firstSight reports whether nobody has written a status yet.
func (s *scope) firstSight() bool { return s.cluster.Status.ObservedGeneration == 0 }

// reachable maps the members that run to the IPs of their pods.
func (s *scope) reachable() map[member.Address]string {
	out := make(map[member.Address]string, len(s.pods))
	for _, p := range s.pods {
		if p.Status.PodIP != "" && p.Status.Phase == corev1.PodRunning {
			out[p.address] = p.Status.PodIP
		}
	}
	return out
}

// asked maps the members that are asked how they are to the IPs of their pods. Those
// that load are among them: their pods are Pending until the startup probe has passed.
func (s *scope) asked() map[member.Address]string {
	out := s.reachable()
	for _, p := range s.pods {
		if p.Status.PodIP != "" && !p.running().IsZero() {
			out[p.address] = p.Status.PodIP
		}
	}
	return out
}

// list returns the member list for a set of n members. A pod beyond n stays
// listed until it has gone: it is still handing over. Who has no pod stays listed
// too until the set's controller has seen that none is wanted: it may be about to make one.
func (s *scope) list(n int32) member.List {
	if s.set != nil {
		n = max(n, *s.set.Spec.Replicas)
		if !s.taken() {
			n = max(n, int32(s.published.Len()))
		}
	}
	hints := make(map[member.Address]member.Hint, len(s.pods))
	for _, a := range s.published.Addresses() {
		hints[a] = s.published.Hint(a) // the last known place, until a pod has another
	}
	for _, p := range s.pods {
		n = max(n, p.ordinal+1)
		if p.Status.PodIP != "" {
			hints[p.address] = member.Hint{IP: p.Status.PodIP, UID: string(p.UID)}
		}
	}
	return resources.NextList(s.cluster, n, hints, s.published, s.cluster.Status.MembersGeneration)
}

// facts translates what was read into the planner's terms.
func (s *scope) facts(defaultImage string, now time.Time) rollout.Facts {
	f := rollout.Facts{Want: resources.Replicas(s.cluster), Poll: poll}
	if s.set == nil {
		return f
	}
	f.Exists = true
	f.Replicas = *s.set.Spec.Replicas
	f.Partition = f.Replicas // a set that replaces nobody by itself has no partition
	if s.set.Spec.UpdateStrategy.Type == appsv1.RollingUpdateStatefulSetStrategyType {
		f.Partition = 0
		if rolling := s.set.Spec.UpdateStrategy.RollingUpdate; rolling != nil && rolling.Partition != nil {
			f.Partition = *rolling.Partition
		}
	}
	f.Settled = s.taken()
	f.Rolling = s.set.Status.CurrentRevision != s.set.Status.UpdateRevision
	f.Changed = s.set.Annotations[resources.TemplateAnnotation] != resources.TemplateHash(s.cluster, defaultImage, s.tls.plan)
	f.OnDelete = resources.OnDelete(s.cluster)
	if rolling := s.cluster.Spec.UpdateStrategy.RollingUpdate; rolling != nil {
		f.Held, f.Keep = rolling.Paused, rolling.Partition
	}
	f.Unchecked = s.wishes.unchecked
	f.Settle = time.Duration(s.cluster.Spec.MinConvergedSeconds) * time.Second
	if since := s.agreedSince(); since != nil {
		f.Agreed = max(0, now.Sub(since.Time))
	}
	f.Members = s.planned(s.list(f.Replicas).Generation())
	return f
}

// taken reports whether the set's controller has seen the set's newest shape.
func (s *scope) taken() bool { return s.set.Status.ObservedGeneration == s.set.Generation }

// planned describes each pod to the planner; generation is that of the newest list.
func (s *scope) planned(generation int64) []rollout.Member {
	var out []rollout.Member
	for _, p := range s.pods {
		said, answered := s.reports[p.address]
		out = append(out, rollout.Member{
			Ordinal:  p.ordinal,
			Leaving:  !p.DeletionTimestamp.IsZero(),
			Ready:    p.ready(),
			Fenced:   p.fenced(),
			Updated:  s.updated(p),
			Answered: answered,
			Loaded:   said.Loaded,
			Draining: said.Draining,
			Current:  said.Generation == generation,
			Digest:   said.Digest,
			Settings: said.SettingsDigest,
		})
	}
	return out
}

// updatedNamed reports whether the pod with the name runs the newest template.
func (s *scope) updatedNamed(name string) bool {
	return slices.ContainsFunc(s.pods, func(p pod) bool { return p.Name == name && s.updated(p) })
}

// updatedReplicas counts the members that are known to run the newest template.
// Which that is the set's controller has to tell: until it has seen what was
// written, nobody is known to. What status said before is no help, as the copy
// that was read may be older still.
func (s *scope) updatedReplicas(f rollout.Facts) (n int32) {
	if f.Changed || !f.Settled {
		return 0
	}
	for _, p := range s.pods {
		if s.updated(p) {
			n++
		}
	}
	return n
}

// updated reports whether p runs the newest template, as far as the set's
// controller has told.
func (s *scope) updated(p pod) bool {
	return p.Labels[appsv1.StatefulSetRevisionLabel] == s.set.Status.UpdateRevision
}

// fenced reports whether the client Service passes p over.
func (p pod) fenced() bool { return p.Labels[resources.FencedLabel] == "true" }

// ready reports whether p could serve clients.
func (p pod) ready() bool {
	return p.DeletionTimestamp.IsZero() && p.condition(corev1.PodReady).Status == corev1.ConditionTrue
}

// condition returns p's condition of the given type, or an empty one.
func (p pod) condition(kind corev1.PodConditionType) corev1.PodCondition {
	for _, c := range p.Status.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return corev1.PodCondition{}
}
