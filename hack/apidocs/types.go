package main

import (
	"go/ast"
	"strings"
)

// kinds are the words of JSON for Go's own types.
var kinds = map[string]string{"string": "string", "bool": "boolean", "int32": "integer", "int64": "integer", "int": "integer"}

// typeOf says what a field holds; a foreign type whose values are listed is text.
func (r *reference) typeOf(e ast.Expr, listed bool) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return r.typeOf(e.X, listed)
	case *ast.ArrayType:
		return "list of " + r.typeOf(e.Elt, listed)
	case *ast.MapType:
		return "map of " + r.typeOf(e.Value, listed)
	case *ast.Ident:
		if r.types[e.Name] != nil {
			return "[" + title(e.Name) + "](#" + strings.ToLower(title(e.Name)) + ")"
		}
		return kinds[e.Name]
	case *ast.SelectorExpr:
		pkg, ok := e.X.(*ast.Ident)
		if !ok || listed {
			return "string"
		}
		return "[" + e.Sel.Name + "](https://pkg.go.dev/" + r.imports[pkg.Name] + "#" + e.Sel.Name + ")"
	}
	return "?"
}

// title is how a type is called on the page.
func title(name string) string {
	if short := strings.TrimPrefix(name, "NamingCluster"); short != "" && short != name {
		return strings.ToLower(short[:1]) + short[1:]
	}
	return name
}

// jsonName returns the name of a field in manifests, or none.
func jsonName(f *ast.Field) string {
	if f.Tag == nil {
		return ""
	}
	_, tag, _ := strings.Cut(f.Tag.Value, `json:"`)
	name, _, _ := strings.Cut(tag, `"`)
	name, _, _ = strings.Cut(name, ",")
	return name
}
