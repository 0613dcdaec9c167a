package wire

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// Identity is the header by which the members of a cluster know each other: its
// name, whatever case, and its secret value (gRPC page, 4.11). The zero value is
// none: nothing is sent and nothing is asked for.
type Identity struct{ Key, Value string }

// ErrIdentity means that a text is no identity.
var ErrIdentity = errors.New(`server identity is not one line "key: value"`)

// ParseIdentity reads one line "key: value".
func ParseIdentity(text string) (Identity, error) {
	key, value, found := strings.Cut(strings.TrimSpace(text), ":")
	i := Identity{Key: strings.TrimSpace(key), Value: strings.TrimSpace(value)}
	switch {
	case !found || i.Key == "" || i.Value == "" || strings.ContainsAny(i.Value, "\r\n"):
		return Identity{}, ErrIdentity
	case strings.ContainsFunc(i.Key, func(r rune) bool { return !word(r) }):
		return Identity{}, fmt.Errorf("%w: the key may have letters, digits, \"-\" and \"_\"", ErrIdentity)
	case strings.HasPrefix(strings.ToLower(i.Key), ownHeaders):
		return Identity{}, fmt.Errorf("%w: keys that begin with %q have a meaning of their own", ErrIdentity, ownHeaders)
	}
	return i, nil
}

// ownHeaders is how the headers of our own members begin.
const ownHeaders = "distro-"

// Credentials are by what the members of a cluster know each other. An Identity is
// the simplest.
type Credentials interface {
	// Sign puts on a request, which has its other headers already, what is Shown.
	Sign(p *nacospb.Payload) *nacospb.Payload
	// Shown is put on all that is said to members.
	Shown() []Identity
	// Knows reports whether who sent these headers is proven to be a member.
	Knows(header func(name string) string) bool
	// Admits reports whether who sent these headers may speak as a member.
	Admits(header func(name string) string) bool
}

// Show puts headers on a request, which has its other headers already.
func Show(headers []Identity, p *nacospb.Payload) *nacospb.Payload {
	for _, i := range headers {
		if p.Metadata.Headers == nil {
			p.Metadata.Headers = map[string]string{}
		}
		p.Metadata.Headers[i.Key] = i.Value
	}
	return p
}

// Headers returns the headers of a message as Credentials ask for them.
func Headers(p *nacospb.Payload) func(name string) string {
	return func(name string) string { return Header(p, name) }
}

// Sign implements Credentials.
func (i Identity) Sign(p *nacospb.Payload) *nacospb.Payload { return Show(i.Shown(), p) }

// Shown implements Credentials.
func (i Identity) Shown() []Identity {
	if i.Key == "" {
		return nil
	}
	return []Identity{i}
}

// Knows implements Credentials.
func (i Identity) Knows(header func(name string) string) bool {
	return i.Key != "" && i.Is(header(i.Key))
}

// Admits implements Credentials: without an identity everybody is admitted.
func (i Identity) Admits(header func(name string) string) bool { return i.Key == "" || i.Knows(header) }

// Contradicts reports whether who sent these headers shows an identity, and another.
func (i Identity) Contradicts(header func(name string) string) bool {
	return i.Key != "" && header(i.Key) != "" && !i.Knows(header)
}

// Is reports whether the value of the header is that of a member.
func (i Identity) Is(value string) bool {
	return subtle.ConstantTimeCompare([]byte(value), []byte(i.Value)) == 1
}
