package nacosv1

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// judge finds out, again and again, how one member replicates, and keeps those
// of 1.x informed that this one is there.
type judge struct {
	x      *Exchange
	of     member.Address
	cancel context.CancelFunc
	soon   chan struct{} // there is a reason to ask at once

	once  sync.Once
	known chan struct{} // closed when it was judged for the first time
	v1    atomic.Bool   // it replicates as 1.x does
	first atomic.Bool   // and is of 1.x itself, not of 2.0 or 2.1 in its mode
}

func (j *judge) run(ctx context.Context) {
	for {
		settled := j.look(ctx)
		wait := time.NewTimer(j.pause(settled))
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-j.soon:
		case <-wait.C:
		}
		wait.Stop()
	}
}

func (j *judge) pause(settled bool) time.Duration {
	if settled && !j.v1.Load() {
		return j.x.cfg.SettledEvery
	}
	return j.x.cfg.JudgeEvery
}

// hurry makes it ask at once.
func (j *judge) hurry() {
	select {
	case j.soon <- struct{}{}:
	default:
	}
}

// look asks once. settled is false while there is no answer.
func (j *judge) look(ctx context.Context) (settled bool) {
	if j.x.deps.Roster.Ours(j.of) {
		j.judged(false)
		return true
	}
	n, v1, err := j.x.judgeNow(ctx, j.of)
	if err == nil && v1 {
		err = j.x.report(ctx, j.of)
	}
	switch {
	case ctx.Err() != nil:
		return false
	case err == nil && v1:
		j.first.Store(wire.GenerationOf(n.Version) == wire.First)
		j.judged(true)
		j.x.deps.Routes.Reached(n, ipOf(j.of))
	case err == nil:
		j.first.Store(false)
		j.judged(false)
	case j.v1.Load(): // nobody else would notice
		j.x.deps.Routes.Failed(j.of, errors.Is(err, syscall.ECONNREFUSED), err)
	}
	return err == nil
}

// ipOf is where a member was reached, if its address says so.
func ipOf(a member.Address) string {
	if _, err := netip.ParseAddr(a.Host()); err != nil {
		return ""
	}
	return a.Host()
}

func (j *judge) judged(v1 bool) {
	if j.v1.Swap(v1) != v1 {
		j.x.cfg.Log.Info("member replicates otherwise now", "member", j.of, "as1x", v1)
	}
	j.x.deps.Roster.SetV1(j.of, v1)
	j.once.Do(func() { close(j.known) })
}

// judgeNow asks a member who it is. What it says of its version decides, and for
// those that can do both what it says of itself: where it does not, whether it
// says that it could leave the protocol of 1.x (HTTP page, 6.13). What does not
// know the question is no server of 1.x.
func (x *Exchange) judgeNow(ctx context.Context, a member.Address) (n member.Node, v1 bool, err error) {
	said, err := x.ask(ctx, a, call{method: http.MethodGet, path: wire.SelfPath})
	switch {
	case err != nil:
		return n, false, err
	case said.status == http.StatusServiceUnavailable || said.status == http.StatusInternalServerError:
		return n, false, fmt.Errorf("ask %s who it is: answered %d", a, said.status)
	case said.status != http.StatusOK:
		return n, false, nil
	}
	n, upgrades, err := wire.DecodeSelf(said.body)
	if err != nil {
		return n, false, nil //nolint:nilerr // it does not know the question
	}
	if n.Address != a {
		return n, false, fmt.Errorf("ask %s who it is: answered as member %s", a, n.Address)
	}
	switch wire.GenerationOf(n.Version) {
	case wire.First:
		return n, true, nil
	case wire.SecondOn:
		return n, false, nil
	case wire.Unclear:
	}
	said, err = x.ask(ctx, a, call{method: http.MethodGet, path: wire.JudgementPath})
	if err != nil {
		return n, false, err
	}
	if upgraded, known := wire.DecodeJudgement(said.body); known {
		return n, !upgraded, nil
	}
	return n, !upgrades, nil
}

// report tells a member of 1.x that this one is there.
func (x *Exchange) report(ctx context.Context, to member.Address) error {
	body, err := x.tell(ctx, to, call{method: http.MethodPost, path: wire.ReportPath, body: wire.HTTPReport(x.deps.Routes.Node())})
	if err == nil {
		_, err = wire.DecodeHTTPReportResult(body)
	}
	return err
}

// AwaitJudged returns whether a member replicates as 1.x does, when that is
// known, or the error of ctx.
func (x *Exchange) AwaitJudged(ctx context.Context, a member.Address) (v1 bool, err error) {
	j := x.judge(a)
	if j == nil {
		return false, nil // it has left the list
	}
	select {
	case <-j.known:
		return j.v1.Load(), nil
	case <-ctx.Done():
		return false, fmt.Errorf("judge %s: %w", a, context.Cause(ctx))
	}
}
