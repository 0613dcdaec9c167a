package resources

import (
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// serviceAccount is an identity without rights: members never talk to the API
// server, so no token is mounted and no role is bound.
func serviceAccount(c *v1alpha1.NamingCluster) *corev1ac.ServiceAccountApplyConfiguration {
	return corev1ac.ServiceAccount(c.Name, c.Namespace).
		WithLabels(labels(c)).
		WithOwnerReferences(controlledBy(c)).
		WithAutomountServiceAccountToken(false)
}
