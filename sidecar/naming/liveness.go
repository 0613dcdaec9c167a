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
func LivenessOf(i Instance, silence time.Duration) Liveness { return liveness(i.Metadata, silence) }

// Alive reports whether the first of the instances that r publishes in s is
// Alive; false if there is none. It is cheap beside LivenessOf.
func (r *Record) Alive(s ServiceKey, silence time.Duration) bool {
	e := r.entry(&s)
	if e == nil || e.count() == 0 {
		return false
	}
	first := e.packed
	if list, several := e.several(); several {
		first = list[0]
	}
	return liveness(first.metadata, silence) == Alive
}

func liveness(metadata map[string]string, silence time.Duration) Liveness {
	switch {
	case silence > metadataTime(metadata, keyDeleteTimeout, DefaultDeleteTimeout):
		return Lost
	case silence > metadataTime(metadata, keyBeatTimeout, DefaultBeatTimeout):
		return Unhealthy
	default:
		return Alive
	}
}

// metadataTime reads a time in milliseconds; what is not a positive number
// counts as absent, as Nacos clients have it.
func metadataTime(metadata map[string]string, key string, fallback time.Duration) time.Duration {
	text, given := metadata[key]
	if !given { // nearly always, and a failure to parse costs
		return fallback
	}
	ms, err := strconv.ParseInt(text, 10, 32)
	if err != nil || ms <= 0 {
		return fallback
	}
	return time.Duration(ms) * time.Millisecond
}
