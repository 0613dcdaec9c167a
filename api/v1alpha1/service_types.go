package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
)

// Service is the shape of the Service that clients use: port 8848 for HTTP and
// 9848 for gRPC, or another such pair, to members that are ready.
//
// Nacos clients are told the HTTP port only and add 1000 for gRPC, so node
// ports keep that distance too.
//
// +kubebuilder:validation:XValidation:rule="self.type != 'NodePort' || has(self.nodePort)",message="type NodePort needs nodePort, for example 30848: clients add 1000 to it for gRPC, so a random pair would not work"
// +kubebuilder:validation:XValidation:rule="self.type != 'ClusterIP' || !has(self.nodePort)",message="nodePort needs type NodePort or LoadBalancer: change type or remove nodePort"
// +kubebuilder:validation:XValidation:rule="self.type != 'ClusterIP' || !has(self.externalTrafficPolicy)",message="externalTrafficPolicy needs type NodePort or LoadBalancer: change type or remove externalTrafficPolicy"
// +kubebuilder:validation:XValidation:rule="self.type == 'LoadBalancer' || !has(self.loadBalancerClass)",message="loadBalancerClass needs type LoadBalancer: change type or remove loadBalancerClass"
// +kubebuilder:validation:XValidation:rule="self.type == 'LoadBalancer' || !has(self.loadBalancerSourceRanges)",message="loadBalancerSourceRanges needs type LoadBalancer: change type or remove loadBalancerSourceRanges"
// +kubebuilder:validation:XValidation:rule="self.type != 'LoadBalancer' || oldSelf.type != 'LoadBalancer' || (has(self.loadBalancerClass) ? has(oldSelf.loadBalancerClass) && self.loadBalancerClass == oldSelf.loadBalancerClass : !has(oldSelf.loadBalancerClass))",message="loadBalancerClass cannot change while type is LoadBalancer: set type to ClusterIP first, then to LoadBalancer with the new class"
// +kubebuilder:validation:XValidation:rule="!has(self.ipFamilies) || size(self.ipFamilies) < 2 || (has(self.ipFamilyPolicy) && self.ipFamilyPolicy != 'SingleStack')",message="two ipFamilies need ipFamilyPolicy PreferDualStack or RequireDualStack: set it or name one family"
// +kubebuilder:validation:XValidation:rule="!has(self.ipFamilies) || !has(oldSelf.ipFamilies) || self.ipFamilies[0] == oldSelf.ipFamilies[0]",message="the first of ipFamilies cannot change once set: delete the NamingCluster and create it again"
type Service struct {
	// How clients reach the Service.
	// +kubebuilder:default=ClusterIP
	// +kubebuilder:validation:Enum=ClusterIP;NodePort;LoadBalancer
	// +optional
	Type corev1.ServiceType `json:"type,omitempty"`

	// Labels of the Service.
	// +optional
	Labels Labels `json:"labels,omitempty"`

	// Annotations of the Service, such as those that cloud load balancers read.
	// +optional
	Annotations Annotations `json:"annotations,omitempty"`

	// Whether the Services have one or two IP families.
	// +kubebuilder:validation:Enum=SingleStack;PreferDualStack;RequireDualStack
	// +optional
	IPFamilyPolicy *corev1.IPFamilyPolicy `json:"ipFamilyPolicy,omitempty"`

	// IP families in order of preference.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=2
	// +kubebuilder:validation:items:Enum=IPv4;IPv6
	// +listType=set
	// +optional
	IPFamilies []corev1.IPFamily `json:"ipFamilies,omitempty"`

	// Port of the Service for HTTP; gRPC gets this port + 1000.
	// +kubebuilder:default=8848
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	// +kubebuilder:validation:XValidation:rule="self <= 64535",message="port must be at most 64535, since clients add 1000 to it for gRPC: choose a lower one"
	// +optional
	Port int32 `json:"port,omitempty"`

	// Port on every node for HTTP; gRPC gets this port + 1000. Both must be in the cluster's range, usually 30000 to 32767.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	// +kubebuilder:validation:XValidation:rule="self <= 64535",message="nodePort must be at most 64535, since clients add 1000 to it for gRPC: choose a lower one"
	// +optional
	NodePort *int32 `json:"nodePort,omitempty"`

	// Which load balancer implementation serves this Service.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	LoadBalancerClass *string `json:"loadBalancerClass,omitempty"`

	// Client networks (CIDR) that the load balancer admits.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=64
	// +listType=set
	// +optional
	LoadBalancerSourceRanges []string `json:"loadBalancerSourceRanges,omitempty"`

	// Cluster spreads outside traffic over all nodes; Local keeps the client's address.
	// +kubebuilder:validation:Enum=Cluster;Local
	// +optional
	ExternalTrafficPolicy *corev1.ServiceExternalTrafficPolicy `json:"externalTrafficPolicy,omitempty"`
}

// NetworkPolicy is the shape of the NetworkPolicy that guards the members.
type NetworkPolicy struct {
	// Keep everybody but members from port 9849; every other port stays open. Default: true. It needs a network that enforces it.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
}
