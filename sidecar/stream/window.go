package stream

import (
	"github.com/distro-naming/naming-operator/sidecar/frame"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// window is the frames of one session that were written and not acknowledged.
type window struct {
	session uint64
	seq     uint64 // of the last frame
	acked   uint64
	frames  []written // from acked+1 to seq
	bytes   int       // of them
	again   int       // how many of them the present pipe has carried
}

// written is a frame and what it carried.
type written struct {
	frame   []byte
	parcels []parcel
}

// add notes a frame that is about to be written.
func (w *window) add(f []byte, parcels []parcel) {
	w.seq++
	w.frames = append(w.frames, written{f, parcels})
	w.bytes += len(f)
	w.again++
}

// settled is what an acknowledgement brought to light.
type settled struct {
	ended   []*batch
	lacking []parcel // the peer lacks what their changes build on
}

// settle takes an acknowledgement of everything up to seq.
func (w *window) settle(seq uint64, refused []frame.Refusal) (out settled, err error) {
	if seq < w.acked || seq > w.seq {
		return out, errOrder
	}
	n := int(seq - w.acked) //nolint:gosec // no more than there are frames
	why := refusals(refused)
	for i, f := range w.frames[:n] {
		for place, p := range f.parcels {
			code, err := why.of(w.acked+1+uint64(i), place) //nolint:gosec // a place is not negative
			if code == frame.LacksBase && !p.whole {
				p.whole = true
				out.lacking = append(out.lacking, p)
				continue
			}
			if p.settle(p.place, err) {
				out.ended = append(out.ended, p.batch)
			}
		}
		w.bytes -= len(f.frame)
	}
	clear(w.frames[:n]) // the array lives on
	w.frames = w.frames[n:]
	w.acked = seq
	w.again = max(0, w.again-n)
	return out, nil
}

// fail ends everything and returns the batches that this ends.
func (w *window) fail(err error) (ended []*batch) {
	for _, f := range w.frames {
		for _, p := range f.parcels {
			if p.settle(p.place, err) {
				ended = append(ended, p.batch)
			}
		}
	}
	return ended
}

// reasons are refusals by the place of what was refused.
type reasons map[[2]uint64]frame.Refusal

func refusals(list []frame.Refusal) reasons {
	if len(list) == 0 {
		return nil
	}
	out := make(reasons, len(list))
	for _, f := range list {
		out[[2]uint64{f.Seq, uint64(f.Item)}] = f //nolint:gosec // a place is not negative
	}
	return out
}

func (r reasons) of(seq uint64, place int) (frame.Code, error) {
	f, refused := r[[2]uint64{seq, uint64(place)}] //nolint:gosec // a place is not negative
	if !refused {
		return frame.Other, nil
	}
	switch f.Code {
	case frame.OwnedHere:
		return f.Code, naming.ErrOwnedHere
	case frame.LacksBase:
		return f.Code, naming.ErrLacksBase
	default:
		return f.Code, refusal(f.Reason)
	}
}

// refusal is what a peer says against a change.
type refusal string

func (r refusal) Error() string { return "refused: " + string(r) }
