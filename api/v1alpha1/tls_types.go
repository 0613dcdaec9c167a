package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TLSMode says how TLS is insisted on.
//
// +kubebuilder:validation:Enum=Disabled;Permissive;Required
type TLSMode string

// The modes of TLS.
const (
	// TLSDisabled: plaintext only, and no certificate is mounted.
	TLSDisabled TLSMode = "Disabled"
	// TLSPermissive: TLS and plaintext are both taken on the same ports.
	TLSPermissive TLSMode = "Permissive"
	// TLSRequired: nothing but TLS is taken.
	TLSRequired TLSMode = "Required"
)

// TLS is how the ports of members are protected. What is absent is off. A
// change of mode on a running cluster goes through Permissive by itself, so
// that no connection is refused on the way.
type TLS struct {
	// Between members, who show each other a certificate.
	// +optional
	Members *MembersTLS `json:"members,omitempty"`

	// For clients, on the HTTP and the gRPC port.
	// +optional
	Clients *ClientsTLS `json:"clients,omitempty"`
}

// MembersTLS is TLS between members.
//
// +kubebuilder:validation:XValidation:rule="self.mode != 'Disabled' || !has(self.secretName)",message="secretName needs mode Permissive or Required: change mode or remove secretName"
type MembersTLS struct {
	// Disabled, Permissive (plaintext too) or Required.
	Mode TLSMode `json:"mode"`

	// Secret of the same namespace with tls.crt, tls.key and ca.crt, good for servers and clients and for the names of all
	// members. Default: the operator makes an authority and certificates, and renews them.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +optional
	SecretName string `json:"secretName,omitempty"`
}

// ClientsTLS is TLS for clients.
//
// +kubebuilder:validation:XValidation:rule="self.mode != 'Disabled' || (!has(self.secretName) && !has(self.caSecretName))",message="secretName and caSecretName need mode Permissive or Required: change mode or remove them"
type ClientsTLS struct {
	// Disabled, Permissive (plaintext too) or Required.
	Mode TLSMode `json:"mode"`

	// Secret of the same namespace with tls.crt and tls.key that members show to clients. Default: the operator makes one, by
	// the authority whose certificate it puts there as ca.crt.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +optional
	SecretName string `json:"secretName,omitempty"`

	// Secret of the same namespace with ca.crt, the authorities that certificates of clients come from. Set, every client must
	// show a certificate.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +optional
	CASecretName string `json:"caSecretName,omitempty"`
}

// TLSStatus is how far TLS is.
type TLSStatus struct {
	// Between members; absent while it is off.
	// +optional
	Members *TLSUse `json:"members,omitempty"`

	// For clients; absent while it is off.
	// +optional
	Clients *TLSUse `json:"clients,omitempty"`

	// When the operator's own authority expires; absent where it has made none. It is renewed long before.
	// +optional
	AuthorityNotAfter *metav1.Time `json:"authorityNotAfter,omitempty"`
}

// TLSUse is how far TLS is for one use.
type TLSUse struct {
	// What members are told to insist on now. It is Permissive while the cluster is on its way to or from Required.
	Mode TLSMode `json:"mode"`

	// Secret that new pods mount.
	SecretName string `json:"secretName"`

	// Members that have certificates and use them.
	ReadyMembers int32 `json:"readyMembers"`

	// When the certificate expires; absent where it cannot be read.
	// +optional
	NotAfter *metav1.Time `json:"notAfter,omitempty"`
}
