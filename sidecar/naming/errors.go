package naming

import "errors"

// Errors that callers of a member's replica tell apart.
var (
	// ErrNoClient means that the connection named is not, or no longer, known.
	ErrNoClient = errors.New("client is not connected")
	// ErrOwnedHere means that a peer offered a record of a client that this
	// member owns; nothing was changed.
	ErrOwnedHere = errors.New("client is owned by this member")
	// ErrStopped means that the member is shutting down.
	ErrStopped = errors.New("member is stopping")
	// ErrLoading means that the member has not yet loaded the registry.
	ErrLoading = errors.New("member is still loading")
	// ErrBusy means that a member gives all it has to as many others as it can at
	// once; who asks later is given it too.
	ErrBusy = errors.New("member is busy giving to others")
	// ErrNoSettings means that a peer keeps no settings of services and instances:
	// it is of an earlier version, or of another program.
	ErrNoSettings = errors.New("peer keeps no settings")
	// ErrFull means that no more settings and overrides are kept.
	ErrFull = errors.New("the server keeps no more settings and overrides")
	// ErrTooLarge means that the settings of a service, or an override, are too much.
	ErrTooLarge = errors.New("settings are too large")
)
