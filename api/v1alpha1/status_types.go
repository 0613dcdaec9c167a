package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NamingClusterStatus is what the operator saw in its last pass.
type NamingClusterStatus struct {
	// Generation of the spec that this status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// What is true of the cluster; types and reasons are listed in the reference.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// Members that exist.
	Replicas int32 `json:"replicas"`

	// Members that serve clients.
	ReadyReplicas int32 `json:"readyReplicas"`

	// Members that run the newest template.
	UpdatedReplicas int32 `json:"updatedReplicas"`

	// Label selector of the pods, for autoscalers.
	// +optional
	Selector string `json:"selector,omitempty"`

	// Generation of the published member list. It rises when a member is added or removed.
	// +optional
	MembersGeneration int64 `json:"membersGeneration,omitempty"`

	// The listed members, each as it last described itself.
	// +listType=map
	// +listMapKey=name
	// +optional
	Members []Member `json:"members,omitempty"`

	// Whether the members hold the same registry and settings.
	// +optional
	Convergence *Convergence `json:"convergence,omitempty"`

	// How far TLS is; absent while it is off.
	// +optional
	TLS *TLSStatus `json:"tls,omitempty"`

	// How far auth is; absent while it is off.
	// +optional
	Auth *AuthStatus `json:"auth,omitempty"`

	// Where clients connect.
	// +optional
	Endpoints *Endpoints `json:"endpoints,omitempty"`
}

// MemberState says how far a member is in its life.
type MemberState string

// The states of members.
const (
	// MemberMissing: it has no pod.
	MemberMissing MemberState = "Missing"
	// MemberPending: its pod is not placed, or its registry's container has not started.
	MemberPending MemberState = "Pending"
	// MemberLoading: it runs and takes the registry over from the others.
	MemberLoading MemberState = "Loading"
	// MemberNotReady: it runs and is not ready for another reason.
	MemberNotReady MemberState = "NotReady"
	// MemberServing: clients use it.
	MemberServing MemberState = "Serving"
	// MemberFenced: clients could use it and are kept from it.
	MemberFenced MemberState = "Fenced"
	// MemberSilent: its pod is ready, but it does not answer the operator.
	MemberSilent MemberState = "Silent"
	// MemberDraining: it is leaving and hands its clients over.
	MemberDraining MemberState = "Draining"
)

// Member is one member of the cluster. Fields from generation on come from the
// member itself and are absent while it does not answer.
type Member struct {
	// Name of the pod.
	Name string `json:"name"`

	// Address under which other members know it, host:port.
	Address string `json:"address"`

	// How far it is.
	State MemberState `json:"state"`

	// Since when it has been in this state.
	Since metav1.Time `json:"since"`

	// Since when it has been a member that could serve clients, though it may not right now; absent before it first could.
	// +optional
	Joined *metav1.Time `json:"joined,omitempty"`

	// What it waits for, and what to do about it; empty if nothing.
	// +optional
	WaitsFor string `json:"waitsFor,omitempty"`

	// Image of its registry's container.
	// +optional
	Image string `json:"image,omitempty"`

	// Revision of the template that its pod was made from.
	// +optional
	Revision string `json:"revision,omitempty"`

	// Whether the pod serves clients.
	Ready bool `json:"ready"`

	// Whether clients are kept from it by the annotation naming.distro.io/fenced-members.
	// +optional
	Fenced bool `json:"fenced,omitempty"`

	// Generation of the member list that it runs on.
	// +optional
	Generation int64 `json:"generation,omitempty"`

	// Digest of its registry. Equal digests mean equal registries.
	// +optional
	Digest string `json:"digest,omitempty"`

	// Digest of what is set by the API of services and instances, as it holds it; absent from members of earlier versions.
	// +optional
	SettingsDigest string `json:"settingsDigest,omitempty"`

	// Clients that publish something.
	// +optional
	Clients int32 `json:"clients,omitempty"`

	// Services with at least one instance.
	// +optional
	Services int32 `json:"services,omitempty"`

	// Instances listed.
	// +optional
	Instances int32 `json:"instances,omitempty"`
}

// Convergence is how far members hold the same.
type Convergence struct {
	// Digest of the registry that most members hold.
	Digest string `json:"digest"`

	// Digest of the settings of services and instances that most members hold.
	// +optional
	SettingsDigest string `json:"settingsDigest,omitempty"`

	// Since when all wanted members have served and held the same registry and settings; absent while they do not.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`

	// Since when members have differed at each look because what they hold changes faster than they can be asked; absent
	// while they are seen to agree, or to differ at rest.
	// +optional
	ChangingSince *metav1.Time `json:"changingSince,omitempty"`

	// Members that hold another registry or other settings than most.
	// +listType=set
	// +optional
	DivergentMembers []string `json:"divergentMembers,omitempty"`
}

// Endpoints are where the client Service is reached, host:port.
type Endpoints struct {
	// For the HTTP interface, and what Nacos SDKs are configured with.
	HTTP string `json:"http"`

	// For gRPC. SDKs compute it from the HTTP port.
	GRPC string `json:"grpc"`

	// The HTTP interface from outside, once a load balancer has addresses. gRPC is on the port + 1000.
	// +listType=set
	// +optional
	External []string `json:"external,omitempty"`
}
