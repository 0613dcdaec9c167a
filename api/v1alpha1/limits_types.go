package v1alpha1

// Limits are what clients may ask of a member, by name. docs/reference/limits.md
// has the names, their kinds and the least values; tests keep the rules to them, so
// that what the API server takes does not keep a member from starting.
//
// +kubebuilder:validation:MaxProperties=32
// +kubebuilder:validation:XValidation:rule="self.all(name, name in ['connections', 'member-connections', 'http-connections', 'connections-per-ip', 'streams', 'message', 'unfinished', 'message-within', 'silent-for', 'header-within', 'call-within', 'idle-within', 'header', 'body', 'member-body', 'large-bodies', 'parameters', 'batch', 'services', 'instances', 'clients', 'subscriptions', 'udp-subscribers', 'patterns', 'matches'])",message="there is no limit of this name: see docs/reference/limits.md"
// +kubebuilder:validation:XValidation:rule="self.all(name, self[name].matches(name in ['message-within', 'silent-for', 'header-within', 'call-within', 'idle-within'] ? '^(0|[0-9]+(ms|s|m|h))$' : name in ['message', 'unfinished', 'header', 'body', 'member-body'] ? '^[0-9]+([KMG]iB)?$' : '^[0-9]+$'))",message="a limit of time needs ms, s, m or h, one of bytes may have KiB, MiB or GiB, and all others are plain numbers: see docs/reference/limits.md"
// +kubebuilder:validation:XValidation:rule="self.all(name, !(name in ['message-within', 'silent-for', 'header-within', 'call-within', 'idle-within']) || !self[name].matches('^(0|[0-9]+(ms|s|m|h))$') || duration(self[name]) >= duration(name == 'message-within' ? '0s' : name == 'header-within' ? '100ms' : '1s'))",message="the least is 1s for silent-for, call-within and idle-within, and 100ms for header-within: raise it"
// +kubebuilder:validation:XValidation:rule="self.all(name, !(name in ['message', 'unfinished', 'header', 'body', 'member-body']) || !self[name].matches('^[0-9]+([KMG]iB)?$') || [int(self[name].find('^[0-9]+')) * (self[name].endsWith('KiB') ? 1024 : self[name].endsWith('MiB') ? 1048576 : self[name].endsWith('GiB') ? 1073741824 : 1)].all(bytes, bytes <= 2147483647 && bytes >= (name == 'message' ? 65536 : name == 'member-body' ? 1048576 : name == 'unfinished' ? 0 : 4096)))",message="the least is 64KiB for message, 4KiB for header and body, and 1MiB for member-body, and the most is 2147483647 bytes: change it"
// +kubebuilder:validation:XValidation:rule="self.all(name, name in ['message-within', 'silent-for', 'header-within', 'call-within', 'idle-within'] || name in ['message', 'unfinished', 'header', 'body', 'member-body'] || !self[name].matches('^[0-9]+$') || int(self[name]) <= 2147483647 && int(self[name]) >= (name == 'streams' ? 8 : name == 'parameters' ? 32 : name in ['large-bodies', 'patterns', 'matches'] ? 1 : 0))",message="the least is 8 for streams, 32 for parameters, and 1 for large-bodies, patterns and matches, and the most is 2147483647: change it"
type Limits map[string]LimitValue

// LimitValue is a number, of bytes also with KiB, MiB or GiB, of time with ms, s, m
// or h; 0 turns a limit off.
//
// +kubebuilder:validation:MaxLength=16
// +kubebuilder:validation:Pattern=`^[0-9]+(KiB|MiB|GiB|ms|s|m|h)?$`
type LimitValue string
