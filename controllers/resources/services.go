package resources

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/sidecar/member"
)

// headlessService gives every member a stable name. Members that are not ready
// are published too: they must find each other in order to become ready.
func headlessService(c *v1alpha1.NamingCluster) *corev1ac.ServiceApplyConfiguration {
	spec := corev1ac.ServiceSpec().
		WithClusterIP(corev1.ClusterIPNone).
		WithPublishNotReadyAddresses(true).
		WithSelector(selector(c)).
		WithPorts(
			servicePort("http", HTTPPort),
			servicePort("grpc", GRPCPort),
			servicePort("cluster", ClusterPort),
			servicePort("admin", AdminPort),
		)
	withFamilies(spec, c.Spec.Service)
	return corev1ac.Service(HeadlessName(c), c.Namespace).
		WithLabels(labels(c)).
		WithOwnerReferences(controlledBy(c)).
		WithSpec(spec)
}

// clientService leads clients to members that are ready and not fenced. Its two ports keep
// the distance that clients rely on, as node ports as well.
func clientService(c *v1alpha1.NamingCluster) *corev1ac.ServiceApplyConfiguration {
	wanted := c.Spec.Service
	if wanted == nil {
		wanted = &v1alpha1.Service{}
	}
	port := ServicePort(c)
	http := servicePort("http", HTTPPort).WithPort(port)
	grpc := servicePort("grpc", GRPCPort).WithPort(port + member.SDKOffset)
	if wanted.NodePort != nil {
		http.WithNodePort(*wanted.NodePort)
		grpc.WithNodePort(*wanted.NodePort + member.SDKOffset)
	}
	spec := corev1ac.ServiceSpec().
		WithType(corev1.ServiceTypeClusterIP).
		WithSelector(admitted(c)).
		WithPorts(http, grpc).
		WithLoadBalancerSourceRanges(wanted.LoadBalancerSourceRanges...)
	if wanted.Type != "" {
		spec.WithType(wanted.Type)
	}
	spec.LoadBalancerClass = wanted.LoadBalancerClass
	spec.ExternalTrafficPolicy = wanted.ExternalTrafficPolicy
	withFamilies(spec, wanted)
	return corev1ac.Service(c.Name, c.Namespace).
		WithLabels(labelsWith(c, wanted.Labels)).
		WithAnnotations(wanted.Annotations).
		WithOwnerReferences(controlledBy(c)).
		WithSpec(spec)
}

// ServicePort is the port of the client Service for HTTP. That for gRPC is
// higher by member.SDKOffset, as clients compute it.
func ServicePort(c *v1alpha1.NamingCluster) int32 {
	if c.Spec.Service == nil || c.Spec.Service.Port == 0 {
		return HTTPPort
	}
	return c.Spec.Service.Port
}

func withFamilies(spec *corev1ac.ServiceSpecApplyConfiguration, wanted *v1alpha1.Service) {
	if wanted == nil {
		return
	}
	spec.IPFamilyPolicy = wanted.IPFamilyPolicy
	spec.WithIPFamilies(wanted.IPFamilies...)
}

func servicePort(name string, port int32) *corev1ac.ServicePortApplyConfiguration {
	return corev1ac.ServicePort().
		WithName(name).
		WithProtocol(corev1.ProtocolTCP).
		WithPort(port).
		WithTargetPort(intstr.FromInt32(port)) // by number: a main container may use the same name
}
