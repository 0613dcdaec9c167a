package nacoshttp

import (
	"context"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Settings is what is kept of services and instances apart from registrations,
// alike on all members. Writes return when readers of this member see them.
type Settings interface {
	// Service returns the settings of s, if there are any.
	Service(s naming.ServiceKey) (naming.Settings, bool)
	// Described returns the services of a namespace that have settings, in order.
	Described(namespace string) []naming.ServiceKey
	// SetService replaces the settings of s.
	SetService(ctx context.Context, s naming.ServiceKey, is naming.Settings) error
	// RemoveService forgets the settings of s. None is success.
	RemoveService(ctx context.Context, s naming.ServiceKey) error
	// Override adds to what is said of an instance that its client registered over
	// a connection, for as long as it is listed.
	Override(ctx context.Context, s naming.ServiceKey, e naming.Endpoint, o naming.Override) error
}

// unkept stands for settings while nothing keeps them.
type unkept struct{}

// Why a write of settings is refused.
var (
	noSettings  = unserved{"settings of services are not kept by this server: a service exists while instances are registered in it"}
	noOverrides = unserved{"instances that are registered over gRPC are changed by their own client only: register it anew"}
)

func (unkept) Service(naming.ServiceKey) (naming.Settings, bool) { return naming.Settings{}, false }

func (unkept) Described(string) []naming.ServiceKey { return nil }

func (unkept) SetService(context.Context, naming.ServiceKey, naming.Settings) error {
	return noSettings
}

func (unkept) RemoveService(context.Context, naming.ServiceKey) error { return nil }

func (unkept) Override(context.Context, naming.ServiceKey, naming.Endpoint, naming.Override) error {
	return noOverrides
}
