package stream

import (
	"fmt"

	"github.com/distro-naming/naming-operator/sidecar/frame"
)

// Pipe carries frames both ways and keeps their order. It belongs to one sender
// and one receiver of frames at a time, and ends when its context does. After a
// failed Send, Recv fails too and says why.
type Pipe interface {
	Send(frame []byte) error
	Recv() (frame []byte, err error)
}

// next reads a frame.
func next(pipe Pipe) (frame.Frame, error) {
	in, err := pipe.Recv()
	if err != nil {
		return nil, err
	}
	return frame.Decode(in)
}

// expect reads a frame that has to be an F, in words what.
func expect[F frame.Frame](pipe Pipe, what string) (F, error) {
	var out F
	f, err := next(pipe)
	if err != nil {
		return out, err
	}
	out, ok := f.(F)
	if !ok {
		err = fmt.Errorf("%T instead of %s: %w", f, what, errOrder)
	}
	return out, err
}
