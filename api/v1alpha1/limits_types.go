package v1alpha1

// Limits are what clients may ask of a member, by name. docs/reference/limits.md
// has the names; a test keeps the rule to them.
//
// +kubebuilder:validation:MaxProperties=32
// +kubebuilder:validation:XValidation:rule="self.all(name, name in ['connections', 'member-connections', 'http-connections', 'connections-per-ip', 'streams', 'message', 'unfinished', 'message-within', 'silent-for', 'header-within', 'call-within', 'idle-within', 'header', 'body', 'member-body', 'large-bodies', 'parameters', 'batch', 'services', 'instances', 'clients', 'subscriptions', 'udp-subscribers', 'patterns', 'matches'])",message="there is no limit of this name: see docs/reference/limits.md"
type Limits map[string]LimitValue

// LimitValue is a number, of bytes also with KiB, MiB or GiB, of time with ms, s, m
// or h; 0 turns a limit off.
//
// +kubebuilder:validation:MaxLength=16
// +kubebuilder:validation:Pattern=`^[0-9]+(KiB|MiB|GiB|ms|s|m|h)?$`
type LimitValue string
