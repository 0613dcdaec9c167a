package naming

import (
	"strconv"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// Defaults that Nacos clients and servers share.
const (
	DefaultNamespace = "public"
	DefaultGroup     = "DEFAULT_GROUP"
	DefaultCluster   = "DEFAULT"
)

// groupSeparator joins group and service name in Nacos's "grouped" names.
const groupSeparator = "@@"

// ServiceKey names a service.
type ServiceKey struct {
	Namespace string
	Group     string
	Name      string // bare, without the group
}

// Grouped returns "group@@name".
func (k ServiceKey) Grouped() string { return k.Group + groupSeparator + k.Name }

// String returns "namespace@@group@@name".
func (k ServiceKey) String() string { return k.Namespace + groupSeparator + k.Grouped() }

// Compare orders keys by namespace, group and name.
func (k ServiceKey) Compare(o ServiceKey) int {
	if order := strings.Compare(k.Namespace, o.Namespace); order != 0 {
		return order
	}
	if order := strings.Compare(k.Group, o.Group); order != 0 {
		return order
	}
	return strings.Compare(k.Name, o.Name)
}

// order is Compare, quick for keys that are shared.
func (k *ServiceKey) order(o *ServiceKey) int {
	if k == o {
		return 0
	}
	return k.Compare(*o)
}

// SplitGrouped reads "group@@name"; without a separator the group is
// DefaultGroup.
func SplitGrouped(grouped string) (group, name string) {
	group, name, found := strings.Cut(grouped, groupSeparator)
	if !found {
		return DefaultGroup, grouped
	}
	return group, name
}

// ClientID is the identity of a client: a connection id such as
// "1700000000000_10.0.0.8_52114", or "ip:port#true" for a client that sends
// beats over HTTP (gRPC page, 4.9).
type ClientID string

const (
	beatSuffix       = "#true"
	persistentSuffix = "#false"
	datumPrefix      = "/v1/" // sorts before every other id
)

// DatumClient returns the id under which the instances are kept that a member of
// Nacos 1.x lists in a service: it replicates services, not clients.
func DatumClient(s ServiceKey, by member.Address) ClientID {
	return ClientID(datumPrefix + s.String() + "/" + string(by))
}

// Datum reports whether the id stands for what a member of Nacos 1.x lists in a
// service. No connection and no beats are behind it.
func (c ClientID) Datum() bool { return strings.HasPrefix(string(c), datumPrefix) }

// BeatClient returns the id of the HTTP client that publishes ip:port. The text
// is Java's, which writes an IPv6 address as it was given, without brackets.
func BeatClient(ip string, port int) ClientID {
	return ClientID(ip + ":" + strconv.Itoa(port) + beatSuffix)
}

// Beats reports whether the client lives by beats rather than by a connection.
func (c ClientID) Beats() bool { return strings.HasSuffix(string(c), beatSuffix) }

// Opened returns the Unix milliseconds at which the connection was opened, by
// the clock of the member that holds it; false if the id does not say.
func (c ClientID) Opened() (int64, bool) {
	text, _, found := strings.Cut(string(c), "_")
	ms, err := strconv.ParseInt(text, 10, 64)
	return ms, found && err == nil && ms > 0
}

// Persistent reports whether the id is that of a persistent client, which
// Distro never carries.
func (c ClientID) Persistent() bool { return strings.HasSuffix(string(c), persistentSuffix) }

// Tag returns what the hash ring divides clients by: the id up to "#".
func (c ClientID) Tag() string {
	tag, _, _ := strings.Cut(string(c), "#")
	return tag
}
