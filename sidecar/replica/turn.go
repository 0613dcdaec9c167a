package replica

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Run gives everybody their turn until ctx ends, and does what is due meanwhile. It
// returns when every call to a peer that was started has returned too.
func (l *Loop) Run(ctx context.Context) error {
	defer l.calls.Wait()
	defer close(l.stopped)
	l.ctx, l.began = ctx, time.Now()
	l.timer = time.NewTimer(0)
	defer l.timer.Stop()
	for {
		<-l.turn
		select {
		case <-ctx.Done():
			l.turn <- struct{}{} // for good
			return nil
		case <-l.timer.C:
		}
		l.turn <- struct{}{}
		now := time.Now()
		l.wakes = time.Time{}
		l.expireBeats(now)
		l.judgeDeparted(now)
		l.sweepSettings(now)
		l.follow(now)
	}
}

// follow does what each turn ends with.
func (l *Loop) follow(now time.Time) {
	l.settleDatums(now)
	l.engine.Advance(now)
	l.perform(now)
	l.publishState()
	if next := l.next(now); l.wakes.IsZero() || next.Before(l.wakes) {
		l.wakes = next
		l.timer.Reset(next.Sub(now))
	}
}

// next returns when the engine, the beats, the departed, the lists of members of
// Nacos 1.x or the settings have something to do, and within an hour.
func (l *Loop) next(now time.Time) time.Time {
	first := now.Add(time.Hour)
	for _, due := range []func() (time.Time, bool){l.engine.Next, l.beats.next, l.departures.next, l.datums.next, l.nextSweep} {
		if next, ok := due(); ok && next.Before(first) {
			first = next
		}
	}
	return first
}

// call runs fn when it is its turn. A caller that gives up leaves nothing behind; a
// stopped loop answers naming.ErrStopped.
func (l *Loop) call(ctx context.Context, fn func(now time.Time) error) error {
	select {
	case l.turn <- struct{}{}: // nearly always, and to look for that alone is cheap
	default:
		select {
		case l.turn <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-l.stopped:
			return naming.ErrStopped
		}
	}
	defer l.pass()
	now := time.Now()
	err := fn(now)
	l.follow(now)
	return err
}

// pass gives the turn to the next. A panic ends the program, though the caller may
// be one who recovers: the registry could be half changed.
func (l *Loop) pass() {
	if fault := recover(); fault != nil {
		go panic(fmt.Sprintf("%v\n%s", fault, debug.Stack())) //nolint:forbidigo // to return is what must not be
		select {}
	}
	<-l.turn
}

// report tells the loop how a call to a peer ended, unless the loop has ended.
func (l *Loop) report(result func(now time.Time)) {
	_ = l.call(l.ctx, func(now time.Time) error {
		result(now)
		return nil
	})
}
