//go:build envtest

package controllers

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/sidecar/auth"
)

// accounts are journeys that users and keys come and go on.
var accounts = map[string]journey{
	"turn auth on":                {sized(2), guardedBy("")},
	"create with TLS and auth":    {nil, func(c *v1alpha1.NamingCluster) { protected(c); guardedBy("")(c) }},
	"a new signing key":           {guardedBy(""), annotated(v1alpha1.RotateSigningKeyAnnotation, "now")},
	"guard the cluster port anew": {func(c *v1alpha1.NamingCluster) { c.Spec.NetworkPolicy.Enabled = new(false) }, sized(2)},
	"turn auth off":               {guardedBy(""), func(c *v1alpha1.NamingCluster) { c.Spec.Auth = nil }},
}

// deeds are the events that say what the operator has done itself. Those of conditions
// say what it has seen, and it may see other things after a delay.
var deeds = []string{
	ReasonRepaired, ReasonCertificateIssued, ReasonCertificateRenewed, ReasonAuthorityRotated, v1alpha1.ReasonAuthorityRotating,
	ReasonTLSModeChanged, ReasonUsersMade, ReasonAuthModeChanged, ReasonFenced, ReasonUnfenced,
}

// deeds are the events that were told of them, in order of their reasons.
func (w *world) deeds() []string {
	return slices.Sorted(func(yield func(string) bool) {
		for _, reason := range w.told {
			if slices.Contains(deeds, reason) && !yield(reason) {
				return
			}
		}
	})
}

// TestWhatIsDoneIsToldOnce compares, for every journey on which something is told and every
// write in it, what users are told if that write is refused as decided on an old copy, with
// what they are told otherwise.
func TestWhatIsDoneIsToldOnce(t *testing.T) {
	t.Parallel()
	all := maps.Clone(journeys)
	maps.Copy(all, accounts)
	for name, j := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			smooth := j.start(t)
			j.finish(smooth)
			want := smooth.deeds()
			if slices.Contains(want, ReasonRepaired) {
				t.Errorf("undisturbed: %v, and nobody had changed anything", want)
			}
			for refuse := 1; refuse <= smooth.writes && len(want) > 0; refuse++ {
				w := j.start(t)
				w.refuse = refuse
				j.finish(w)
				if diff := cmp.Diff(want, w.deeds()); diff != "" {
					t.Errorf("write %d of %d was refused (-undisturbed +refused):\n%s", refuse, smooth.writes, diff)
				}
			}
		})
	}
}

// TestAnOldCopyTellsNothingTwice makes every journey with caches that are behind.
func TestAnOldCopyTellsNothingTwice(t *testing.T) {
	t.Parallel()
	all := maps.Clone(journeys)
	maps.Copy(all, accounts)
	for name, j := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fresh := j.start(t)
			j.finish(fresh)
			for how, stale := range ways {
				w := j.start(t)
				w.memory = forgetting(stale, everyKind()...)
				j.finish(w)
				if diff := cmp.Diff(fresh.deeds(), w.deeds()); diff != "" {
					t.Errorf("%s (-fresh +old):\n%s", how, diff)
				}
			}
		})
	}
}

// TestAClusterThatCouldNotBeMadeAtOnceIsNotRepaired refuses a part of a new cluster
// a few times.
func TestAClusterThatCouldNotBeMadeAtOnceIsNotRepaired(t *testing.T) {
	w := newWorld(t)
	w.banned = "StatefulSet"
	w.steps(4)
	if !meta.IsStatusConditionTrue(w.cluster().Status.Conditions, v1alpha1.Stalled) {
		t.Error("it could be made")
	}
	w.banned = ""
	w.rest()
	if got := w.deeds(); len(got) > 0 {
		t.Errorf("users are told %v, want nothing", got)
	}
}

// TestALostPasswordIsMadeAnewWhateverIsRefused takes the first user's password away, and has
// each write after that fail: in the end the password that is stored is the one that works.
func TestALostPasswordIsMadeAnewWhateverIsRefused(t *testing.T) {
	for kill := range 4 {
		w := newWorld(t)
		w.edit(guardedBy(""))
		w.rest()
		lost := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "prod", Name: "demo-admin"}}
		if err := w.api.Delete(t.Context(), lost); err != nil {
			t.Fatal(err)
		}
		w.kill = w.writes + kill
		w.rest()
		read := func(name string) map[string][]byte {
			var found corev1.Secret
			if err := w.api.Get(t.Context(), client.ObjectKey{Namespace: "prod", Name: name}, &found); err != nil {
				t.Fatal(err)
			}
			return found.Data
		}
		files, admin := read("demo-auth"), read("demo-admin")
		all, err := auth.ParseUsers(string(files[usersKey]), string(files[permissions]))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := all.Check(firstUser, string(admin[corev1.BasicAuthPasswordKey])); err != nil {
			t.Errorf("killed at write %d after that: %v", kill, err)
		}
	}
}

// typed is the kind of what is applied.
func typed(config runtime.ApplyConfiguration) string {
	raw, err := json.Marshal(config)
	var of metav1.TypeMeta
	if err != nil || json.Unmarshal(raw, &of) != nil {
		return "unreadable"
	}
	return of.Kind
}
