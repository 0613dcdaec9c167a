// Package v1alpha1 is the API of the operator: the NamingCluster resource.
//
// It holds schema only: types, validation markers and the words that
// conditions use. Every rule that a user can break is checked by the API
// server (OpenAPI or CEL), so that a wrong object is refused when it is
// written and the message says what to do.
//
// Stability: alpha. Fields may change between minor releases; release notes
// say how to move.
//
// +kubebuilder:object:generate=true
// +kubebuilder:ac:generate=true
// +kubebuilder:ac:output:package="applyconfiguration"
// +groupName=naming.distro.io
package v1alpha1
