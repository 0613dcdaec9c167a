package stream

import (
	"errors"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// Config holds the numbers of this package.
type Config struct {
	FrameBytes   int           // of a frame, about; a larger record makes a frame of its own
	FrameItems   int           // changes in a frame, at most; so many waiting ones are not held back
	Pace         time.Duration // between the starts of two frames that are not full
	WindowBytes  int           // of frames that are not acknowledged; over it nothing is written
	AnswerWithin time.Duration // for a greeting, an acknowledgement, the next part of a snapshot
	ResumeWithin time.Duration // how long a broken stream is waited for
	Loads        int           // snapshots given at once
}

// DefaultConfig returns the numbers that a member runs with.
func DefaultConfig() Config {
	return Config{
		FrameBytes:   64 << 10,
		FrameItems:   256,
		Pace:         5 * time.Millisecond,
		WindowBytes:  4 << 20,
		AnswerWithin: 10 * time.Second,
		ResumeWithin: 5 * time.Second,
		Loads:        4,
	}
}

// Observer is told what happened. It must return at once.
type Observer interface {
	// Framed reports a frame that was written to a peer.
	Framed(to member.Address, bytes int)
	// Resumed reports that a broken stream to a peer was gone on with.
	Resumed(to member.Address)
}

// Errors of a stream.
var (
	// ErrDown means that there is no stream to a peer.
	ErrDown = errors.New("no stream to the peer")
	// ErrRefused means that a peer does not take a stream, or this one no longer.
	ErrRefused = errors.New("stream refused")

	errStalled    = errors.New("peer does not acknowledge")
	errSuperseded = errors.New("the peer began another stream")
	errForgotten  = errors.New("peer does not know the broken stream")
	errOrder      = errors.New("frame out of order")
)
