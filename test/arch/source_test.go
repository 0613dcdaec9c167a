package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// root is the module's directory as seen from this package's tests.
const root = "../.."

// module is the prefix of our own import paths.
const module = "github.com/distro-naming/naming-operator/"

// source is one parsed file.
type source struct {
	path string // slash-separated, from the module's root
	dir  string
	file *ast.File
	set  *token.FileSet
}

// test reports whether the file is compiled only into tests.
func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

// generated reports whether a tool wrote the file.
func (s source) generated() bool { return ast.IsGenerated(s.file) }

// lines returns how many lines n covers.
func (s source) lines(n ast.Node) int {
	return s.set.Position(n.End()).Line - s.set.Position(n.Pos()).Line + 1
}

// length returns the number of lines of the file.
func (s source) length() int { return s.set.File(s.file.FileStart).LineCount() }

// imports returns the paths that the file imports.
func (s source) imports() []string {
	var out []string
	for _, i := range s.file.Imports {
		out = append(out, strings.Trim(i.Path.Value, `"`))
	}
	return out
}

// sources parses every Go file of this module, and of the plugin, which is shipped
// too though its libraries are kept out of this module. Other nested modules are
// tests and tools with rules of their own.
func sources(t *testing.T) []source {
	t.Helper()
	set := token.NewFileSet()
	var out []source
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if skipped(name) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		file, err := parser.ParseFile(set, filepath.Join(root, name), nil, parser.ParseComments)
		if err != nil {
			return err
		}
		out = append(out, source{path: name, dir: path.Dir(name), file: file, set: set})
		return nil
	})
	if err != nil {
		t.Fatalf("read the module's sources: %v", err)
	}
	return out
}

func skipped(dir string) bool {
	if dir == "." {
		return false
	}
	base := path.Base(dir)
	if base == "testdata" || base == "bin" || strings.HasPrefix(base, ".") {
		return true
	}
	_, err := os.Stat(filepath.Join(root, dir, "go.mod"))
	return err == nil && dir != "plugin"
}
