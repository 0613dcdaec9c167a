package replica

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Times of what members of Nacos 1.x list.
const (
	datumScan     = time.Second
	adoptAfter    = 2 * time.Second  // members may not yet agree on who owns a service
	orphanFor     = 30 * time.Second // nobody confirms what its member no longer owns
	echoesFor     = 30 * time.Second // until a member of 1.x has surely heard that a client ended
	emptyRevision = 0xd41d8cd + 1    // of the empty list
)

// datums are the lists of members of Nacos 1.x that this member knows. What such
// a list repeats of the connections of our own kind of member is an echo: it is
// hidden, and stays so when the connection ends before the list says it.
type datums struct {
	of    map[naming.ServiceKey]map[naming.ClientID]*datum
	given map[naming.ServiceKey]map[naming.Endpoint]gift // of own clients that beat, to the owner of the service
	scan  time.Time
}

// gift is an instance as the member of Nacos 1.x that owns its service took it, and as
// that listed it before; the zero value if it did not, or just so.
type gift struct{ given, before naming.Instance }

type datum struct {
	client   naming.ClientID
	stamp    naming.Stamp
	full     naming.Publication            // as its member gave it
	echoes   map[naming.Endpoint]time.Time // what is hidden as such, and when a connection last published it
	adopted  map[naming.Endpoint]bool      // what is hidden since clients of ours publish it now
	orphaned time.Time                     // since when its member is not the one that owns the service
}

func newDatums() *datums {
	return &datums{
		of:    map[naming.ServiceKey]map[naming.ClientID]*datum{},
		given: map[naming.ServiceKey]map[naming.Endpoint]gift{},
	}
}

func (d *datums) next() (time.Time, bool) { return d.scan.Add(datumScan), len(d.of) > 0 }

// takeDatum notes a list that a member gave and returns what of it is to be shown.
func (l *Loop) takeDatum(now time.Time, r *naming.Record) *naming.Record {
	full := r.Publications()[0]
	s := full.Service
	if l.datums.of[s] == nil {
		l.datums.of[s] = map[naming.ClientID]*datum{}
	}
	d := l.datums.of[s][r.Client]
	if d == nil {
		d = &datum{client: r.Client, echoes: map[naming.Endpoint]time.Time{}}
		l.datums.of[s][r.Client] = d
	}
	d.stamp, d.full, d.adopted = r.Stamp, full, map[naming.Endpoint]bool{}
	held := l.held(s)
	for e := range held {
		d.echoes[e] = now
	}
	d.forgetEchoes(now, held)
	return d.shown()
}

// forgetEchoes keeps the echoes that are listed still, of connections that are
// there or ended not long ago.
func (d *datum) forgetEchoes(now time.Time, held map[naming.Endpoint]bool) {
	listed := map[naming.Endpoint]bool{}
	for _, i := range d.full.Instances {
		listed[i.Endpoint()] = true
	}
	maps.DeleteFunc(d.echoes, func(e naming.Endpoint, at time.Time) bool {
		return !listed[e] || !held[e] && now.Sub(at) > echoesFor
	})
}

// shown returns the list without what is hidden.
func (d *datum) shown() *naming.Record {
	p := d.full
	p.Instances = d.visible()
	return naming.Normal(d.client, d.stamp, []naming.Publication{p})
}

func (d *datum) visible() []naming.Instance {
	return slices.DeleteFunc(slices.Clone(d.full.Instances), func(i naming.Instance) bool {
		_, echo := d.echoes[i.Endpoint()]
		return echo || d.adopted[i.Endpoint()]
	})
}

// dropDatum forgets a list that is no more.
func (l *Loop) dropDatum(r *naming.Record) {
	s := r.Publications()[0].Service
	delete(l.datums.of[s], r.Client)
	if len(l.datums.of[s]) == 0 {
		delete(l.datums.of, s)
	}
}

// held returns what connections publish in s, wherever they are held.
func (l *Loop) held(s naming.ServiceKey) map[naming.Endpoint]bool {
	out := map[naming.Endpoint]bool{}
	for r := range l.registry.In(s) {
		if r.Client.Beats() || r.Client.Datum() {
			continue
		}
		for _, i := range r.Find(s).Instances {
			out[i.Endpoint()] = true
		}
	}
	return out
}

// hideEchoes hides what a connection publishes in s, or published until now.
func (l *Loop) hideEchoes(now time.Time, s naming.ServiceKey, lists ...*naming.Publication) {
	for _, c := range slices.Sorted(maps.Keys(l.datums.of[s])) {
		d := l.datums.of[s][c]
		before := len(d.echoes)
		for _, p := range lists {
			if p == nil {
				continue
			}
			for _, i := range p.Instances {
				if d.lists(i.Endpoint()) {
					d.echoes[i.Endpoint()] = now
				}
			}
		}
		if len(d.echoes) != before {
			l.show(now, d)
		}
	}
}

// show lets readers see what is now to be shown of a list.
func (l *Loop) show(now time.Time, d *datum) {
	l.put(now, d.shown(), naming.Cause{Client: d.client, Peer: d.stamp.Owner})
}

func (d *datum) lists(e naming.Endpoint) bool { return d.find(e).IP != "" }

// find returns an instance of the list, or the zero value.
func (d *datum) find(e naming.Endpoint) naming.Instance {
	if d != nil {
		for _, i := range d.full.Instances {
			if i.Endpoint() == e {
				return i
			}
		}
	}
	return naming.Instance{}
}

// took reports whether a list shows that its member took what it was given: as it was
// given, or as somebody changed it since. A list of before does not, nor one to which
// an older list was told after.
func (d *datum) took(g gift) bool {
	i := d.find(g.given.Endpoint())
	return i.IP != "" && !saysAs(i, g.before)
}

// saysAs compares what clients say of an endpoint. Health is its owner's to say.
func saysAs(a, b naming.Instance) bool {
	return a.Endpoint() == b.Endpoint() && a.Weight == b.Weight && a.Enabled == b.Enabled && maps.Equal(a.Metadata, b.Metadata)
}

// CompareDatums renews the lists that a member of Nacos 1.x says it owns, given
// with their revisions, and returns those that are unknown or different here.
// What is known of it and not named, though it owns the service, is no more.
func (l *Loop) CompareDatums(
	ctx context.Context, from member.Address, revisions map[naming.ServiceKey]int32,
) ([]naming.ServiceKey, error) {
	var different []naming.ServiceKey
	err := l.call(ctx, func(now time.Time) error {
		services := slices.SortedFunc(maps.Keys(revisions), naming.ServiceKey.Compare)
		marks := make([]naming.Mark, 0, len(services))
		named := make(map[naming.ClientID]naming.ServiceKey, len(services))
		for _, s := range services {
			c := naming.DatumClient(s, from)
			named[c] = s
			marks = append(marks, naming.Mark{Client: c, Stamp: naming.Stamp{Owner: from, Revision: revisions[s]}})
		}
		for _, c := range l.engine.Compare(now, from, marks) {
			different = append(different, named[c])
		}
		for _, d := range l.datumsOf(from) {
			s := d.full.Service
			if _, ok := revisions[s]; ok || len(d.full.Instances) == 0 {
				continue
			}
			if owner, _ := distro.ServiceOwner(l.view.ServiceRing(), s); owner == from {
				l.emptyDatum(now, d)
			}
		}
		return nil
	})
	return different, err
}

// datumsOf returns the lists of a member, in order of service.
func (l *Loop) datumsOf(a member.Address) []*datum {
	var out []*datum
	for s, of := range l.datums.of {
		if d := of[naming.DatumClient(s, a)]; d != nil {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b *datum) int { return cmp.Compare(a.client, b.client) })
	return out
}

// emptyDatum takes a list as if its member had emptied it.
func (l *Loop) emptyDatum(now time.Time, d *datum) {
	empty := naming.Publication{Service: d.full.Service, Batch: true}
	stamp := naming.Stamp{Owner: d.stamp.Owner, Revision: emptyRevision}
	r := naming.Normal(d.client, stamp, []naming.Publication{empty})
	_ = l.offered(now, stamp.Owner, r, true) // nobody else owns it
}

// settleDatums hands services over between members of Nacos 1.x and ours. An
// instance that lives by beats is owned with its service by the former, and with
// its address by the latter.
func (l *Loop) settleDatums(now time.Time) {
	if due, some := l.datums.next(); !some || now.Before(due) {
		return
	}
	l.datums.scan = now
	ring := l.view.ServiceRing()
	for _, s := range slices.SortedFunc(maps.Keys(l.datums.of), naming.ServiceKey.Compare) {
		owner, _ := distro.ServiceOwner(ring, s)
		for _, c := range slices.Sorted(maps.Keys(l.datums.of[s])) {
			d := l.datums.of[s][c]
			switch by := d.stamp.Owner; {
			case len(d.full.Instances) == 0:
			case owner == by && l.view.V1(by):
				l.yieldTo(now, by, d)
			case d.orphaned.IsZero():
				d.orphaned = now
			case now.Sub(d.orphaned) >= orphanFor, owner != by && l.datums.of[s][naming.DatumClient(s, owner)] != nil:
				l.emptyDatum(now, d) // in favour of the list of the present owner, or of nobody's
			case now.Sub(d.orphaned) >= adoptAfter:
				l.adoptFrom(now, s, d)
			}
		}
	}
}

// Given notes that the member of Nacos 1.x that owns s took an instance of a
// client that beats. It is that member's client from when it is listed there so.
func (l *Loop) Given(ctx context.Context, s naming.ServiceKey, i naming.Instance) error {
	return l.call(ctx, func(time.Time) error {
		if l.datums.given[s] == nil {
			l.datums.given[s] = map[naming.Endpoint]gift{}
		}
		owner, _ := distro.ServiceOwner(l.view.ServiceRing(), s)
		before := l.datums.of[s][naming.DatumClient(s, owner)].find(i.Endpoint())
		if saysAs(before, i) {
			before = naming.Instance{}
		}
		l.datums.given[s][i.Endpoint()] = gift{i, before}
		return nil
	})
}

// Publishes reports whether a client, of whichever member, publishes in s.
func (l *Loop) Publishes(ctx context.Context, c naming.ClientID, s naming.ServiceKey) (does bool, err error) {
	err = l.call(ctx, func(time.Time) error {
		does = l.registry.Record(c).Find(s) != nil
		return nil
	})
	return does, err
}

// yieldTo lets the member that owns a service have what it was given and lists:
// own clients that beat publish it no longer.
func (l *Loop) yieldTo(now time.Time, by member.Address, d *datum) {
	s := d.full.Service
	echoes, adopted := len(d.echoes), len(d.adopted)
	d.orphaned = time.Time{}
	clear(d.adopted)
	if echoes > 0 {
		d.forgetEchoes(now, l.held(s))
	}
	if adopted > 0 || len(d.echoes) != echoes {
		l.show(now, d)
	}
	for e, g := range l.datums.given[s] {
		c := naming.BeatClient(e.IP, e.Port)
		p := l.registry.Record(c).Find(s)
		published := p != nil && len(p.Instances) > 0 && p.Instances[0].Equal(g.given) && l.engine.Owns(c)
		if published && !d.took(g) {
			continue
		}
		if published {
			l.withdraw(now, c, s, naming.Cause{Kind: naming.CauseRemoved, Client: c, Peer: by})
		}
		if delete(l.datums.given[s], e); len(l.datums.given[s]) == 0 {
			delete(l.datums.given, s)
		}
	}
}

// adoptFrom makes clients that beat of the instances in a list whose member does
// not own the service any more, each at the member that the ring names, and
// hides those that are published so by now. Their beats count from now.
func (l *Loop) adoptFrom(now time.Time, s naming.ServiceKey, d *datum) {
	before := len(d.adopted)
	for _, i := range d.visible() {
		c := naming.BeatClient(i.IP, i.Port)
		r := l.registry.Record(c)
		if r.Find(s) == nil && l.engine.Owns(c) {
			if r == nil {
				r = &naming.Record{Client: c}
			}
			p := naming.Publication{Service: s, Instances: []naming.Instance{i}}
			l.write(now, r.With(p, l.issue(now)), naming.Cause{Client: c, Peer: d.stamp.Owner})
			l.beats.heard(now, c, s)
		}
		if l.registry.Record(c).Find(s) != nil {
			d.adopted[i.Endpoint()] = true
		}
	}
	if len(d.adopted) != before {
		l.show(now, d)
	}
}
