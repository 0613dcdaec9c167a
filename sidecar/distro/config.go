package distro

import (
	"errors"
	"fmt"
	"time"
)

// Config is every number the engine works with. There are no others.
type Config struct {
	SyncDelay    time.Duration // a change that follows another within this time waits for its end, so that bursts merge
	SyncDelayMax time.Duration // to which that time grows under load; equal to SyncDelay: it never grows

	RetryMin time.Duration // first wait after a failed Send or Drop; doubles at every failure, ±20 %
	RetryMax time.Duration // longest such wait

	VerifyInterval time.Duration // between two Verify to one peer, ±20 %

	LoadTimeout time.Duration // longest silence of a peer that is waited for at start
	LoadMax     time.Duration // longest wait at start, however much peers give
	LoadRetry   time.Duration // between two Load from one peer
	StreamWait  time.Duration // a peer within reach may take that long to stream before it is asked for all; 0 where none will

	Lease   time.Duration // life of an unconfirmed replica whose owner is unreachable or unknown
	Missing time.Duration // the same while its owner is Up and confirms others, but not this one
	Down    time.Duration // the same while its owner is Down
	Grace   time.Duration // the same once its owner is proven gone

	Tombstone time.Duration // how long an ended client is remembered

	MaxInFlight       int // Send and Drop under way to one peer
	MaxInFlightStream int // the same to a peer that streams, where many share a message
	MaxTombstones     int // ended clients remembered; over it the oldest are forgotten

	Seed uint64 // of the jitter; equal seeds and inputs give equal actions
}

// Default returns the values that a member runs with; one that offers streams adds
// a StreamWait. The bounds of the product's promises are computed from them.
func Default() Config {
	return Config{
		SyncDelay:         100 * time.Millisecond,
		SyncDelayMax:      500 * time.Millisecond,
		RetryMin:          500 * time.Millisecond,
		RetryMax:          5 * time.Second,
		VerifyInterval:    5 * time.Second,
		LoadTimeout:       10 * time.Second,
		LoadMax:           2 * time.Minute,
		LoadRetry:         500 * time.Millisecond,
		Lease:             180 * time.Second,
		Missing:           30 * time.Second,
		Down:              30 * time.Second,
		Grace:             15 * time.Second,
		Tombstone:         10 * time.Minute,
		MaxInFlight:       64,
		MaxInFlightStream: 1024,
		MaxTombstones:     200_000,
	}
}

// settle is how long expiry waits after something that makes this member's
// knowledge doubtful (an owner came back, a partition ended, this process was
// paused): long enough for every reachable owner to confirm what it owns.
func (c Config) settle() time.Duration { return 2 * c.VerifyInterval }

// Validate returns all complaints at once, each beginning with the field's
// name, or nil.
func (c Config) Validate() error {
	var all []error
	must := func(holds bool, format string, args ...any) {
		if !holds {
			all = append(all, fmt.Errorf(format, args...))
		}
	}
	must(c.SyncDelay >= 0, "SyncDelay: %v: want at least 0", c.SyncDelay)
	must(c.SyncDelayMax >= c.SyncDelay, "SyncDelayMax: %v: want at least SyncDelay (%v)", c.SyncDelayMax, c.SyncDelay)
	must(c.RetryMin > 0, "RetryMin: %v: want more than 0", c.RetryMin)
	must(c.RetryMax >= c.RetryMin, "RetryMax: %v: want at least RetryMin (%v)", c.RetryMax, c.RetryMin)
	must(c.VerifyInterval > 0, "VerifyInterval: %v: want more than 0", c.VerifyInterval)
	must(c.LoadTimeout > 0, "LoadTimeout: %v: want more than 0", c.LoadTimeout)
	must(c.LoadMax >= c.LoadTimeout, "LoadMax: %v: want at least LoadTimeout (%v)", c.LoadMax, c.LoadTimeout)
	must(c.StreamWait >= 0, "StreamWait: %v: want at least 0", c.StreamWait)
	must(c.LoadRetry > 0, "LoadRetry: %v: want more than 0", c.LoadRetry)
	must(c.Grace > 0, "Grace: %v: want more than 0", c.Grace)
	must(c.Missing >= c.Grace, "Missing: %v: want at least Grace (%v)", c.Missing, c.Grace)
	must(c.Missing >= 3*c.VerifyInterval, "Missing: %v: want at least three VerifyInterval (%v)", c.Missing, 3*c.VerifyInterval)
	must(c.Down >= c.Grace, "Down: %v: want at least Grace (%v)", c.Down, c.Grace)
	must(c.Lease >= max(c.Missing, c.Down), "Lease: %v: want at least Missing (%v) and Down (%v)", c.Lease, c.Missing, c.Down)
	must(c.Tombstone >= c.Lease, "Tombstone: %v: want at least Lease (%v): an older copy may live that long", c.Tombstone, c.Lease)
	must(c.MaxInFlight > 0, "MaxInFlight: %d: want at least 1", c.MaxInFlight)
	must(c.MaxInFlightStream > 0, "MaxInFlightStream: %d: want at least 1", c.MaxInFlightStream)
	must(c.MaxTombstones > 0, "MaxTombstones: %d: want at least 1", c.MaxTombstones)
	return errors.Join(all...)
}
