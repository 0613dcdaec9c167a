package replica

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/settings"
)

// settingsScan is how often it is looked whether what something is said of is
// still listed. Nacos looks every 5 s.
const settingsScan = 5 * time.Second

// Settings returns what is said of a service, if anything is.
func (l *Loop) Settings(s naming.ServiceKey) (naming.Settings, bool) {
	is, found := (*l.described.Load())[s]
	if !found {
		return naming.Settings{}, false
	}
	return *is, true
}

// Described returns the services of which something is said, in order.
func (l *Loop) Described() []naming.ServiceKey {
	return slices.SortedFunc(maps.Keys(*l.described.Load()), naming.ServiceKey.Compare)
}

// SetService replaces what is said of s.
func (l *Loop) SetService(ctx context.Context, s naming.ServiceKey, is naming.Settings) error {
	return l.call(ctx, func(now time.Time) error {
		return l.say(now, settings.Entry{Key: settings.Key{Service: s}, Service: &is})
	})
}

// RemoveService forgets what is said of s. Nothing said is success.
func (l *Loop) RemoveService(ctx context.Context, s naming.ServiceKey) error {
	return l.call(ctx, func(now time.Time) error {
		k := settings.Key{Service: s}
		if _, found := l.settings.Get(k); !found {
			return nil
		}
		return l.say(now, settings.Entry{Key: k, Ended: l.clock.tick(now)})
	})
}

// Override says something of an instance: in place of what was said before if
// anew, else besides. Health is kept only while its client says otherwise.
func (l *Loop) Override(ctx context.Context, s naming.ServiceKey, e naming.Endpoint, o naming.Override, anew bool) error {
	return l.call(ctx, func(now time.Time) error {
		if before, found := l.settings.Override(s, e); found && !anew {
			o = before.And(o)
		}
		hosts, _ := l.registry.Hosts(s)
		if i, found := find(hosts, e); found && o.Healthy != nil && *o.Healthy == hosts[i].Healthy {
			o.Healthy = nil
		}
		return l.say(now, settings.Entry{Key: settings.Key{Service: s, Endpoint: e}, Override: &o})
	})
}

func find(hosts []naming.Instance, e naming.Endpoint) (int, bool) {
	return slices.BinarySearchFunc(hosts, e, func(i naming.Instance, e naming.Endpoint) int { return i.Endpoint().Compare(e) })
}

// say writes an entry.
func (l *Loop) say(now time.Time, e settings.Entry) error {
	e.Stamp = settings.Stamp{Time: l.clock.tick(now), By: l.cfg.Self}
	if _, err := l.settings.Write(e); err != nil {
		return err
	}
	l.said(now, []settings.Key{e.Key})
	return nil
}

// said shows readers and subscribers what is said under these keys now.
func (l *Loop) said(now time.Time, keys []settings.Key) {
	services, described := map[naming.ServiceKey]struct{}{}, false
	for _, k := range keys {
		services[k.Service] = struct{}{}
		described = described || !k.OfInstance()
	}
	if described {
		of := l.settings.Described()
		l.described.Store(&of)
	}
	for s := range services {
		if l.registry.Publishers(s) == 0 {
			continue
		}
		l.views.setFloor(l.clock.tick(now))
		l.views.dirty(s)
		l.touch(s)
	}
}

// overridden returns an instance of s with what is said of it.
func (l *Loop) overridden(s naming.ServiceKey, i naming.Instance) naming.Instance {
	if o, found := l.settings.Override(s, i.Endpoint()); found {
		return o.Apply(i)
	}
	return i
}

// overrideAll does so with all instances of s.
func (l *Loop) overrideAll(s naming.ServiceKey, hosts []naming.Instance) {
	if !l.settings.Overridden(s) {
		return
	}
	for i := range hosts {
		hosts[i] = l.overridden(s, hosts[i])
	}
}

// protect returns the protection threshold of s, nil if nothing is said of it.
func (l *Loop) protect(s naming.ServiceKey) *float64 {
	if is, found := (*l.described.Load())[s]; found {
		return &is.ProtectThreshold
	}
	return nil
}

// listed returns what reports whether something is said of what is listed now.
func (l *Loop) listed(now time.Time) func(settings.Key) bool {
	return func(k settings.Key) bool {
		if l.registry.Publishers(k.Service) == 0 || !k.OfInstance() {
			return l.registry.Publishers(k.Service) > 0
		}
		_, found := find(l.rebuild(now, k.Service).Hosts, k.Endpoint)
		return found
	}
}

// nextSweep returns when settings are looked at again.
func (l *Loop) nextSweep() (time.Time, bool) {
	return l.swept.Add(settingsScan), l.settings.Len() > 0 && l.loaded.Load()
}

// sweepSettings lets end what is said of what is no longer listed.
func (l *Loop) sweepSettings(now time.Time) {
	if due, some := l.nextSweep(); !some || now.Before(due) {
		return
	}
	l.swept = now
	l.said(now, l.settings.Sweep(now, l.clock.tick(now), l.listed(now)))
}

// SettingsSaid returns what is said of services and instances, in order.
func (l *Loop) SettingsSaid(ctx context.Context) (list []settings.Entry, err error) {
	err = l.call(ctx, func(time.Time) error {
		list = l.settings.Saying()
		return nil
	})
	slices.SortFunc(list, func(a, b settings.Entry) int { return a.Key.Compare(b.Key) })
	return list, err
}

// SettingsQuestion returns what another member is asked first: whether it holds
// the same settings.
func (l *Loop) SettingsQuestion(ctx context.Context) (q settings.Question, err error) {
	err = l.call(ctx, func(time.Time) error {
		q.Root = l.settings.Root()
		return nil
	})
	return q, err
}

// SettingsQuestions returns what it is asked after it answered with digests.
func (l *Loop) SettingsQuestions(ctx context.Context, theirs []settings.Digest) (list []settings.Question, err error) {
	err = l.call(ctx, func(time.Time) error {
		list = l.settings.Ask(theirs, mostAsked)
		return nil
	})
	return list, err
}

// mostAsked is how many bytes of settings are told in one question, about: well
// below what a port takes.
const mostAsked = 1 << 20

// SettingsAnswer takes what another member's question says and answers it.
func (l *Loop) SettingsAnswer(ctx context.Context, q settings.Question) (a settings.Answer, err error) {
	err = l.call(ctx, func(now time.Time) error {
		l.mergeSettings(now, q.Entries)
		a = l.settings.Answer(q)
		return nil
	})
	return a, err
}

// mostMerged is how many entries are taken in one turn: all may be answered.
const mostMerged = 256

// SettingsMerge takes what another member answered, in parts, so that it holds up
// nobody.
func (l *Loop) SettingsMerge(ctx context.Context, list []settings.Entry) error {
	for part := range slices.Chunk(list, mostMerged) {
		err := l.call(ctx, func(now time.Time) error {
			l.mergeSettings(now, part)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *Loop) mergeSettings(now time.Time, list []settings.Entry) {
	for _, e := range list {
		l.clock.observe(now, max(e.Stamp.Time, e.Ended))
	}
	l.said(now, l.settings.Merge(l.clock.tick(now), list, l.listed(now)))
}
