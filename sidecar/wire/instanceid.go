package wire

import (
	"strconv"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Makers of instance ids that metadata may ask for.
const (
	simpleID    = "simple"
	snowflakeID = "snowflake"
)

// InstanceID returns the id of an instance that was sent without one: simple,
// unless its metadata asks for another kind, whose number next makes (gRPC page,
// 3.2). cluster and service are what the client wrote.
func InstanceID(simple, cluster, service string, metadata map[string]string, next func() int64) (string, error) {
	switch kind := metadata[idGenerator]; kind {
	case "", simpleID:
		return simple, nil
	case snowflakeID:
		return strconv.FormatInt(next(), 10) + "#" + cluster + "#" + service, nil
	default:
		return "", &Invalid{
			Field: idGenerator,
			Text:  "The InstanceIdGenerator type is not found: " + strconv.Quote(kind) + ".",
			Hint:  "Give " + simpleID + " or " + snowflakeID + ".",
			Code:  InstanceError,
		}
	}
}

// Identify gives an instance that came without an id, and has Nacos's default one,
// the id that its metadata asks for.
func Identify(i *naming.Instance, s naming.ServiceKey, next func() int64) (err error) {
	i.ID, err = InstanceID(i.ID, i.Cluster, s.Grouped(), i.Metadata, next)
	return err
}
