package stream

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/frame"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Give answers the Load of a peer, chunk by chunk: the pipe's own resistance is
// what keeps a slow peer from being given more than it takes. The list of
// records is taken at once and shared; what changes meanwhile reaches the peer
// as a change.
func (r *Receiver) Give(ctx context.Context, from member.Address, pipe Pipe) error {
	load, err := expect[frame.Load](pipe, "a load")
	if err != nil {
		return err
	}
	if err := admit(from, load.Member); err != nil {
		return err
	}
	if !r.enter(from) {
		return fmt.Errorf("%w: a snapshot is being given to %s, or to %d others", naming.ErrBusy, from, r.cfg.Loads)
	}
	defer r.leave(from)
	records, loaded, err := r.inbox.Remaining(ctx)
	if err != nil {
		return err
	}
	var e frame.Encoder
	for list := wanted(records, load); len(list) > 0; {
		chunk, n := e.Chunk(make([]byte, 0, r.cfg.FrameBytes+r.cfg.FrameBytes/looks), list, r.cfg.FrameBytes)
		if err := pipe.Send(chunk); err != nil {
			return err
		}
		list = list[n:]
	}
	return pipe.Send(frame.End{Complete: loaded}.Append(nil))
}

func (r *Receiver) enter(from member.Address) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.loads[from] || len(r.loads) >= r.cfg.Loads {
		return false
	}
	r.loads[from] = true
	return true
}

func (r *Receiver) leave(from member.Address) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.loads, from)
}

// wanted returns what a peer asked for, in order of client. The list is the
// caller's own.
func wanted(records []*naming.Record, load frame.Load) []*naming.Record {
	records = slices.DeleteFunc(records, func(r *naming.Record) bool {
		return r.Client <= load.After || slices.Contains(load.Except, r.Stamp.Owner)
	})
	sortByClient(records)
	return records
}

// sortByClient puts records in order of client. The peer waits for the first of a
// million meanwhile, so the ids are compared by the eight bytes behind what all of
// them begin with, which nearly always differ.
func sortByClient(records []*naming.Record) {
	type place struct {
		key    uint64
		record *naming.Record
	}
	common := commonPrefix(records)
	places := make([]place, len(records))
	for i, r := range records {
		var key [8]byte
		copy(key[:], r.Client[common:])
		places[i] = place{binary.BigEndian.Uint64(key[:]), r}
	}
	slices.SortFunc(places, func(a, b place) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		return cmp.Compare(a.record.Client, b.record.Client)
	})
	for i, p := range places {
		records[i] = p.record
	}
}

// commonPrefix returns how many bytes the ids of all clients have in common at
// their beginning.
func commonPrefix(records []*naming.Record) int {
	if len(records) == 0 {
		return 0
	}
	prefix := records[0].Client
	for _, r := range records {
		for !strings.HasPrefix(string(r.Client), string(prefix)) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	return len(prefix)
}

// Fetch asks a peer for what it knows, except what is of some owners, behind a
// client, and hands it on in parts, with how many records follow; take may block, and a little is read ahead
// meanwhile. It returns the last client that was taken, where a broken Fetch may
// be gone on with, and whether the peer was itself loaded. The context that open
// is given ends with Fetch.
func Fetch(ctx context.Context, cfg Config, load frame.Load, open func(context.Context) (Pipe, error),
	take func(records []*naming.Record, more int) error,
) (last naming.ClientID, complete bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	last = load.After
	pipe, err := open(ctx)
	if err == nil {
		err = pipe.Send(load.Append(nil))
	}
	if err != nil {
		return last, false, err
	}
	read := make(chan part, readAhead)
	go func() {
		defer close(read)
		for p := range parts(pipe, cfg, cancel) {
			select {
			case read <- p:
			case <-ctx.Done():
				return
			}
		}
	}()
	for p := range read {
		switch f := p.frame.(type) {
		case frame.Chunk:
			if err := take(f.Records, f.More); err != nil {
				return last, false, err
			}
			if len(f.Records) > 0 {
				last = f.Records[len(f.Records)-1].Client
			}
		case frame.End:
			return last, f.Complete, nil
		default:
			err = p.err
		}
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return last, false, err
}

// readAhead is how many parts are read while one is taken.
const readAhead = 2

// part is a frame of an answer to Load, or why there is none.
type part struct {
	frame frame.Frame
	err   error
}

// parts are the frames of an answer, up to its end or a fault. A peer that is
// silent for too long is given up.
func parts(pipe Pipe, cfg Config, giveUp context.CancelCauseFunc) iter.Seq[part] {
	return func(yield func(part) bool) {
		for {
			late := time.AfterFunc(cfg.AnswerWithin, func() { giveUp(errStalled) })
			f, err := next(pipe)
			late.Stop()
			switch f.(type) {
			case nil, frame.Chunk, frame.End:
			default:
				f, err = nil, fmt.Errorf("%T: %w", f, errOrder)
			}
			if !yield(part{f, err}) || err != nil {
				return
			}
			if _, ended := f.(frame.End); ended {
				return
			}
		}
	}
}
