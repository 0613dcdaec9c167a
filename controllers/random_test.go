//go:build envtest

package controllers

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/sidecar/member"
)

// TestAnySequenceOfEditsOnAnAPIServer makes random edits while the operator and the
// nodes go on beside it, so that they meet in any state: wishes come in the middle of
// others' fulfilment. What must hold: the member list is never empty and its generation rises with
// every change of its members; pods come and go only as listed; from wherever it was, the cluster
// reaches the last wish, and then nothing is written any more.
func TestAnySequenceOfEditsOnAnAPIServer(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			namespace := newNamespace(t)
			permitSecrets(t, namespace)
			chance := rand.New(rand.NewPCG(seed, 1))
			broken := watchList(t, namespace)
			f := create(t, namespace)
			var done []string
			for range 10 {
				e := edits[chance.IntN(len(edits))]
				done = append(done, e.name)
				f.edit(e.do)
				if chance.IntN(2) == 0 {
					f.observed() // and it may get further until the next one
				}
			}
			f.edit(sane)
			f.settled()
			f.counted()
			t.Log("after", strings.Join(done, ", "))
			for _, child := range resources.Names(f.read()) {
				f.get(child.Name, blank(child.Kind))
			}
			if set := f.set(); *set.Spec.Replicas != 2 || set.Spec.Template.Spec.InitContainers[0].Image != "last" {
				t.Errorf("the set has %d members of %s", *set.Spec.Replicas, set.Spec.Template.Spec.InitContainers[0].Image)
			}
			before := f.versions()
			f.passes()
			if after := f.versions(); after != before {
				t.Errorf("written at rest:\n%s\n%s", before, after)
			}
			for _, fault := range append(broken(), nodes.broken(namespace)...) {
				t.Error(fault)
			}
		})
	}
}

// observed waits until the operator has seen the newest spec.
func (f *fixture) observed() {
	f.t.Helper()
	eventually(f.t, func() error {
		if c := f.read(); c.Status.ObservedGeneration != c.Generation {
			return fmt.Errorf("status is about generation %d, want %d", c.Status.ObservedGeneration, c.Generation)
		}
		return nil
	})
}

// versions are those of everything that the operator writes but the cluster itself,
// which the test annotates.
func (f *fixture) versions() (out string) {
	f.t.Helper()
	for _, child := range resources.Names(f.read()) {
		object := blank(child.Kind)
		f.get(child.Name, object)
		out += fmt.Sprintln(child, object.GetResourceVersion())
	}
	for _, p := range f.pods() {
		out += fmt.Sprintln(p.Name, p.ResourceVersion)
	}
	return out
}

// watchList follows the member list of demo from its first version on. The function that
// it returns ends that and tells which laws of the list were broken.
func watchList(t *testing.T, namespace string) (broken func() []string) {
	t.Helper()
	api, err := client.NewWithWatch(adminConfig, client.Options{Scheme: admin.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	events, err := api.Watch(ctx, &corev1.ConfigMapList{}, client.InNamespace(namespace), client.HasLabels{resources.ClusterLabel})
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan []string, 1)
	go func() {
		var faults []string
		var last member.List
		for e := range events.ResultChan() {
			object, ok := e.Object.(*corev1.ConfigMap)
			if !ok || e.Type != watch.Added && e.Type != watch.Modified {
				continue
			}
			next, err := member.Parse(object.Data[resources.MembersKey])
			faults = append(faults, listFaults(last, next, err)...)
			last = next
		}
		told <- faults
	}()
	return func() []string {
		cancel()
		return <-told
	}
}

// listFaults says what is wrong with a list that comes after another.
func listFaults(last, next member.List, err error) (out []string) {
	switch {
	case err != nil:
		return []string{fmt.Sprintf("a list that cannot be read: %v", err)}
	case next.Generation() < last.Generation():
		out = append(out, fmt.Sprintf("the list went back from generation %d to %d", last.Generation(), next.Generation()))
	case last.Len() > 0 && !last.SameMembers(next) && last.Generation() == next.Generation():
		out = append(out, fmt.Sprintf("generation %d of the list got other members", last.Generation()))
	}
	return out
}
