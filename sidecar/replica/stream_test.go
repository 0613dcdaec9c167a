package replica

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Post hands changes to the peer's Loop as one command.
func (l *link) Post(to member.Address, changes []naming.Change, done func([]error)) bool {
	p, err := l.peer(to)
	if err != nil || !l.streaming() {
		return false
	}
	go func() {
		if l.loses() {
			done(nil)
			return
		}
		errs, err := p.Apply(l.t.Context(), l.from, l.own().Clock(), changes)
		if err != nil {
			errs = slices.Repeat([]error{err}, len(changes))
		}
		l.mu.Lock()
		l.posts = append(l.posts, len(changes))
		l.mu.Unlock()
		done(errs)
	}()
	return true
}

func (l *link) streaming() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.streams
}

func (l *link) own() *Loop {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.loops[l.from]
}

func (l *link) Summarize(ctx context.Context, to member.Address, root [16]byte) ([][16]byte, error) {
	p, err := l.peer(to)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.summaries++
	l.mu.Unlock()
	return p.CompareDigest(ctx, l.from, root)
}

func (l *link) Detail(
	ctx context.Context, to member.Address, held [16]byte, buckets []uint8, marks []naming.Mark,
) ([]naming.ClientID, error) {
	p, err := l.peer(to)
	if err != nil {
		return nil, err
	}
	return p.CompareBuckets(ctx, l.from, held, buckets, marks)
}

// stream lets all members stream to each other, or ends that.
func (c *cluster) stream(up bool) {
	c.t.Helper()
	c.mu.Lock()
	c.streams = up
	c.mu.Unlock()
	for from, l := range c.loops {
		for to := range c.loops {
			if from == to {
				continue
			}
			if err := l.Streams(c.t.Context(), to, up); err != nil {
				c.t.Fatal(err)
			}
		}
	}
}

// lose lets the streams acknowledge what they do not carry.
func (c *cluster) lose(all bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.losing = all
}

func (c *cluster) loses() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.losing
}

func TestChangesAreToldByStreamTogether(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.stream(true)
		for _, id := range []naming.ClientID{"1_10.0.0.1_1", "1_10.0.0.2_1", "1_10.0.0.3_1"} {
			if err := c.loops[memberA].Connect(c.t.Context(), id); err != nil {
				c.t.Fatal(err)
			}
		}
		c.register(memberA, "1_10.0.0.1_1", instance("10.0.0.1"))
		elapse(time.Millisecond)
		c.wantHosts(memberB, "10.0.0.1")
		c.register(memberA, "1_10.0.0.1_1", instance("10.0.0.4")) // waits for its window
		elapse(10 * time.Second)
		if err := c.loops[memberA].Disconnect(c.t.Context(), "1_10.0.0.1_1"); err != nil {
			c.t.Error(err)
		}
		elapse(time.Second)
		c.wantHosts(memberB)
		c.wantHosts(memberC)
		if len(c.posts) < 6 || c.summaries == 0 || len(c.lags[memberA]) != 6 {
			c.t.Errorf("posts %v, %d summaries, lags %v", c.posts, c.summaries, c.lags)
		}
	}, memberA, memberB, memberC)
}

func TestWhatAStreamLostIsFoundByDigest(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.stream(true)
		c.lose(true)
		c.connect(memberA, "1_10.0.0.1_1", instance("10.0.0.1"))
		elapse(time.Second)
		c.wantHosts(memberB)
		c.lose(false)
		elapse(30 * time.Second)
		c.wantHosts(memberB, "10.0.0.1")
		c.wantHosts(memberC, "10.0.0.1")
	}, memberA, memberB, memberC)
}

func TestStreamThatEndsLeavesCalls(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.stream(true)
		c.mu.Lock()
		c.streams = false // the loops were not told
		c.mu.Unlock()
		c.connect(memberA, "1_10.0.0.1_1", instance("10.0.0.1"))
		elapse(time.Millisecond)
		c.wantHosts(memberB, "10.0.0.1")
	}, memberA, memberB)
}

func TestChangeThatLacksItsBaseIsRefused(t *testing.T) {
	inCluster(t, func(c *cluster) {
		held := naming.Normal("1_10.0.0.1_1", naming.Issue(memberB, 5), []naming.Publication{
			{Service: web, Instances: []naming.Instance{instance("10.0.0.1")}},
		})
		stamp := naming.Issue(memberB, 6)
		fresh := held.With(naming.Publication{Service: other, Instances: []naming.Instance{instance("10.0.0.2")}}, stamp)
		part := fresh.Since(held)
		for _, step := range []struct {
			change naming.Change
			want   error
		}{
			{part, naming.ErrLacksBase},
			{naming.Change{Client: held.Client, Record: held}, nil},
			{part, nil},
		} {
			errs, err := c.loops[memberA].Apply(c.t.Context(), memberB, 0, []naming.Change{step.change})
			if err != nil || step.want == nil && errs != nil || step.want != nil && !errors.Is(errs[0], step.want) {
				c.t.Errorf("Apply = %v, %v, want %v", errs, err, step.want)
			}
		}
		if got := len(c.loops[memberA].View(other).Hosts) + len(c.loops[memberA].View(web).Hosts); got != 2 {
			c.t.Errorf("%d hosts, want both", got)
		}
	}, memberA, memberB)
}
