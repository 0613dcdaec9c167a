package survey

import (
	"cmp"
	"slices"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/admin"
)

// Said is what one member answered.
type Said[T any] struct {
	Member string
	Value  T
}

// Span is the least and the most that members say.
type Span struct {
	Least int `json:"least"`
	Most  int `json:"most"`
}

// Agreed reports whether all say the same.
func (s Span) Agreed() bool { return s.Least == s.Most }

// Service is what the members together say of one.
type Service struct {
	Namespace   string `json:"namespace"`
	Group       string `json:"group"`
	Name        string `json:"name"`
	Instances   Span   `json:"instances"`
	Healthy     Span   `json:"healthy"`
	Subscribers int    `json:"subscribers"` // of all members
}

// Key returns namespace@@group@@name, as Nacos writes it.
func (s Service) Key() string { return s.Namespace + "@@" + s.Group + "@@" + s.Name }

// Services joins what members list, in order of name. A member that does not
// list a service has no instances of it.
func Services(said []Said[[]admin.Service]) []Service {
	type tally struct {
		Service
		members int
	}
	found := map[string]*tally{}
	for _, one := range said {
		for _, s := range one.Value {
			line := Service{Namespace: s.Namespace, Group: s.Group, Name: s.Name}
			t := found[line.Key()]
			if t == nil {
				line.Instances, line.Healthy = Span{s.Instances, s.Instances}, Span{s.Healthy, s.Healthy}
				t = &tally{Service: line}
				found[line.Key()] = t
			}
			t.members++
			t.Instances, t.Healthy = t.Instances.with(s.Instances), t.Healthy.with(s.Healthy)
			t.Subscribers += s.Subscribers
		}
	}
	out := []Service{}
	for _, t := range found {
		if t.members < len(said) {
			t.Instances, t.Healthy = t.Instances.with(0), t.Healthy.with(0)
		}
		out = append(out, t.Service)
	}
	slices.SortFunc(out, func(a, b Service) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Name, b.Name))
	})
	return out
}

func (s Span) with(n int) Span { return Span{min(s.Least, n), max(s.Most, n)} }

// Filter says which services are wanted; the zero value wants all.
type Filter struct {
	Namespace string // of Nacos; exact
	Group     string // exact
	Name      string // a part of the name
	Unhealthy bool   // only those with an instance that is not healthy, or with none at all
}

// Select returns the services that f wants.
func (f Filter) Select(list []Service) []Service {
	return slices.DeleteFunc(slices.Clone(list), func(s Service) bool {
		return f.Namespace != "" && s.Namespace != f.Namespace || f.Group != "" && s.Group != f.Group ||
			!strings.Contains(s.Name, f.Name) ||
			f.Unhealthy && s.Instances.Least > 0 && s.Healthy.Least == s.Instances.Most
	})
}

// Find returns the services that a user may mean by text: name, group@@name or
// namespace@@group@@name. A bare name in the defaults of Nacos beats all others.
func Find(list []Service, text string) []Service {
	var out []Service
	for _, s := range list {
		switch text {
		case s.Key():
			return []Service{s}
		case s.Group + "@@" + s.Name, s.Name:
			out = append(out, s)
		}
	}
	for _, s := range out {
		if usual := Parse(text); s.Key() == usual.Key() {
			return []Service{s}
		}
	}
	return out
}

// Parse reads name, group@@name or namespace@@group@@name, with Nacos's defaults
// for what is left out.
func Parse(text string) Service {
	parts := strings.SplitN(text, "@@", 3)
	switch len(parts) {
	case 1:
		return Service{Namespace: "public", Group: "DEFAULT_GROUP", Name: parts[0]}
	case 2:
		return Service{Namespace: "public", Group: parts[0], Name: parts[1]}
	default:
		return Service{Namespace: parts[0], Group: parts[1], Name: parts[2]}
	}
}
