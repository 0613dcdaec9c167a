//go:build envtest

package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// truth is what there is, whatever the operator has read.
type truth struct {
	paused bool // the cluster is, or there is none
	set    *appsv1.StatefulSet
	list   member.List
	pods   []corev1.Pod
}

func (w *world) truth() truth {
	w.t.Helper()
	out := truth{set: w.set()}
	c := new(v1alpha1.NamingCluster)
	err := w.api.Get(w.t.Context(), client.ObjectKey{Namespace: "prod", Name: "demo"}, c)
	out.paused = err != nil || wishesOf(c).paused != ""
	var object corev1.ConfigMap
	if err := w.api.Get(w.t.Context(), client.ObjectKey{Namespace: "prod", Name: "demo-members"}, &object); err == nil {
		out.list, _ = member.Parse(object.Data[resources.MembersKey])
	}
	var pods corev1.PodList
	if err := w.api.List(w.t.Context(), &pods); err != nil {
		w.t.Fatal(err)
	}
	out.pods = pods.Items
	return out
}

// Probe asks the members that are there: an IP that was read and is no longer
// a pod's answers nothing.
func (w *world) Probe(ctx context.Context, pods map[member.Address]string) map[member.Address]report.Report {
	got := w.members.Probe(ctx, pods)
	now := map[string]bool{}
	for _, p := range w.truth().pods {
		now[p.Status.PodIP] = true
	}
	for a, ip := range pods {
		if !now[ip] {
			delete(got, a)
		}
	}
	return got
}

// lawful does a write and notes the laws that it breaks.
func (w *world) lawful(do func() error) error {
	before := w.truth()
	err := do()
	if err == nil {
		w.broken = append(w.broken, offences(before, w.truth())...)
	}
	return err
}

// offences are the laws that a write from one truth to another breaks.
func offences(a, b truth) (out []string) {
	if b.list.Generation() < a.list.Generation() {
		out = append(out, fmt.Sprintf("the list went back from generation %d to %d", a.list.Generation(), b.list.Generation()))
	}
	if a.list.Len() > 0 && !a.list.SameMembers(b.list) && a.list.Generation() >= b.list.Generation() {
		out = append(out, fmt.Sprintf("generation %d of the list got other members", a.list.Generation()))
	}
	for _, p := range b.pods {
		if !slices.ContainsFunc(b.list.Addresses(), func(m member.Address) bool { return strings.HasPrefix(string(m), p.Name+".") }) {
			out = append(out, p.Name+" is there and not listed")
		}
	}
	if a.paused && b.set != nil && (a.set == nil || !equality.Semantic.DeepEqual(a.set.Spec, b.set.Spec)) {
		out = append(out, "the set was changed though the cluster was paused or gone")
	}
	if a.set == nil || b.set == nil {
		return out
	}
	if n, m := *a.set.Spec.Replicas, *b.set.Spec.Replicas; m < n {
		out = append(out, leaving(a, n, m)...)
	}
	return append(out, opened(a, gate(a.set), gate(b.set))...)
}

// leaving says what speaks against lowering the number of members from n to m.
func leaving(a truth, n, m int32) (out []string) {
	if m < n-1 {
		out = append(out, fmt.Sprintf("%d members were told to leave at once", n-m))
	}
	if int32(len(a.pods)) > n {
		out = append(out, "a member was told to leave while another was leaving")
	}
	return out
}

// gate is the lowest ordinal that the set may replace.
func gate(set *appsv1.StatefulSet) int32 {
	if set.Spec.UpdateStrategy.RollingUpdate == nil {
		return *set.Spec.Replicas
	}
	return min(*set.Spec.Replicas, *set.Spec.UpdateStrategy.RollingUpdate.Partition)
}

// opened says what speaks against letting the members from one ordinal on be
// replaced, where another was the lowest before.
func opened(a truth, was, is int32) (out []string) {
	newest := revision(a.set)
	due, down := 0, 0
	for _, p := range a.pods {
		var o int32
		if _, err := fmt.Sscanf(p.Name, "demo-%d", &o); err != nil || o < is {
			continue
		}
		ready := pod{Pod: &p}.ready()
		switch stale := p.Labels[appsv1.StatefulSetRevisionLabel] != newest; {
		case o < was && stale && ready:
			due++
		case !ready && !metav1.IsControlledBy(&p, a.set):
		case !ready && !stale:
			down++
		}
	}
	if is < was && due > 1 {
		out = append(out, fmt.Sprintf("%d members that serve may be replaced at once", due))
	}
	if is < was && due > 0 && down > 0 {
		out = append(out, "a member may be replaced while one that was replaced does not serve")
	}
	return out
}
