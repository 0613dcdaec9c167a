package naming

import "testing"

func TestPatternMatches(t *testing.T) {
	for _, c := range []struct {
		pattern string
		service ServiceKey
		want    bool
	}{
		{"public>>*>>*", ServiceKey{"public", "g", "orders"}, true},
		{">>*>>*", ServiceKey{"public", "g", "orders"}, true},
		{"public>>*>>*", ServiceKey{"", "g", "orders"}, true}, // what Nacos calls the same namespace
		{"public>>*>>*", ServiceKey{"dev", "g", "orders"}, false},
		{"pub*>>*>>*", ServiceKey{"public", "g", "orders"}, false}, // a namespace is never a pattern
		{"public>>g>>orders", ServiceKey{"public", "g", "orders"}, true},
		{"public>>g>>orders", ServiceKey{"public", "g", "orders-2"}, false},
		{"public>>g>>ord*", ServiceKey{"public", "g", "orders"}, true},
		{"public>>g>>ord*", ServiceKey{"public", "g", "an-order"}, false},
		{"public>>g>>*ers", ServiceKey{"public", "g", "orders"}, true},
		{"public>>g>>*ers", ServiceKey{"public", "g", "orders-2"}, false},
		{"public>>g>>*rde*", ServiceKey{"public", "g", "orders"}, true},
		{"public>>g>>*rde*", ServiceKey{"public", "g", "stock"}, false},
		{"public>>*1>>*", ServiceKey{"public", "G1", "orders"}, true},
		{"public>>*1>>*", ServiceKey{"public", "G2", "orders"}, false},
		{"public>>g>>**", ServiceKey{"public", "g", "orders"}, true},
		{"public>>g>>o*s", ServiceKey{"public", "g", "orders"}, false}, // as in Nacos, like the next
		{"public>>g>>o*de*", ServiceKey{"public", "g", "odes"}, true},
		{"public>>g>>(o+)+$", ServiceKey{"public", "g", "oooo"}, false},
	} {
		p, ok := ParsePattern(c.pattern)
		if !ok {
			t.Errorf("%q is no pattern", c.pattern)
		}
		if got := p.Matches(c.service); got != c.want {
			t.Errorf("%q matches %s: %v, want %v", c.pattern, c.service, got, c.want)
		}
	}
	if (Pattern{}).Matches(ServiceKey{}) {
		t.Error("the zero pattern matches")
	}
}

func TestPatternIsReadAndWrittenAlike(t *testing.T) {
	for _, text := range []string{"public>>*>>*", "dev>>G1>>ord*"} {
		if p, ok := ParsePattern(text); !ok || p.String() != text {
			t.Errorf("%q became %q, %v", text, p, ok)
		}
	}
	if p, _ := ParsePattern(">>g>>s"); p.String() != "public>>g>>s" {
		t.Errorf("the namespace that is left out became %q", p.Namespace)
	}
	for _, text := range []string{"", "*", "public>>*", "public>>>>*", "public>>*>>", "a>>b>>c>>d"} {
		if p, ok := ParsePattern(text); ok {
			t.Errorf("%q was read as %q", text, p)
		}
	}
}
