package controllers

import (
	"context"
	"fmt"
	"regexp"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// Secrets are read by name, from the API server and never through the cache: a
// cache would list and watch all that there are, which the operator may not. It
// has rights on Secrets only in namespaces where secretsRole is bound to it. What was
// read is not kept for the next pass: a Secret that goes bad shows within fifteen
// seconds, and passes of a cluster at rest are ten apart.

// secretsRole is the ClusterRole with the rights on Secrets, and the name of the
// RoleBindings to it.
const secretsRole = "naming-operator-secrets"

// secretRead is the outcome of reading a Secret: it is found, or missing, or the
// operator may not read it.
type secretRead struct {
	found     *corev1.Secret // nil: missing or forbidden
	forbidden string         // the command that permits it; empty: it is permitted
}

// readSecret reads one Secret. An error is a failure that trying again may cure.
func (r *Reconciler) readSecret(ctx context.Context, key types.NamespacedName) (secretRead, error) {
	secret := new(corev1.Secret)
	err := r.Live.Get(ctx, key, secret)
	switch {
	case err == nil:
		return secretRead{found: secret}, nil
	case apierrors.IsNotFound(err):
		return secretRead{}, nil
	case apierrors.IsForbidden(err):
		return secretRead{forbidden: permit(key.Namespace, err.Error())}, nil
	}
	return secretRead{}, fmt.Errorf("read Secret %s: %w", key.Name, err)
}

// trouble is why a Secret cannot be used, or nil if it is there.
func (s secretRead) trouble(name string) *trouble {
	switch {
	case s.forbidden != "":
		return &trouble{v1alpha1.ReasonSecretForbidden, fmt.Sprintf(
			"the operator may not use Secrets in this namespace, and needs Secret %s; permit it: %s", name, s.forbidden)}
	case s.found == nil:
		return &trouble{v1alpha1.ReasonSecretNotFound, fmt.Sprintf("Secret %s does not exist: create it", name)}
	}
	return nil
}

// trouble is a reason of a condition, and what to do.
type trouble struct{ reason, text string }

// account finds, in the API server's refusal, who has been refused.
var account = regexp.MustCompile(`User "system:serviceaccount:([^:"]+):([^:"]+)"`)

// permit is the command that gives the rights which were refused.
func permit(namespace, refusal string) string {
	who := "naming-system:naming-operator"
	if found := account.FindStringSubmatch(refusal); found != nil {
		who = found[1] + ":" + found[2]
	}
	return fmt.Sprintf("kubectl --namespace %s create rolebinding %s --clusterrole=%s --serviceaccount=%s",
		namespace, secretsRole, secretsRole, who)
}
