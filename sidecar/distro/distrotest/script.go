package distrotest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Script runs a scenario (see the package comment) on a perfect network and
// returns its transcript. The first line must be "members". It fails at a line
// that it cannot read, when an invariant breaks, and when "agree" does not hold;
// the transcript then tells how far it came.
func Script(text string) (string, error) {
	var c *Cluster
	for i, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if c == nil && words[0] != "members" {
			return "", fmt.Errorf("line %d: %q before members", i+1, words[0])
		}
		if words[0] == "members" {
			options, err := members(words[1:])
			if err != nil {
				return "", fmt.Errorf("line %d: %w", i+1, err)
			}
			c = New(1, options)
			continue
		}
		c.log = append(c.log, "> "+strings.Join(words, " "))
		if err := errors.Join(c.run(words[0], words[1:]), c.Err()); err != nil {
			return c.Transcript(), fmt.Errorf("line %d: %s: %w", i+1, line, err)
		}
	}
	return c.Transcript(), nil
}

// members reads the nodes of a scenario, MaxInFlight=n, which lets a few clients
// be many, and "streaming": all nodes stream to each other.
func members(words []string) (Options, error) {
	out := Options{Config: distro.Default()}
	for _, w := range words {
		if w == "streaming" {
			out.Streams = 1
			continue
		}
		flights, limited := strings.CutPrefix(w, "MaxInFlight=")
		if !limited {
			out.Nodes = append(out.Nodes, w)
			continue
		}
		n, err := strconv.Atoi(flights)
		if err != nil || n < 1 {
			return out, fmt.Errorf("%s: want a number over 0", w)
		}
		out.Config.MaxInFlight = n
	}
	return out, nil
}

// verb is one word of the language and how many arguments it takes; -1 means
// any number.
type verb struct {
	arguments int
	do        func(c *Cluster, a []string) error
}

func always(do func(c *Cluster, a []string)) func(*Cluster, []string) error {
	return func(c *Cluster, a []string) error { do(c, a); return nil }
}

var verbs = map[string]verb{
	"list":     {-1, always(func(c *Cluster, a []string) { c.List(a...) })},
	"register": {3, always(func(c *Cluster, a []string) { c.Register(a[0], a[1], a[2]) })},
	"end":      {2, always(func(c *Cluster, a []string) { c.End(a[1]) })},
	"beat":     {2, always(func(c *Cluster, a []string) { c.Beat(a[0], a[1]) })},
	"silence":  {1, always(func(c *Cluster, a []string) { c.Silence(a[0]) })},
	"cut":      {2, always(func(c *Cluster, a []string) { c.Cut(a[0], a[1]) })},
	"split":    {-1, always(func(c *Cluster, a []string) { c.Split(groups(a)...) })},
	"heal":     {0, always(func(c *Cluster, _ []string) { c.Heal() })},
	"lose":     {2, always(func(c *Cluster, a []string) { c.net.lose[[2]string{a[0], a[1]}]++ })},
	"stream":   {2, always(func(c *Cluster, a []string) { c.Stream(a[0], a[1], true) })},
	"unstream": {2, always(func(c *Cluster, a []string) { c.Stream(a[0], a[1], false) })},
	"crash":    {1, always(func(c *Cluster, a []string) { c.Crash(a[0]) })},
	"restart":  {1, always(func(c *Cluster, a []string) { c.Restart(a[0]) })},
	"replay":   {4, func(c *Cluster, a []string) error { return c.replay(a, true) }},
	"relay":    {4, func(c *Cluster, a []string) error { return c.replay(a, false) }},
	"remove":   {4, (*Cluster).replayRemoval},
	"advance":  {1, (*Cluster).pass},
	"show":     {0, always(func(c *Cluster, _ []string) { c.show() })},
	"agree":    {0, func(c *Cluster, _ []string) error { return c.Agree() }},
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

func (c *Cluster) pass(a []string) error {
	d, err := time.ParseDuration(a[0])
	if err == nil {
		c.Advance(d)
	}
	return err
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
		to.offered(address(a[0]), message{naming.Mark{Client: id, Stamp: w.stamp}, w.content}, direct)
	})
	return nil
}

func (c *Cluster) replayRemoval(a []string) error {
	id, w, err := c.written(a[2], a[3])
	if err != nil {
		return err
	}
	to := c.node(a[1])
	c.step(to, func() { to.dropped(address(a[0]), id, w.stamp.Version) })
	return nil
}

// show prints what every running node holds.
func (c *Cluster) show() {
	for _, n := range c.running() {
		var held []string
		for id, e := range n.store {
			held = append(held, fmt.Sprintf("%s=%s", c.version(id, e.stamp.Version), e.content))
		}
		slices.Sort(held)
		c.say("%s holds [%s] loaded %t, digest %.8s", n.name, strings.Join(held, " "), n.engine.Loaded(), n.engine.Digest())
	}
}
