//go:build envtest

package controllers

import (
	"errors"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

func TestTheShieldCanBeTakenAway(t *testing.T) {
	f := ready(t)
	f.requireChild(t, "NetworkPolicy", "demo")
	policy := new(networkingv1.NetworkPolicy)

	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.NetworkPolicy.Enabled = new(false) })
	eventually(t, func() error {
		if err := admin.Get(t.Context(), f.key("demo"), policy); !apierrors.IsNotFound(err) {
			return errors.Join(errors.New("the NetworkPolicy is still there"), err)
		}
		return nil
	})

	// One that somebody else has made of that name is theirs, and none is wanted.
	theirs := &networkingv1.NetworkPolicy{}
	theirs.Namespace, theirs.Name = f.cluster.Namespace, "demo"
	if err := admin.Create(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	f.passes()
	f.settled()
	f.get("demo", policy)
	if policy.UID != theirs.UID || policy.ResourceVersion != theirs.ResourceVersion {
		t.Error("the NetworkPolicy of somebody else was touched")
	}
}
