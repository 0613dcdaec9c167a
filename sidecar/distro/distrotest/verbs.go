package distrotest

import (
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// verb is one word of the language and how many arguments it takes; -1 means
// any number.
type verb struct {
	arguments int
	do        func(c *Cluster, a []string) error
}

func always(do func(c *Cluster, a []string)) func(*Cluster, []string) error {
	return func(c *Cluster, a []string) error { do(c, a); return nil }
}

// timed is a verb whose last argument is a duration.
func timed(do func(c *Cluster, a []string, d time.Duration)) func(*Cluster, []string) error {
	return func(c *Cluster, a []string) error {
		d, err := time.ParseDuration(a[len(a)-1])
		if err == nil {
			do(c, a, d)
		}
		return err
	}
}

var verbs = map[string]verb{
	"list":     {-1, always(func(c *Cluster, a []string) { c.List(a...) })},
	"register": {3, always(func(c *Cluster, a []string) { c.Register(a[0], a[1], a[2]) })},
	"end":      {2, always(func(c *Cluster, a []string) { c.End(a[1]) })},
	"beat":     {2, always(func(c *Cluster, a []string) { c.Beat(a[0], a[1]) })},
	"silence":  {1, always(func(c *Cluster, a []string) { c.Silence(a[0]) })},
	"network":  {-1, (*Cluster).worsen},
	"cut":      {2, always(func(c *Cluster, a []string) { c.Cut(a[0], a[1]) })},
	"split":    {-1, always(func(c *Cluster, a []string) { c.Split(groups(a)...) })},
	"flap":     {3, timed(func(c *Cluster, a []string, d time.Duration) { c.Flap(a[0], a[1], d) })},
	"lose":     {2, always(func(c *Cluster, a []string) { c.net.lose[[2]string{a[0], a[1]}]++ })},
	"stream":   {2, always(func(c *Cluster, a []string) { c.Stream(a[0], a[1], true) })},
	"unstream": {2, always(func(c *Cluster, a []string) { c.Stream(a[0], a[1], false) })},
	"mend":     {0, always(func(c *Cluster, _ []string) { c.Mend() })},
	"heal":     {0, always(func(c *Cluster, _ []string) { c.Heal() })},
	"crash":    {1, always(func(c *Cluster, a []string) { c.Crash(a[0]) })},
	"restart":  {1, always(func(c *Cluster, a []string) { c.Restart(a[0]) })},
	"loop":     {2, timed(func(c *Cluster, a []string, d time.Duration) { c.Loop(a[0], d, 5) })},
	"freeze":   {1, always(func(c *Cluster, a []string) { c.Freeze(a[0]) })},
	"thaw":     {1, always(func(c *Cluster, a []string) { c.Thaw(a[0]) })},
	"clock":    {2, timed(func(c *Cluster, a []string, d time.Duration) { c.Clock(a[0], d) })},
	"slow":     {2, timed(func(c *Cluster, a []string, d time.Duration) { c.Slow(a[0], d) })},
	"drip":     {2, timed(func(c *Cluster, a []string, d time.Duration) { c.Drip(a[0], d) })},
	"replay":   {4, func(c *Cluster, a []string) error { return c.replay(a, true) }},
	"relay":    {4, func(c *Cluster, a []string) error { return c.replay(a, false) }},
	"remove":   {4, (*Cluster).replayRemoval},
	"advance":  {1, timed(func(c *Cluster, _ []string, d time.Duration) { c.Advance(d) })},
	"show":     {0, always(func(c *Cluster, _ []string) { c.show() })},
	"complete": {0, func(c *Cluster, _ []string) error { return c.Complete() }},
	"agree":    {0, func(c *Cluster, _ []string) error { return c.Agree() }},
	"quiet":    {1, (*Cluster).quiet},
}

func (c *Cluster) run(name string, arguments []string) error {
	v, ok := verbs[name]
	if !ok {
		return fmt.Errorf("unknown verb %q", name)
	}
	if v.arguments >= 0 && len(arguments) != v.arguments {
		return fmt.Errorf("%s takes %d arguments, not %d", name, v.arguments, len(arguments))
	}
	return v.do(c, arguments)
}

// groups splits words at "|".
func groups(words []string) [][]string {
	out := [][]string{nil}
	for _, w := range words {
		if w == "|" {
			out = append(out, nil)
			continue
		}
		out[len(out)-1] = append(out[len(out)-1], w)
	}
	return out
}

// worsen gives the network other faults.
func (c *Cluster) worsen(words []string) error {
	var faults Faults
	known := flag.NewFlagSet("network", flag.ContinueOnError)
	faultSettings(known, &faults)
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		if err := known.Set(name, value); err != nil {
			return fmt.Errorf("%s: %w", w, err)
		}
	}
	c.net.faults = faults
	return nil
}

// quiet lets time pass in which our members must have nothing to tell.
func (c *Cluster) quiet(a []string) error {
	before := c.told()
	if err := timed(func(c *Cluster, _ []string, d time.Duration) { c.Advance(d) })(c, a); err != nil {
		return err
	}
	if n := c.told() - before; n > 0 {
		return lawQuiet.broken(fmt.Errorf("%d sends and drops in %s in which nothing happened", n, a[0]))
	}
	return nil
}

// written returns the write of a client that a script names by its ordinal.
func (c *Cluster) written(id, ordinal string) (naming.ClientID, write, error) {
	k := c.ledger.client(naming.ClientID(id))
	n, err := strconv.Atoi(ordinal)
	if err != nil || n < 1 || n > len(k.writes) {
		return "", write{}, fmt.Errorf("%s has %d writes, no write %q", id, len(k.writes), ordinal)
	}
	return k.id, k.writes[n-1], nil
}

func (c *Cluster) replay(a []string, direct bool) error {
	id, w, err := c.written(a[2], a[3])
	if err != nil {
		return err
	}
	to := c.node(a[1])
	c.step(to, func() {
		to.server.offered(c.node(a[0]), message{naming.Mark{Client: id, Stamp: w.stamp}, w.content}, direct)
	})
	return nil
}

func (c *Cluster) replayRemoval(a []string) error {
	id, w, err := c.written(a[2], a[3])
	if err != nil {
		return err
	}
	to := c.node(a[1])
	c.step(to, func() { to.server.dropped(c.node(a[0]), id, w.stamp.Version) })
	return nil
}

// show prints what every running node holds.
func (c *Cluster) show() {
	for _, n := range c.running() {
		var held []string
		for id, e := range n.server.holds() {
			held = append(held, fmt.Sprintf("%s=%s", c.version(id, e.stamp), e.content))
		}
		slices.Sort(held)
		s := n.server.state()
		c.say("%s holds [%s] loaded %t, digest %.8s", n.name, strings.Join(held, " "), s.loaded, s.digest)
	}
}
