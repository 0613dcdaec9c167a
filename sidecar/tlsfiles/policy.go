package tlsfiles

import (
	"fmt"
	"strings"
)

// Mode is how TLS is insisted on.
type Mode string

// The modes. Permissive is for the way from plaintext to Required, and back.
const (
	Permissive Mode = "Permissive" // TLS and plaintext are both taken; dials try TLS first
	Required   Mode = "Required"   // nothing but TLS
)

// Policy is the mode of each use; one that is not named is Required.
type Policy map[Use]Mode

// Mode returns the mode of a use.
func (p Policy) Mode(use Use) Mode {
	if mode, named := p[use]; named {
		return mode
	}
	return Required
}

// ParsePolicy reads lines use=mode. Empty lines, and those that begin with #, say
// nothing.
func ParsePolicy(text string) (Policy, error) {
	p := Policy{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, _ := strings.Cut(line, "=")
		use, mode := Use(strings.TrimSpace(name)), Mode(strings.TrimSpace(value))
		if use != Members && use != Clients || mode != Permissive && mode != Required {
			return nil, fmt.Errorf("line %q: want members= or clients=, and Permissive or Required", line)
		}
		if _, twice := p[use]; twice {
			return nil, fmt.Errorf("line %q: %s is named twice", line, use)
		}
		p[use] = mode
	}
	return p, nil
}
