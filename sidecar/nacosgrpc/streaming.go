package nacosgrpc

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/distro-naming/naming-operator/sidecar/frame"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/stream"
	"github.com/distro-naming/naming-operator/sidecar/stream/streampb"
)

// stream keeps a stream to the peer for as long as the connection lasts, if the
// peer offers one, and returns when it is known whether there is one. When the
// peer refuses it, or says what cannot be understood, Nacos's messages are used
// until the next connection.
func (l *link) stream(ctx context.Context, client *grpc.ClientConn) *sync.WaitGroup {
	var running sync.WaitGroup
	if !l.offered.Load() {
		l.sender.Fail(stream.ErrRefused)
		return &running
	}
	known := make(chan struct{})
	tell := sync.OnceFunc(func() { close(known) })
	running.Go(func() {
		defer tell()
		l.client.Store(client)
		defer l.client.Store(nil)
		l.keepStream(ctx, client, tell)
	})
	select {
	case <-known:
	case <-ctx.Done():
	case <-time.After(l.peers.cfg.CallWithin):
	}
	return &running
}

// keepStream opens the stream, and anew when it breaks, until the connection ends
// or the peer refuses.
func (l *link) keepStream(ctx context.Context, client *grpc.ClientConn, greeted func()) {
	open := func(ctx context.Context) (stream.Pipe, error) {
		return opened(streampb.NewReplicationClient(client).Replicate(ctx))
	}
	for {
		err := l.sender.Run(ctx, open, greeted)
		switch {
		case ctx.Err() != nil:
			return
		case status.Code(err) != codes.Unavailable: // else the connection is about to end, or this was superseded
			l.peers.cfg.Log.Info("a peer's stream ended, Nacos's messages are used", "peer", l.to, "reason", err.Error())
			l.sender.Fail(err)
			return
		}
		greeted()
		select {
		case <-ctx.Done():
			return
		case <-time.After(l.peers.cfg.RedialFrom):
		}
	}
}

func opened(s grpc.BidiStreamingClient[streampb.Frame, streampb.Frame], err error) (stream.Pipe, error) {
	if err != nil {
		return nil, err
	}
	return pipe{s, func() {}}, nil
}

// Post takes changes to be told to a peer by its stream, if there is one; see
// stream.Sender.
func (p *Peers) Post(to member.Address, changes []naming.Change, done func([]error)) bool {
	l := p.find(to)
	return l != nil && l.sender.Post(changes, done)
}

// Summarize asks a peer whether it holds alike what root is the digest of.
func (p *Peers) Summarize(ctx context.Context, to member.Address, root [16]byte) ([][16]byte, error) {
	out, err := p.ask(ctx, to, func(id uint64) frame.Frame { return frame.Summarize{ID: id, Root: root} })
	if err != nil {
		return nil, err
	}
	buckets, ok := out.(frame.Buckets)
	if !ok {
		return nil, fmt.Errorf("ask %s: %T: %w", to, out, errAnswer)
	}
	return buckets.Digests, nil
}

// mostMarks bounds a question, so that it does not hold up what comes behind it.
const mostMarks = 8192

// Detail asks a peer which of the marks it does not hold alike, in parts that each
// name all of the buckets.
func (p *Peers) Detail(
	ctx context.Context, to member.Address, held [16]byte, buckets []uint8, marks []naming.Mark,
) (all []naming.ClientID, err error) {
	for first := true; first || len(marks) > 0; first = false {
		part := marks[:min(len(marks), mostMarks)]
		marks = marks[len(part):]
		out, err := p.ask(ctx, to, func(id uint64) frame.Frame {
			return frame.Detail{ID: id, Held: held, Buckets: buckets, Marks: part}
		})
		if err != nil {
			return nil, err
		}
		different, ok := out.(frame.Different)
		if !ok {
			return nil, fmt.Errorf("ask %s: %T: %w", to, out, errAnswer)
		}
		all = append(all, different.Clients...)
	}
	return all, nil
}

func (p *Peers) ask(ctx context.Context, to member.Address, question func(uint64) frame.Frame) (frame.Frame, error) {
	l := p.find(to)
	if l == nil {
		return nil, fmt.Errorf("ask %s: %w", to, ErrNotConnected)
	}
	return l.sender.Ask(ctx, question)
}

// partial is how far a snapshot had come that broke off.
type partial struct {
	mu     sync.Mutex
	except []member.Address
	last   naming.ClientID // "" if there is nothing to go on with
}

// from returns where a request for the same thing goes on.
func (p *partial) from(except []member.Address) naming.ClientID {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Equal(p.except, except) {
		return ""
	}
	return p.last
}

func (p *partial) note(except []member.Address, last naming.ClientID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.except, p.last = except, last
}

// Transport says how a peer is spoken to: "stream", "v2", or "" while it is not
// connected.
func (p *Peers) Transport(to member.Address) string {
	l := p.find(to)
	switch {
	case l == nil:
		return ""
	case l.sender.Up():
		return "stream"
	case l.calls.Load() != nil:
		return "v2"
	default:
		return ""
	}
}

// fetch loads by a stream, on from where the last one broke off.
func (l *link) fetch(ctx context.Context, client *grpc.ClientConn, except []member.Address,
	take func(records []*naming.Record, more int) error,
) (bool, error) {
	load := frame.Load{Member: l.peers.routes.Node().Address, Except: except, After: l.partial.from(except)}
	last, complete, err := stream.Fetch(ctx, l.peers.cfg.Streams, load, func(ctx context.Context) (stream.Pipe, error) {
		return opened(streampb.NewReplicationClient(client).Load(ctx))
	}, take)
	if err == nil {
		last = ""
	}
	l.partial.note(except, last)
	if status.Code(err) == codes.Aborted {
		err = fmt.Errorf("%w: %w", naming.ErrBusy, err)
	}
	if err != nil {
		return false, fmt.Errorf("load from %s: %w", l.to, err)
	}
	return complete, nil
}
