package nacoshttp

import (
	"context"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Settings is what is kept of services and instances apart from registrations,
// alike on all members. Writes return when readers of this member see them; over
// the limits they fail with naming.ErrFull or naming.ErrTooLarge.
type Settings interface {
	// Settings returns the settings of s, if there are any.
	Settings(s naming.ServiceKey) (naming.Settings, bool)
	// Described returns the services that have settings, in order.
	Described() []naming.ServiceKey
	// SetService replaces the settings of s.
	SetService(ctx context.Context, s naming.ServiceKey, is naming.Settings) error
	// RemoveService forgets the settings of s. None is success.
	RemoveService(ctx context.Context, s naming.ServiceKey) error
	// Override says something of an instance that is put over what its client
	// registers, for as long as it is listed and a while longer: in place of what was
	// said before if anew, else besides.
	Override(ctx context.Context, s naming.ServiceKey, e naming.Endpoint, o naming.Override, anew bool) error
}
