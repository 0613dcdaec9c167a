package arch

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestArrows compares what packages import with the table. Tests of a package
// may import more than the package itself: only shipped code is looked at.
func TestArrows(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		rule, known := ruleFor(s.dir)
		if !known {
			t.Errorf("%s: package %s is not in the table of rules_test.go", s.path, s.dir)
			continue
		}
		for _, imported := range s.imports() {
			if complaint := rule.refuse(s.dir, imported); complaint != "" {
				t.Errorf("%s imports %s: %s", s.path, imported, complaint)
			}
		}
	}
}

// TestTableIsUsed finds rules about packages and arrows that no longer exist.
func TestTableIsUsed(t *testing.T) {
	seen := map[string]map[string]bool{}
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		if seen[s.dir] == nil {
			seen[s.dir] = map[string]bool{}
		}
		for _, imported := range s.imports() {
			seen[s.dir][strings.TrimPrefix(imported, module)] = true
		}
	}
	for dir, rule := range rules {
		if strings.HasSuffix(dir, "/...") {
			continue
		}
		if seen[dir] == nil {
			t.Errorf("rules_test.go: package %s does not exist", dir)
			continue
		}
		for to := range rule.ours {
			if !strings.HasSuffix(to, "/...") && !seen[dir][to] {
				t.Errorf("rules_test.go: %s no longer imports %s", dir, to)
			}
		}
	}
}

// TestNoCycles follows imports of tests too: a cycle through a test package is
// legal Go and still a knot. Tests of a package's outside (package x_test) are
// left out: they may use what is built on the package, such as its simulator.
func TestNoCycles(t *testing.T) {
	graph := map[string]map[string]bool{}
	for _, s := range sources(t) {
		for _, imported := range s.imports() {
			to, ours := strings.CutPrefix(imported, module)
			if !ours || to == s.dir || strings.HasSuffix(s.file.Name.Name, "_test") {
				continue
			}
			if graph[s.dir] == nil {
				graph[s.dir] = map[string]bool{}
			}
			graph[s.dir][to] = true
		}
	}
	if loop := cycle(graph); loop != nil {
		t.Errorf("import cycle: %s", strings.Join(loop, " -> "))
	}
}

// cycle returns the packages of one cycle, the first one repeated at the end,
// or nil.
func cycle(graph map[string]map[string]bool) []string {
	const visiting, done = 1, 2
	state := map[string]int{}
	var trail []string
	var visit func(string) []string
	visit = func(dir string) []string {
		state[dir] = visiting
		trail = append(trail, dir)
		for _, to := range slices.Sorted(maps.Keys(graph[dir])) {
			if state[to] == visiting {
				return append(slices.Clone(trail[slices.Index(trail, to):]), to)
			}
			if state[to] == 0 {
				if loop := visit(to); loop != nil {
					return loop
				}
			}
		}
		trail = trail[:len(trail)-1]
		state[dir] = done
		return nil
	}
	for _, dir := range slices.Sorted(maps.Keys(graph)) {
		if state[dir] == 0 {
			if loop := visit(dir); loop != nil {
				return loop
			}
		}
	}
	return nil
}

func TestCycleIsFound(t *testing.T) {
	graph := map[string]map[string]bool{
		"a": {"b": true},
		"b": {"c": true, "d": true},
		"d": {"b": true},
	}
	if got, want := cycle(graph), []string{"b", "d", "b"}; !slices.Equal(got, want) {
		t.Errorf("cycle = %v, want %v", got, want)
	}
}

// ruleFor returns the rule of a package, or that of the nearest "dir/..."
// above it.
func ruleFor(dir string) (rule, bool) {
	if r, ok := rules[dir]; ok {
		return r, true
	}
	best := ""
	for pattern := range rules {
		if covers(pattern, dir) && len(pattern) > len(best) {
			best = pattern
		}
	}
	return rules[best], best != ""
}

// covers reports whether the pattern, a path that may end in "/...", names dir.
func covers(pattern, dir string) bool {
	prefix, open := strings.CutSuffix(pattern, "/...")
	return dir == prefix || open && strings.HasPrefix(dir, prefix+"/")
}

// refuse says why the rule does not let its package import the path, or "".
func (r rule) refuse(dir, imported string) string {
	if to, ours := strings.CutPrefix(imported, module); ours {
		for pattern := range r.ours {
			if covers(pattern, to) {
				return ""
			}
		}
		return "no such arrow in rules_test.go; " + dir + ": " + r.why
	}
	if !strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") {
		if slices.Contains(r.never, imported) {
			return dir + ": " + r.why
		}
		return ""
	}
	for _, prefix := range r.outside {
		if imported == prefix || strings.HasPrefix(imported, prefix+"/") {
			return ""
		}
	}
	return "may use only " + cmp.Or(strings.Join(r.outside, ", "), "the standard library") + "; " + r.why
}
