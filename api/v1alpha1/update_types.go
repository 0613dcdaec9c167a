package v1alpha1

import (
	appsv1 "k8s.io/api/apps/v1"
)

// UpdateStrategy says who replaces members that run an older template, and
// which of them. The words are those of a StatefulSet.
//
// +kubebuilder:validation:XValidation:rule="!has(self.type) || self.type != 'OnDelete' || !has(self.rollingUpdate)",message="rollingUpdate needs type RollingUpdate: change type or remove rollingUpdate"
type UpdateStrategy struct {
	// RollingUpdate replaces members one at a time, each only while all agree; OnDelete waits until you delete their pods.
	// +kubebuilder:validation:Enum=RollingUpdate;OnDelete
	// +optional
	Type appsv1.StatefulSetUpdateStrategyType `json:"type,omitempty"`

	// How far and whether a rolling update goes.
	// +optional
	RollingUpdate *RollingUpdate `json:"rollingUpdate,omitempty"`
}

// RollingUpdate is what a user may hold back of a rolling update.
type RollingUpdate struct {
	// Members with a lower ordinal keep the template that they have. Default: 0, all are replaced.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=99
	// +optional
	Partition int32 `json:"partition,omitempty"`

	// Replace no further member until this is false again. All else goes on.
	// +optional
	Paused bool `json:"paused,omitempty"`
}
