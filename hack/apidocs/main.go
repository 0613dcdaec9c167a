// Command apidocs prints the reference of the resource, which docs carry: what
// the sources of api/v1alpha1 say in comments and markers, and nothing else.
package main

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const preface = `# NamingCluster

<!-- Made by "make api-docs" from api/v1alpha1. -->

` + "`apiVersion: naming.distro.io/v1alpha1`, `kind: NamingCluster`, short `nmc`." + `
The same, and the fields of Kubernetes's own types, by ` + "`kubectl explain namingcluster --recursive`." + `
The API server itself refuses what does not fit; no webhook is needed.

Fields of the spec may be left out, but for those that are *required*. In the status, those that are *always* there are marked.
`

func main() {
	out := bufio.NewWriter(os.Stdout)
	err := write(out, "api/v1alpha1")
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "apidocs:", err)
		os.Exit(1)
	}
}

// write prints a section for spec and status, then one for each type that they
// are made of, in the order in which they are met.
func write(out io.Writer, dir string) error {
	r := reference{out: out, types: map[string]*declared{}, met: map[string]bool{}}
	if err := r.parse(dir); err != nil {
		return err
	}
	for _, name := range []string{"NamingCluster", "NamingClusterSpec", "NamingClusterStatus"} {
		if r.types[name] == nil {
			return fmt.Errorf("%s declares no %s", dir, name)
		}
	}
	fmt.Fprint(out, preface)
	r.rules("NamingCluster")
	r.needed = "*required*"
	r.section("NamingClusterSpec")
	r.needed = "*always*"
	r.section("NamingClusterStatus")
	return nil
}

// declared is a type with the comment above it.
type declared struct {
	spec *ast.TypeSpec
	doc  comment
}

type reference struct {
	out     io.Writer
	types   map[string]*declared
	values  []value // constants that have one of these types
	imports map[string]string
	met     map[string]bool
	needed  string // the word for a field that cannot be left out
}

// value is a constant: one of the words that a type of text has.
type value struct{ typeName, text, meaning string }

func (r *reference) parse(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return fmt.Errorf("list %s: %w", dir, err)
	}
	r.imports = map[string]string{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(filepath.Base(name), "zz_") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return fmt.Errorf("parse %s: %w", name, err)
		}
		for _, i := range file.Imports {
			if path := strings.Trim(i.Path.Value, `"`); i.Name != nil {
				r.imports[i.Name.Name] = path
			} else {
				r.imports[filepath.Base(path)] = path
			}
		}
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				r.declare(g)
			}
		}
	}
	return nil
}

func (r *reference) declare(g *ast.GenDecl) {
	for _, s := range g.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			doc := s.Doc
			if doc == nil {
				doc = g.Doc
			}
			r.types[s.Name.Name] = &declared{spec: s, doc: read(doc)}
		case *ast.ValueSpec:
			kind, typed := s.Type.(*ast.Ident)
			if !typed || len(s.Values) != 1 {
				continue
			}
			if text, ok := s.Values[0].(*ast.BasicLit); ok && g.Tok == token.CONST {
				_, meaning, _ := strings.Cut(read(s.Doc).text, ": ")
				r.values = append(r.values, value{kind.Name, strings.Trim(text.Value, `"`), meaning})
			}
		}
	}
}

// section prints one type, then those that its fields lead to.
func (r *reference) section(name string) {
	if r.met[name] {
		return
	}
	r.met[name] = true
	d := r.types[name]
	fmt.Fprintf(r.out, "\n## %s\n\n%s\n", title(name), d.doc.text)
	var next []string
	switch t := d.spec.Type.(type) {
	case *ast.StructType:
		fmt.Fprint(r.out, "\n| Field | Type | Default | Meaning |\n|---|---|---|---|\n")
		for _, f := range t.Fields.List {
			next = append(next, r.field(f)...)
		}
	case *ast.MapType:
		fmt.Fprintf(r.out, "\nA %s%s.\n", r.typeOf(t, false), sentence(d.doc.bounds()))
		next = r.leads(t)
	default:
		fmt.Fprintf(r.out, "\nA %s%s.\n", r.typeOf(t, false), sentence(d.doc.bounds()))
	}
	r.words(name)
	r.rules(name)
	for _, n := range next {
		r.section(n)
	}
}

// rules prints what the API server answers to what it refuses of a type.
func (r *reference) rules(name string) {
	for i, rule := range r.types[name].doc.rules() {
		if i == 0 {
			fmt.Fprint(r.out, "\nWhat is refused, in the API server's words:\n\n")
		}
		fmt.Fprintf(r.out, "- %s\n", escape(rule))
	}
}

// words prints what a type of text may be, where constants say it.
func (r *reference) words(name string) {
	first := true
	for _, v := range r.values {
		if v.typeName != name {
			continue
		}
		if first {
			fmt.Fprint(r.out, "\n| Value | Meaning |\n|---|---|\n")
			first = false
		}
		fmt.Fprintf(r.out, "| `%s` | %s |\n", v.text, escape(v.meaning))
	}
}

// field prints a row, and returns the types of ours that the field leads to.
func (r *reference) field(f *ast.Field) []string {
	name := jsonName(f)
	if name == "" {
		return nil
	}
	doc := read(f.Doc)
	fallback := doc.first("default")
	switch {
	case fallback != "":
		fallback = "`" + fallback + "`"
	case !doc.has("optional") && !strings.Contains(f.Tag.Value, "omitempty"):
		fallback = r.needed
	}
	meaning := doc.text
	for _, more := range []string{doc.bounds(), strings.Join(doc.rules(), ". ")} {
		if more != "" && !strings.Contains(meaning, more) {
			meaning += " " + strings.ToUpper(more[:1]) + more[1:] + "."
		}
	}
	fmt.Fprintf(r.out, "| `%s` | %s | %s | %s |\n", name, r.typeOf(f.Type, doc.has("Enum")), fallback, escape(meaning))
	return r.leads(f.Type)
}

// leads returns the types of this package in an expression.
func (r *reference) leads(e ast.Expr) []string {
	found := map[string]bool{}
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && r.types[id.Name] != nil {
			found[id.Name] = true
		}
		_, foreign := n.(*ast.SelectorExpr)
		return !foreign
	})
	return slices.Sorted(maps.Keys(found))
}
