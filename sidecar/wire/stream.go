package wire

import (
	"strconv"

	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// HeaderStream offers, in a member report or its answer, a stream beside
// Nacos's messages; it is the version of the frames.
const HeaderStream = "distro-stream"

// OfferStream says on a report, or its answer, that its sender can stream frames
// of this version. Java ignores it.
func OfferStream(p *nacospb.Payload, version int) *nacospb.Payload {
	p.Metadata.Headers[HeaderStream] = strconv.Itoa(version)
	return p
}

// OffersStream reports whether the sender of a report, or its answer, can stream
// frames of this version.
func OffersStream(p *nacospb.Payload, version int) bool {
	return Sender(p) != "" && Header(p, HeaderStream) == strconv.Itoa(version)
}
