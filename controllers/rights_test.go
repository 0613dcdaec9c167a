//go:build envtest

package controllers

import (
	"fmt"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
)

// In a namespace where the role for Secrets is bound the operator may do with them
// what it does, and nothing beyond: not even see which there are.
func TestWithTheRoleForSecretsItMayDoWhatItDoes(t *testing.T) {
	here, elsewhere := newNamespace(t), newNamespace(t)
	permitSecrets(t, here)
	for verb, want := range map[string]bool{
		"get": true, "create": true, "patch": true, "list": false, "watch": false, "update": false, "delete": false, "deletecollection": false,
	} {
		eventually(t, func() error { // a binding takes a moment to count
			if got := may(t, authorizationv1.ResourceAttributes{Namespace: here, Resource: "secrets", Verb: verb}); got != want {
				return fmt.Errorf("the operator may %s Secrets = %t, want %t", verb, got, want)
			}
			return nil
		})
		if may(t, authorizationv1.ResourceAttributes{Namespace: elsewhere, Resource: "secrets", Verb: verb}) {
			t.Errorf("the operator may %s Secrets of another namespace", verb)
		}
	}
}

// The whole suite runs with the operator's own rights; these it must not have.
func TestTheOperatorMayNotDoMore(t *testing.T) {
	tests := map[string]authorizationv1.ResourceAttributes{
		"read secrets":        {Resource: "secrets", Verb: "get"},
		"delete pods":         {Resource: "pods", Verb: "delete"},
		"create pods":         {Resource: "pods", Verb: "create"},
		"enter pods":          {Resource: "pods", Subresource: "exec", Verb: "create"},
		"mint tokens":         {Resource: "serviceaccounts", Subresource: "token", Verb: "create"},
		"delete children":     {Group: "apps", Resource: "statefulsets", Verb: "delete"},
		"give rights":         {Group: "rbac.authorization.k8s.io", Resource: "roles", Verb: "create"},
		"change specs":        {Group: "naming.distro.io", Resource: "namingclusters", Verb: "patch"},
		"act as others":       {Resource: "users", Verb: "impersonate"},
		"read others' leases": {Group: "coordination.k8s.io", Resource: "leases", Namespace: "kube-system", Verb: "get"},
	}
	for name, attributes := range tests {
		t.Run(name, func(t *testing.T) {
			if may(t, attributes) {
				t.Errorf("the operator may %s", name)
			}
		})
	}
}

// may reports whether the operator may do something.
func may(t *testing.T, attributes authorizationv1.ResourceAttributes) bool {
	t.Helper()
	review := &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &attributes},
	}
	if err := operator.Create(t.Context(), review); err != nil {
		t.Fatal(err)
	}
	return review.Status.Allowed
}
