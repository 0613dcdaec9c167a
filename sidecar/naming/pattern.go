package naming

import "strings"

// Pattern names services that are watched together: a namespace, and a group and
// a name that may each have a "*" for any text at the beginning, at the end or at
// both (gRPC page, 3.7). The zero value matches nothing.
type Pattern ServiceKey

const (
	patternSeparator = ">>"
	anyText          = "*"
)

// ParsePattern reads "namespace>>group>>name"; without a namespace it is
// DefaultNamespace. It returns false for what has other parts, or an empty one.
func ParsePattern(text string) (Pattern, bool) {
	parts := strings.Split(text, patternSeparator)
	if len(parts) != 3 || parts[1] == "" || parts[2] == "" {
		return Pattern{}, false
	}
	if parts[0] == "" {
		parts[0] = DefaultNamespace
	}
	return Pattern{Namespace: parts[0], Group: parts[1], Name: parts[2]}, true
}

// String returns "namespace>>group>>name".
func (p Pattern) String() string {
	return p.Namespace + patternSeparator + p.Group + patternSeparator + p.Name
}

// Matches reports whether s is one of the services.
func (p Pattern) Matches(s ServiceKey) bool {
	namespace := s.Namespace
	if namespace == "" {
		namespace = DefaultNamespace
	}
	return p.Namespace == namespace && matches(p.Group, s.Group) && matches(p.Name, s.Name)
}

// matches does as Nacos's clients and servers do: where a "*" is at an end, any
// other is passed over, and elsewhere it makes the pattern match nothing.
func matches(pattern, text string) bool {
	front, back := strings.HasPrefix(pattern, anyText), strings.HasSuffix(pattern, anyText)
	fixed := strings.ReplaceAll(pattern, anyText, "")
	switch {
	case front && back:
		return strings.Contains(text, fixed)
	case front:
		return strings.HasSuffix(text, fixed)
	case back:
		return strings.HasPrefix(text, fixed)
	default:
		return pattern == text
	}
}
