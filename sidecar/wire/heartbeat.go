package wire

import "strconv"

// Metadata keys by which an instance sets its own heart-beat times (gRPC page,
// 3.5).
const (
	heartbeatInterval = "preserved.heart.beat.interval"
	heartbeatTimeout  = "preserved.heart.beat.timeout"
	deleteTimeout     = "preserved.ip.delete.timeout"
	idGenerator       = "preserved.instance.id.generator"
)

// Interval returns how often the instance shall send beats, in milliseconds.
func Interval(metadata map[string]string) int64 {
	return IntervalOr(metadata, 5000)
}

// IntervalOr is Interval where others than 5000 ms are asked of instances that
// say nothing.
func IntervalOr(metadata map[string]string, otherwise int64) int64 {
	return milliseconds(metadata, heartbeatInterval, otherwise)
}

// timeoutOf returns after how many milliseconds without a beat the instance is
// unhealthy.
func timeoutOf(metadata map[string]string) int64 {
	return milliseconds(metadata, heartbeatTimeout, 15000)
}

// deleteAfter returns after how many milliseconds without a beat the instance
// is removed.
func deleteAfter(metadata map[string]string) int64 {
	return milliseconds(metadata, deleteTimeout, 30000)
}

// milliseconds returns a value of digits only, or else the default.
func milliseconds(metadata map[string]string, key string, otherwise int64) int64 {
	text, ok := metadata[key]
	if !ok {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return otherwise
	}
	return int64(n)
}
