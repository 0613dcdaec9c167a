//go:build envtest

package controllers

import (
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
)

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
			review := &authorizationv1.SelfSubjectAccessReview{
				Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &attributes},
			}
			if err := operator.Create(t.Context(), review); err != nil {
				t.Fatal(err)
			}
			if review.Status.Allowed {
				t.Errorf("the operator may %s", name)
			}
		})
	}
}
