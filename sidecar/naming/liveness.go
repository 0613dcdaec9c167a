package naming

import (
	"strconv"
	"time"
)

// Metadata keys by which an instance chooses its own beat times, in
// milliseconds (HTTP page, beats).
const (
	keyBeatTimeout   = "preserved.heart.beat.timeout"
	keyDeleteTimeout = "preserved.ip.delete.timeout"
)

// Nacos's times for instances without beat times of their own.
const (
	DefaultBeatTimeout   = 15 * time.Second
	DefaultDeleteTimeout = 30 * time.Second
)

// Liveness is what the beats of an HTTP client say about one of its instances.
type Liveness int

// The three answers.
const (
	Alive     Liveness = iota
	Unhealthy          // no beat for longer than the beat timeout: listed as unhealthy
	Lost               // no beat for longer than the delete timeout: to be removed
)

// LivenessOf judges an instance whose last beat came silence ago.
func LivenessOf(i Instance, silence time.Duration) Liveness {
	switch {
	case silence > metadataTime(i, keyDeleteTimeout, DefaultDeleteTimeout):
		return Lost
	case silence > metadataTime(i, keyBeatTimeout, DefaultBeatTimeout):
		return Unhealthy
	default:
		return Alive
	}
}

// metadataTime reads a time in milliseconds; what is not a positive number
// counts as absent, as Nacos clients have it.
func metadataTime(i Instance, key string, fallback time.Duration) time.Duration {
	ms, err := strconv.ParseInt(i.Metadata[key], 10, 32)
	if err != nil || ms <= 0 {
		return fallback
	}
	return time.Duration(ms) * time.Millisecond
}
