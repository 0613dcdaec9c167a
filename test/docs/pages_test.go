package docs

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// root is the tree as seen from here.
const root = "../.."

// pages returns the text of every page by its path: those of docs, charts and
// config, and those at the root of the tree.
func pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	tree := os.DirFS(root)
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			top, _, _ := strings.Cut(name, "/")
			if name != "." && top != "docs" && top != "charts" && top != "config" {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".md" {
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		out[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatalf("read the pages: %v", err)
	}
	return out
}

func TestEveryBlockSaysWhatBecomesOfIt(t *testing.T) {
	for page, text := range pages(t) {
		all := blocks(page, text)
		for i, b := range all {
			if fault := b.fault(all[:i]); fault != "" {
				t.Errorf("%s: %s", b.at(), fault)
			}
		}
	}
}

// What a page copies from a file stands there still, at whatever indentation.
func TestWhatIsCopiedStandsInItsFile(t *testing.T) {
	for page, text := range pages(t) {
		for _, b := range blocks(page, text) {
			if b.kind != "from" {
				continue
			}
			source, err := os.ReadFile(filepath.Join(root, b.arg))
			if err != nil {
				t.Errorf("%s: %v", b.at(), err)
			} else if !strings.Contains(flush(string(source)), flush(b.text)) {
				t.Errorf("%s: the block does not stand in %s", b.at(), b.arg)
			}
		}
	}
}

// flush takes the indentation of all lines away.
func flush(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimSpace(line))
		b.WriteByte('\n')
	}
	return b.String()
}

func TestBlocks(t *testing.T) {
	page := "<!-- run: cluster, background -->\n\n```sh\none\n```\n" +
		"- item\n\n  <!-- output -->\n  ```text\n  two\n    three\n  ```\n" +
		"<!-- shown: words -->\nin between\n```\nfour\n```\n" +
		"<!-- hidden: local\nfive\n-->\n"
	want := []block{
		{page: "p", line: 3, lang: "sh", kind: "run", arg: "cluster, background", text: "one\n"},
		{page: "p", line: 9, lang: "text", kind: "output", text: "two\n  three\n"},
		{page: "p", line: 15, text: "four\n"},
		{page: "p", line: 18, kind: "run", arg: "local", text: "five\n", hidden: true},
	}
	got := blocks("p", page)
	if len(got) != len(want) {
		t.Fatalf("got %+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("block %d: got %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestFaultsOfMarks(t *testing.T) {
	run := block{kind: "run", arg: "local"}
	tests := map[string]struct {
		b        block
		previous []block
		wrong    bool
	}{
		"no mark":                      {b: block{lang: "sh"}, wrong: true},
		"a drawing needs none":         {b: block{lang: "mermaid"}},
		"a command":                    {b: run},
		"run where":                    {b: block{kind: "run", arg: "cloud"}, wrong: true},
		"an output after its command":  {b: block{kind: "output"}, previous: []block{run}},
		"an output of nothing":         {b: block{kind: "output"}, wrong: true},
		"shown without a reason":       {b: block{kind: "shown"}, wrong: true},
		"shown with a reason":          {b: block{kind: "shown", arg: "needs a cloud"}},
		"a word that nobody has heard": {b: block{kind: "skip"}, wrong: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if fault := tc.b.fault(tc.previous); (fault != "") != tc.wrong {
				t.Errorf("got %q, want a fault: %v", fault, tc.wrong)
			}
		})
	}
}
