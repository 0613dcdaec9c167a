package arch

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// pure packages get time as an argument and chance from a seeded source that
// they are given: that is what makes the simulator's failures reproducible.
var pure = []string{
	"controllers/pki", "controllers/resources", "controllers/rollout",
	"plugin/bundle", "plugin/survey", "plugin/table",
	"sidecar/auth", "sidecar/distro", "sidecar/frame", "sidecar/member", "sidecar/naming", "sidecar/report", "sidecar/settings", "sidecar/wire",
}

// impure are functions whose results differ from call to call.
var impure = map[string][]string{
	"time": {"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until"},
	"rand": {"Float64", "Int", "Int64", "IntN", "N", "Perm", "Shuffle", "Uint32", "Uint64"},
}

func TestPurePackagesHaveNeitherClockNorChance(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() || !slices.Contains(pure, s.dir) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := call.X.(*ast.Ident)
			if ok && s.importsAs(pkg.Name) && slices.Contains(impure[pkg.Name], call.Sel.Name) {
				t.Errorf("%s:%d calls %s.%s", s.path, s.set.Position(call.Pos()).Line, pkg.Name, call.Sel.Name)
			}
			return true
		})
	}
}

// importsAs reports whether name is that of an imported package, not of a
// variable. Packages that end in a version are named by the part before it.
func (s source) importsAs(name string) bool {
	return slices.ContainsFunc(s.imports(), func(path string) bool {
		path = strings.TrimSuffix(path, "/v2")
		return path[strings.LastIndex(path, "/")+1:] == name
	})
}
