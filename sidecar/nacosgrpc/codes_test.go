package nacosgrpc

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// errorCodes says of every error code, by the name of its constant, when it is given.
var errorCodes = map[string][]string{
	"CodeStarting":        {"300", "`ErrorResponse`", "this member loads its registry, or stops: try again soon"},
	"CodeNoConfig":        {"300", "`ConfigQueryResponse`", "there is no such configuration"},
	"CodeUnregistered":    {"301", "`ErrorResponse`", "the connection was not set up, or has ended: connect anew"},
	"CodeNoHandler":       {"302", "`ErrorResponse`", "the request is unknown"},
	"CodeInvalid":         {"400", "the request's own", "the request must be changed: the message names the member, the limit and the way out"},
	"CodeForbidden":       {"403", "the request's own", "a member did not show that it is one, or a caller has no right to it"},
	"CodeOverThreshold":   {"503", "the request's own", "it goes over a limit, which the message names"},
	"CodeServerError":     {"500", "the request's own", "it could not be done; the log of the member says more"},
	"CodeNotServed":       {"501", "the request's own", "this server does not serve it: publishing a configuration"},
	"CodeBadGateway":      {"502", "`ErrorResponse`", "it belongs on the members' port, or its body cannot be read"},
	"CodeNoClient":        {"-401", "`ErrorResponse`", "the connection is none for naming, and can register nothing and watch no pattern"},
	"CodeTooManyPatterns": {"50310", "`NamingFuzzyWatchResponse`", "more patterns than may be watched"},
	"CodeTooManyMatches":  {"50311", "`NamingFuzzyWatchResponse`", "more services match than are told; those that were told stay watched"},
}

// codeRows are the rows of the table of codes, in their order as numbers.
func codeRows() [][]string {
	rows := slices.Collect(maps.Values(errorCodes))
	slices.SortFunc(rows, func(a, b []string) int {
		if len(a[0]) != len(b[0]) {
			return len(a[0]) - len(b[0])
		}
		return strings.Compare(a[0]+a[1], b[0]+b[1])
	})
	return rows
}

// TestEveryCodeIsExplained finds a code of package wire that no row is about.
func TestEveryCodeIsExplained(t *testing.T) {
	files, err := filepath.Glob("../wire/*.go")
	if err != nil {
		t.Fatal(err)
	}
	said := maps.Clone(errorCodes)
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range constants(parsed) {
			if !strings.HasPrefix(name, "Code") || name == "CodeSuccess" {
				continue
			}
			if row := errorCodes[name]; row == nil || row[0] != value {
				t.Errorf("wire.%s is %s, and the table says %q", name, value, row)
			}
			delete(said, name)
		}
	}
	for name := range said {
		t.Errorf("there is no wire.%s", name)
	}
}

// constants returns the names of a file's numbers, with what they are.
func constants(f *ast.File) map[string]string {
	out := map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		switch v := spec.Values[0].(type) {
		case *ast.BasicLit:
			out[spec.Names[0].Name] = v.Value
		case *ast.UnaryExpr:
			if number, ok := v.X.(*ast.BasicLit); ok {
				out[spec.Names[0].Name] = v.Op.String() + number.Value
			}
		}
		return true
	})
	return out
}
