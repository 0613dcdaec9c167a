package docs

import (
	"fmt"
	"regexp"
	"strings"
)

// block is one fenced block of a page, or hidden commands.
type block struct {
	page   string // slash-separated, from the root of the tree
	line   int    // of the fence
	lang   string
	kind   string // of the mark: run, output, file, …
	arg    string // what follows the kind
	text   string
	hidden bool
}

func (b block) at() string { return fmt.Sprintf("%s:%d", b.page, b.line) }

// runs reports whether the block has commands, and whether they need Kubernetes.
func (b block) runs() (commands, cluster bool) {
	return b.kind == "run", strings.HasPrefix(b.arg, "cluster") || b.kind == "spec" || b.kind == "manifest"
}

func (b block) background() bool { return strings.HasSuffix(b.arg, ", background") }

var (
	fence   = regexp.MustCompile("^(\\s*)(`{3,})\\s*(\\S*)")
	comment = regexp.MustCompile(`^\s*<!--\s*(\w+)(?::\s*(.*?))?\s*-->\s*$`)
	hiding  = regexp.MustCompile(`^\s*<!--\s*hidden:\s*(\w+)\s*$`)
)

// blocks returns what stands in fences on a page, and what is hidden, in order.
func blocks(page, text string) []block {
	var out []block
	lines := strings.Split(text, "\n")
	var kind, arg string // of the mark that waits for its fence
	for i := 0; i < len(lines); i++ {
		if m := hiding.FindStringSubmatch(lines[i]); m != nil {
			from := i
			i = next(lines, i+1, "-->")
			out = append(out, block{page: page, line: from + 1, kind: "run", arg: m[1], hidden: true, text: undent(lines[from+1:i], "")})
			continue
		}
		if m := comment.FindStringSubmatch(lines[i]); m != nil {
			kind, arg = m[1], m[2]
			continue
		}
		m := fence.FindStringSubmatch(lines[i])
		if m == nil {
			if strings.TrimSpace(lines[i]) != "" {
				kind, arg = "", ""
			}
			continue
		}
		from := i
		i = next(lines, i+1, m[2])
		out = append(out, block{page: page, line: from + 1, lang: m[3], kind: kind, arg: arg, text: undent(lines[from+1:i], m[1])})
		kind, arg = "", ""
	}
	return out
}

// next returns the index of the line that holds this alone, from i on, or the end.
func next(lines []string, i int, alone string) int {
	for i < len(lines) && strings.TrimSpace(lines[i]) != alone {
		i++
	}
	return i
}

// undent joins lines without the indentation that their fence has.
func undent(lines []string, indent string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(strings.TrimPrefix(line, indent))
		b.WriteByte('\n')
	}
	return b.String()
}

// fault says what is wrong with a block's mark; previous are the blocks before it.
func (b block) fault(previous []block) string {
	switch b.kind {
	case "run":
		switch b.arg {
		case "local", "cluster", "local, background", "cluster, background":
			return ""
		}
		return fmt.Sprintf("run: %q is none of local and cluster, alone or followed by \", background\"", b.arg)
	case "output":
		if len(previous) == 0 || previous[len(previous)-1].kind != "run" {
			return "an output follows the block that prints it"
		}
		return ""
	case "spec", "manifest":
		return ""
	case "shown", "file", "from":
		if b.arg == "" {
			return b.kind + ": what? Say " + map[string]string{"shown": "why it is not run", "file": "its name", "from": "where it stands"}[b.kind]
		}
		return ""
	case "":
		if b.lang == "mermaid" {
			return ""
		}
		return "the block has no mark: put one of test/docs/doc.go on the line before it, such as <!-- run: cluster --> or <!-- shown: why -->"
	}
	return fmt.Sprintf("unknown mark %q: test/docs/doc.go has all", b.kind)
}
