package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NamingCluster is a registry that speaks the Nacos naming protocol: members
// that hold the same registrations and answer any client.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.selector
// +kubebuilder:resource:shortName=nmc,categories=naming
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Members",type=integer,JSONPath=`.status.readyReplicas`,description="Members that serve clients"
// +kubebuilder:printcolumn:name="Desired",type=integer,JSONPath=`.spec.replicas`
// +kubebuilder:printcolumn:name="Converged",type=string,JSONPath=`.status.conditions[?(@.type=="Converged")].status`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Doing",type=string,JSONPath=`.status.conditions[?(@.type=="Progressing")].reason`,priority=1
// +kubebuilder:printcolumn:name="List",type=integer,JSONPath=`.status.membersGeneration`,description="Generation of the member list",priority=1
// +kubebuilder:printcolumn:name="Image",type=string,JSONPath=`.status.members[0].image`,description="Image that the first member runs",priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 52",message="metadata.name must have at most 52 characters, since pods and Services add to it and must stay within 63: choose a shorter name"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name must start with a letter, have only a-z, 0-9 and '-', and not end with '-', since Services are named after it: choose such a name"
type NamingCluster struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// What is wanted.
	// +kubebuilder:default={}
	// +optional
	Spec NamingClusterSpec `json:"spec,omitzero"`

	// What was seen. Written by the operator only; it can be rebuilt at any time.
	// +optional
	Status NamingClusterStatus `json:"status,omitzero"`
}

// NamingClusterList is a list of NamingClusters.
//
// +kubebuilder:object:root=true
type NamingClusterList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []NamingCluster `json:"items"`
}

// NamingClusterSpec is the wanted shape of a cluster.
type NamingClusterSpec struct {
	// Number of members, 0 to 99. Each holds the whole registry, so any one that is left serves all clients.
	// +kubebuilder:default=3
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=99
	// +optional
	Replicas *int32 `json:"replicas,omitempty"`

	// Image of the sidecar that holds the registry. Default: the one the operator was released with.
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^[^ \\t\\n]+$')",message="image must be a reference without spaces, such as registry.example.org/distro-sidecar:v1; leave it out for the default"
	// +optional
	Image string `json:"image,omitempty"`

	// When to pull the sidecar's image.
	// +kubebuilder:validation:Enum=Always;IfNotPresent;Never
	// +optional
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`

	// Secrets of the same namespace to pull images with.
	// +kubebuilder:validation:MaxItems=16
	// +listType=atomic
	// +optional
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`

	// CPU and memory of the sidecar. Default: requests of 100m and 128Mi, memory limited to 512Mi.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`

	// What runs beside the sidecar in each pod. Without containers, a small read-only console runs there.
	// +optional
	Template PodTemplate `json:"template,omitzero"`

	// The Service that clients use.
	// +optional
	Service *Service `json:"service,omitempty"`

	// Who may reach the port on which members replicate.
	// +optional
	NetworkPolicy NetworkPolicy `json:"networkPolicy,omitzero"`

	// Refuse on the port on which members replicate who speaks plaintext from an address that is not a listed member's. Set it to
	// false where members are seen from other addresses than their pods', as in a service mesh. Default: true.
	// +optional
	StrictPeers *bool `json:"strictPeers,omitempty"`

	// TLS on the ports of members. Default: off, all speak plaintext.
	// +optional
	TLS *TLS `json:"tls,omitempty"`

	// Who may do what on the Nacos ports. Default: everybody may do everything.
	// +optional
	Auth *Auth `json:"auth,omitempty"`

	// Where pods may run. It adds to the default spread over nodes.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`

	// Taints that pods tolerate.
	// +kubebuilder:validation:MaxItems=32
	// +listType=atomic
	// +optional
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`

	// Labels that a node must have.
	// +kubebuilder:validation:MaxProperties=32
	// +mapType=atomic
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// How pods are spread. Default: over nodes as well as possible. A constraint without labelSelector gets the one of this cluster.
	// +kubebuilder:validation:MaxItems=16
	// +listType=atomic
	// +optional
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty"`

	// PriorityClass of the pods.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	PriorityClassName string `json:"priorityClassName,omitempty"`

	// Limits on connections, sizes, numbers and times that shall not be the default, such as `connections-per-ip: "3000"`.
	// +optional
	Limits Limits `json:"limits,omitempty"`

	// Seconds a pod may take to leave. A third of it is for handing clients over to other members.
	// +kubebuilder:default=60
	// +kubebuilder:validation:Minimum=10
	// +kubebuilder:validation:Maximum=3600
	// +optional
	TerminationGracePeriodSeconds *int64 `json:"terminationGracePeriodSeconds,omitempty"`

	// How members are replaced when what they run changes.
	// +optional
	UpdateStrategy UpdateStrategy `json:"updateStrategy,omitzero"`

	// Seconds for which all members must have held the same registry and settings before the next one is replaced or removed.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=3600
	// +optional
	MinConvergedSeconds int32 `json:"minConvergedSeconds,omitempty"`

	// Stop changing anything; status is still reported.
	// +optional
	Paused bool `json:"paused,omitempty"`
}

// PodTemplate is what users add to each pod. It is not a whole pod template:
// identity, security and scheduling are the cluster's.
//
// +kubebuilder:validation:XValidation:rule="!has(self.volumes) || self.volumes.all(v, !(v.name in ['members', 'members-tls', 'clients-tls', 'members-auth']))",message="volume names 'members', 'members-tls', 'clients-tls' and 'members-auth' are taken by what members read: rename the volume"
// +kubebuilder:validation:XValidation:rule="!has(self.volumes) || self.volumes.all(v, !has(v.hostPath))",message="hostPath volumes are refused, since the operator must not hand out a node's files: use an emptyDir, a claim or a ConfigMap"
// +kubebuilder:validation:XValidation:rule="!has(self.containers) || self.containers.all(c, c.name != 'distro' && c.name != 'console')",message="container names 'distro' and 'console' are taken by the operator: rename the container"
// +kubebuilder:validation:XValidation:rule="!has(self.containers) || self.containers.all(c, has(c.image) && size(c.image) > 0)",message="every container needs an image: set image"
// +kubebuilder:validation:XValidation:rule="!has(self.containers) || self.containers.all(c, !has(c.restartPolicy))",message="restartPolicy is for init containers: remove it, main containers are always restarted"
// +kubebuilder:validation:XValidation:rule="!has(self.containers) || self.containers.all(c, !has(c.securityContext) || !has(c.securityContext.privileged) || !c.securityContext.privileged)",message="privileged containers are refused, since the operator must not hand out a node: remove securityContext.privileged"
// +kubebuilder:validation:XValidation:rule="!has(self.containers) || self.containers.all(c, !has(c.ports) || c.ports.all(p, p.containerPort != 8848))",message="port 8848 is taken by the sidecar (HTTP) in the same pod: use another containerPort"
// +kubebuilder:validation:XValidation:rule="!has(self.containers) || self.containers.all(c, !has(c.ports) || c.ports.all(p, p.containerPort != 9848))",message="port 9848 is taken by the sidecar (client gRPC) in the same pod: use another containerPort"
// +kubebuilder:validation:XValidation:rule="!has(self.containers) || self.containers.all(c, !has(c.ports) || c.ports.all(p, p.containerPort != 9849))",message="port 9849 is taken by the sidecar (peer gRPC) in the same pod: use another containerPort"
// +kubebuilder:validation:XValidation:rule="!has(self.containers) || self.containers.all(c, !has(c.ports) || c.ports.all(p, p.containerPort != 8080))",message="port 8080 is taken by the sidecar (administration) in the same pod: use another containerPort"
// +kubebuilder:validation:XValidation:rule="!has(self.containers) || self.containers.all(c, !has(c.ports) || c.ports.all(p, !has(p.hostPort) || p.hostPort == 0))",message="hostPort is refused, since two members could not share a node: use a Service"
type PodTemplate struct {
	// Labels and annotations of the pods.
	// +optional
	Metadata PodMetadata `json:"metadata,omitzero"`

	// Main containers. They start when the registry in their pod is complete and reach it on localhost:8848.
	// +kubebuilder:validation:MaxItems=8
	// +listType=map
	// +listMapKey=name
	// +optional
	Containers []corev1.Container `json:"containers,omitempty"`

	// Volumes that the containers mount.
	// +kubebuilder:validation:MaxItems=32
	// +listType=map
	// +listMapKey=name
	// +optional
	Volumes []corev1.Volume `json:"volumes,omitempty"`
}

// PodMetadata is the part of a pod's metadata that users may set.
type PodMetadata struct {
	// Labels of the pods.
	// +optional
	Labels Labels `json:"labels,omitempty"`

	// Annotations of the pods.
	// +optional
	Annotations Annotations `json:"annotations,omitempty"`
}

// Labels are labels that users add to objects that the operator makes.
//
// +kubebuilder:validation:MaxProperties=32
// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('naming.distro.io/') && !k.startsWith('app.kubernetes.io/'))",message="labels under naming.distro.io/ and app.kubernetes.io/ are set by the operator: use another prefix"
type Labels map[string]LabelValue

// LabelValue is the value of a label.
//
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:XValidation:rule="self.matches('^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$')",message="a label value must start and end with a letter or digit and have only letters, digits, '-', '_' and '.' between: change the value or use an annotation"
type LabelValue string

// Annotations are annotations that users add to objects that the operator makes.
//
// +kubebuilder:validation:MaxProperties=64
// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('naming.distro.io/'))",message="annotations under naming.distro.io/ are set by the operator: use another prefix"
type Annotations map[string]string
