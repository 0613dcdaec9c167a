package v1

import corev1 "k8s.io/api/core/v1"

// NamingCluster is a test.
//
// +kubebuilder:validation:XValidation:rule="x",message="the name is too long"
type NamingCluster struct{}

// NamingClusterSpec is what is wanted.
type NamingClusterSpec struct {
	// How many.
	// +kubebuilder:default=3
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=9
	// +optional
	Replicas *int32 `json:"replicas,omitempty"`

	// How long, 1 to 5.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=5
	// +optional
	Seconds int64 `json:"seconds,omitempty"`

	// Which | how.
	Mode Mode `json:"mode"`

	// Taints.
	// +optional
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`

	// When.
	// +kubebuilder:validation:Enum=Always;Never
	// +optional
	Policy corev1.PullPolicy `json:"policy,omitempty"`
}

// Mode is a word.
type Mode string

const (
	// Fast: in a hurry.
	Fast Mode = "Fast"
)

// NamingClusterStatus is what was seen.
type NamingClusterStatus struct {
	// So it is.
	Ready bool `json:"ready"`
}
