package replica

import (
	"container/list"
	"context"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// journal remembers why services changed: the last few causes of each of the
// services that changed last. It is owned by who has the turn.
type journal struct {
	causes   int // of one service; 0: nothing is remembered
	services int
	of       map[naming.ServiceKey]*list.Element // of *history
	order    *list.List                          // the service that changed longest ago first
}

// history is a ring that grows up to the bound.
type history struct {
	service naming.ServiceKey
	causes  []naming.Cause
	oldest  int // once it is full
}

func newJournal(causes, services int) journal {
	return journal{causes: causes, services: services, of: map[naming.ServiceKey]*list.Element{}, order: list.New()}
}

// note adds a cause. The oldest one of the service makes room for it, and the
// service that changed longest ago for a new one.
func (j *journal) note(s naming.ServiceKey, c naming.Cause) {
	if j.causes <= 0 || j.services <= 0 {
		return
	}
	e := j.of[s]
	if e == nil {
		if j.order.Len() >= j.services {
			delete(j.of, j.order.Remove(j.order.Front()).(*history).service)
		}
		e = j.order.PushBack(&history{service: s})
		j.of[s] = e
	}
	j.order.MoveToBack(e)
	h := e.Value.(*history)
	if len(h.causes) < j.causes {
		h.causes = append(h.causes, c)
		return
	}
	h.causes[h.oldest] = c
	h.oldest = (h.oldest + 1) % j.causes
}

// last returns what is remembered of s, the newest first.
func (j *journal) last(s naming.ServiceKey) []naming.Cause {
	e := j.of[s]
	if e == nil {
		return nil
	}
	h := e.Value.(*history)
	out := append(slices.Clone(h.causes[h.oldest:]), h.causes[:h.oldest]...)
	slices.Reverse(out)
	return out
}

// Causes returns why the answer for s changed, the newest first, as far as it
// is remembered: Config.Causes of the last Config.CauseServices services.
func (l *Loop) Causes(ctx context.Context, s naming.ServiceKey) (causes []naming.Cause, err error) {
	err = l.call(ctx, func(time.Time) error {
		causes = l.journal.last(s)
		return nil
	})
	return causes, err
}
