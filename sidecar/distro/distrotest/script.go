package distrotest

import (
	"errors"
	"flag"
	"fmt"
	"strings"
)

// Separator is the line in a file between a scenario and its transcript.
const Separator = "----\n"

// Script runs a scenario (see the package comment) and returns its transcript.
// The first line must be "members". It fails at a line that it cannot read, when
// a law is broken, and when what "agree" and its like ask for does not hold; the
// transcript then tells how far it came.
func Script(text string) (string, error) {
	c, err := play(text)
	if c == nil {
		return "", err
	}
	return c.Transcript(), err
}

// play runs a scenario and returns the cluster as it is then.
func play(text string) (*Cluster, error) {
	var c *Cluster
	for i, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || strings.HasPrefix(words[0], "#"):
			continue
		case c == nil && words[0] != "members":
			return nil, fmt.Errorf("line %d: %q before members", i+1, words[0])
		case c == nil:
			options, err := members(words[1:])
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			c = New(options)
			continue
		}
		if err := c.Do(line); err != nil {
			return c, fmt.Errorf("line %d: %s: %w", i+1, strings.Join(words, " "), err)
		}
	}
	return c, nil
}

// Do carries out one line of a script other than "members". The error is the
// first violation, or why the line cannot be read.
func (c *Cluster) Do(line string) error {
	words := strings.Fields(line)
	line = strings.Join(words, " ")
	c.script = append(c.script, line)
	c.log = append(c.log, "> "+line)
	return errors.Join(c.run(words[0], words[1:]), c.err)
}

// Script returns what was done to the cluster as a scenario that does it again.
func (c *Cluster) Script() string {
	words := append([]string{"members"}, c.options.Nodes...)
	for _, name := range c.options.Java {
		words = append(words, "java="+name)
	}
	settings(&c.options).VisitAll(func(f *flag.Flag) {
		if f.Value.String() != f.DefValue {
			words = append(words, f.Name+"="+f.Value.String())
		}
	})
	return strings.Join(words, " ") + "\n" + strings.Join(c.script, "\n") + "\n"
}

// members reads the nodes of a scenario and its settings.
func members(words []string) (Options, error) {
	var out Options
	known := settings(&out)
	known.VisitAll(func(f *flag.Flag) { _ = f.Value.Set(f.DefValue) })
	for _, w := range words {
		name, value, set := strings.Cut(w, "=")
		switch {
		case !set:
			out.Nodes = append(out.Nodes, w)
		case name == "java":
			out.Java = append(out.Java, value)
		default:
			if err := known.Set(name, value); err != nil {
				return out, fmt.Errorf("%s: %w", w, err)
			}
		}
	}
	if err := out.Config.Validate(); err != nil {
		return out, err
	}
	return out, nil
}
