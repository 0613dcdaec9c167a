package v1alpha1

// AuthMode says how rights are insisted on.
//
// +kubebuilder:validation:Enum=Disabled;Permissive;Required
type AuthMode string

// The modes of auth.
const (
	// AuthDisabled: everybody may do everything.
	AuthDisabled AuthMode = "Disabled"
	// AuthPermissive: users log in, and who has no right passes all the same and is counted.
	AuthPermissive AuthMode = "Permissive"
	// AuthRequired: nobody passes without the right.
	AuthRequired AuthMode = "Required"
)

// Auth is who may do what on the Nacos ports. A change to Required on a running cluster goes through Permissive by itself until
// all members have the users and keys; clients that have not logged in by then are refused.
//
// +kubebuilder:validation:XValidation:rule="self.mode != 'Disabled' || !has(self.secretName)",message="secretName needs mode Permissive or Required: change mode or remove secretName"
type Auth struct {
	// Disabled, Permissive (who has no right passes, and is counted) or Required.
	Mode AuthMode `json:"mode"`

	// Secret of the same namespace with signing-keys, users and permissions. Default: the operator makes NAME-auth, with a strong
	// key and a user admin whose password is in Secret NAME-admin.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +optional
	SecretName string `json:"secretName,omitempty"`
}

// AuthStatus is how far auth is.
type AuthStatus struct {
	// What members are told to insist on now. It is Permissive while the cluster is on its way to or from Required.
	Mode AuthMode `json:"mode"`

	// Secret with users and keys that new pods mount.
	SecretName string `json:"secretName"`

	// Secret with username and password of the user that the operator has made; absent where it has made none.
	// +optional
	AdminSecretName string `json:"adminSecretName,omitempty"`

	// Members that have users and keys and use them.
	ReadyMembers int32 `json:"readyMembers"`
}
