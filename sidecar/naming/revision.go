package naming

import "math"

// Keys under which Distro carries what is no metadata beside the metadata
// (gRPC page, 3.6). Metadata of such a name is not replicated.
const (
	CarriedID      = "customInstanceId"
	CarriedWeight  = "publishInstanceWeight"
	CarriedEnabled = "publishInstanceEnable"
)

// Carried reports whether Distro would take metadata of this name for the thing
// itself.
func Carried(key string) bool {
	return key == CarriedID || key == CarriedWeight || key == CarriedEnabled
}

// revision is what a Java server computes from the content of a client that
// beats (gRPC page, 5.10), so that two members that both take themselves for
// its owner give the same content the same number. It is never 0, which Nacos
// takes as "any". Unlike Java's it is computed anew also when the health has
// changed: a peer that missed that then differs when it is verified.
func revision(c ClientID, list []Publication) int32 {
	distinct := map[int32]struct{}{} // Java keeps a set
	for _, p := range list {
		for _, i := range p.Instances {
			distinct[publishedHash(p.Service, i)] = struct{}{}
		}
	}
	var sum int32
	for h := range distinct {
		sum += h
	}
	if r := hashAll(JavaHash(string(c)), sum); r != 0 {
		return r
	}
	return 1
}

func publishedHash(s ServiceKey, i Instance) int32 {
	return hashAll(
		JavaHash(s.Namespace), JavaHash(s.Group), JavaHash(s.Name), hashBool(true), // ephemeral
		JavaHash(i.IP), int32(i.Port), hashDouble(i.Weight), hashBool(i.Healthy), hashBool(i.Enabled), //nolint:gosec // a port
		JavaHash(i.Cluster), hashCarried(i),
	)
}

// hashCarried is the hash of the map in which Distro carries metadata, id,
// weight and enabled, the last two only when they are not the default.
func hashCarried(i Instance) int32 {
	var sum int32
	for k, v := range i.Metadata {
		if !Carried(k) {
			sum += JavaHash(k) ^ JavaHash(v)
		}
	}
	if i.ID != "" {
		sum += JavaHash(CarriedID) ^ JavaHash(i.ID)
	}
	if i.Weight != 1 {
		sum += JavaHash(CarriedWeight) ^ hashDouble(i.Weight)
	}
	if !i.Enabled {
		sum += JavaHash(CarriedEnabled) ^ hashBool(false)
	}
	return sum
}

// hashAll is Java's Objects.hash of values with these hashes.
func hashAll(hashes ...int32) int32 {
	out := int32(1)
	for _, h := range hashes {
		out = 31*out + h
	}
	return out
}

func hashBool(b bool) int32 {
	if b {
		return 1231
	}
	return 1237
}

func hashDouble(f float64) int32 {
	bits := math.Float64bits(f)
	return int32(uint32(bits>>32) ^ uint32(bits)) //nolint:gosec // Java keeps the lower 32 bits too
}

// JavaHash is Java's String.hashCode: over UTF-16 units, wrapping.
func JavaHash(s string) int32 {
	const (
		beyond = 0x10000 // characters from here on are two units
		high   = 0xd800
		low    = 0xdc00
	)
	var h int32
	for _, r := range s {
		if r >= beyond {
			h = 31*h + high + (r-beyond)>>10
			r = low + (r-beyond)&0x3ff
		}
		h = 31*h + r
	}
	return h
}
