package resources

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// Shielded reports whether c wants a NetworkPolicy.
func Shielded(c *v1alpha1.NamingCluster) bool {
	return c.Spec.NetworkPolicy.Enabled == nil || *c.Spec.NetworkPolicy.Enabled
}

// networkPolicy keeps everybody but members from the cluster port: who speaks
// there is believed. Every other port stays open, those of the user's
// containers too, since a policy closes what it does not name.
func networkPolicy(c *v1alpha1.NamingCluster) *networkingv1ac.NetworkPolicyApplyConfiguration {
	members := metav1ac.LabelSelector().WithMatchLabels(selector(c))
	return networkingv1ac.NetworkPolicy(c.Name, c.Namespace).
		WithLabels(labels(c)).
		WithOwnerReferences(controlledBy(c)).
		WithSpec(networkingv1ac.NetworkPolicySpec().
			WithPodSelector(members).
			WithPolicyTypes(networkingv1.PolicyTypeIngress).
			WithIngress(
				networkingv1ac.NetworkPolicyIngressRule().
					WithFrom(networkingv1ac.NetworkPolicyPeer().WithPodSelector(members)).
					WithPorts(portRange(corev1.ProtocolTCP, ClusterPort, ClusterPort)),
				networkingv1ac.NetworkPolicyIngressRule().WithPorts(
					portRange(corev1.ProtocolTCP, 1, ClusterPort-1),
					portRange(corev1.ProtocolTCP, ClusterPort+1, 65535),
					portRange(corev1.ProtocolUDP, 1, 65535),
					portRange(corev1.ProtocolSCTP, 1, 65535),
				),
			))
}

func portRange(protocol corev1.Protocol, from, to int32) *networkingv1ac.NetworkPolicyPortApplyConfiguration {
	out := networkingv1ac.NetworkPolicyPort().WithProtocol(protocol).WithPort(intstr.FromInt32(from))
	if to > from {
		out.WithEndPort(to)
	}
	return out
}
