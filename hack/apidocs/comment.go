package main

import (
	"go/ast"
	"regexp"
	"strings"
)

// comment is a doc comment: what people read, and the markers that tools read.
type comment struct {
	text    string
	markers []string
}

func read(doc *ast.CommentGroup) comment {
	var c comment
	if doc == nil {
		return c
	}
	var text []string
	for _, line := range doc.List {
		words := strings.TrimSpace(strings.TrimPrefix(line.Text, "//"))
		switch {
		case strings.HasPrefix(words, "+"):
			c.markers = append(c.markers, words[1:])
		case words == "" && len(text) > 0:
			text = append(text, "\n\n")
		case words != "":
			text = append(text, words)
		}
	}
	c.text = strings.TrimSpace(strings.ReplaceAll(strings.Join(text, " "), " \n\n ", "\n\n"))
	return c
}

// first returns the value of the first marker whose name ends in this one.
func (c comment) first(name string) string {
	for _, m := range c.markers {
		if found, value, ok := strings.Cut(m, "="); ok && strings.HasSuffix(":"+found, ":"+name) {
			return strings.Trim(value, "`\"")
		}
	}
	return ""
}

// has reports whether there is a marker of that name.
func (c comment) has(name string) bool {
	for _, m := range c.markers {
		if found, _, _ := strings.Cut(m, "="); strings.HasSuffix(":"+found, ":"+name) {
			return true
		}
	}
	return false
}

// bounds says what the markers allow, in words.
func (c comment) bounds() string {
	var out []string
	low, high := c.first("validation:Minimum"), c.first("validation:Maximum")
	switch {
	case low != "" && high != "":
		out = append(out, low+" to "+high)
	case low != "":
		out = append(out, "at least "+low)
	case high != "":
		out = append(out, "at most "+high)
	}
	if words := c.first("Enum"); words != "" {
		out = append(out, "one of `"+strings.ReplaceAll(words, ";", "`, `")+"`")
	}
	if length := c.first("validation:MaxLength"); length != "" {
		out = append(out, "at most "+length+" characters")
	}
	for _, name := range []string{"validation:MaxItems", "validation:MaxProperties"} {
		if n := c.first(name); n != "" {
			out = append(out, "at most "+n+" entries")
		}
	}
	return strings.Join(out, "; ")
}

var message = regexp.MustCompile(`XValidation:.*message="((?:[^"\\]|\\.)*)"`)

// rules returns what the API server answers when a rule is broken.
func (c comment) rules() []string {
	var out []string
	for _, m := range c.markers {
		if found := message.FindStringSubmatch(m); found != nil {
			out = append(out, found[1])
		}
	}
	return out
}

// sentence adds bounds to a sentence.
func sentence(bounds string) string {
	if bounds == "" {
		return ""
	}
	return ", " + bounds
}

// escape makes text fit for a cell of a table.
func escape(text string) string {
	return strings.NewReplacer("|", `\|`, "\n\n", " ").Replace(text)
}
