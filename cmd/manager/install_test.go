//go:build envtest

package main

import (
	"testing"
)

// TestNamespacedInstallsDoNotMeet has nothing cluster-wide in an install for
// one namespace: a second one could take it away from the first, and take it
// along when it is deleted.
func TestNamespacedInstallsDoNotMeet(t *testing.T) {
	objects, err := read(kustomize(t, "testdata/payments"))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if o.GetNamespace() != "payments" {
			t.Errorf("%s %s is in namespace %q, want payments", o.GetKind(), o.GetName(), o.GetNamespace())
		}
	}
}

// TestInstallsInTwoPartsAreComplete compares the parts with the install for all
// namespaces: what that has, one of the parts has.
func TestInstallsInTwoPartsAreComplete(t *testing.T) {
	has := map[string]bool{}
	for _, folder := range []string{"../../config/cluster-wide", "../../config/namespaced"} {
		objects, err := read(kustomize(t, folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objects {
			key := o.GetKind() + " " + o.GetName()
			if has[key] {
				t.Errorf("both parts have %s", key)
			}
			has[key] = true
			if wide := o.GetNamespace() == ""; wide != (folder == "../../config/cluster-wide") {
				t.Errorf("%s is in %s", key, folder)
			}
		}
	}
	all, err := read(kustomize(t, "../../config/default"))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		switch o.GetKind() {
		case "Namespace", "ClusterRoleBinding": // the user's; rights are bound in the namespace
			continue
		}
		if key := o.GetKind() + " " + o.GetName(); !has[key] {
			t.Errorf("neither part has %s", key)
		}
	}
}
