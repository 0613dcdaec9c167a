package docs

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	code    = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	dropped = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// Links within the tree lead to a file, and to a heading of it where they name
// one. Those to elsewhere are not followed: tests need no network.
func TestLinksLeadSomewhere(t *testing.T) {
	all := pages(t)
	for page, text := range all {
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := page
			if file != "" {
				target = path.Join(path.Dir(page), file)
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s: %s leads nowhere", page, m[1])
			} else if anchor != "" && !anchors(all[target])[anchor] {
				t.Errorf("%s: %s: there is no such heading", page, m[1])
			}
		}
	}
}

// anchors returns the names that GitHub gives to the headings of a page.
func anchors(text string) map[string]bool {
	out := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		name := dropped.ReplaceAllString(strings.ToLower(strings.TrimSpace(m[1])), "")
		out[strings.ReplaceAll(name, " ", "-")] = true
	}
	return out
}

// Every sample can be found, and is installed with the others if it needs nothing else.
func TestTheListsHaveEverySample(t *testing.T) {
	const folder = "config/samples"
	list := pages(t)[folder+"/README.md"]
	together, err := os.ReadFile(filepath.Join(root, folder, "kustomization.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, folder, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if name == "kustomization.yaml" {
			continue
		}
		if !strings.Contains(list, "("+name+")") {
			t.Errorf("%s is not in %s/README.md", name, folder)
		}
		if !strings.Contains(string(together), "- "+name+"\n") {
			t.Errorf("%s is not in %s/kustomization.yaml", name, folder)
		}
	}
}

// Every page can be found: docs/README.md leads to it, or to the list that does.
func TestTheMapHasEveryPage(t *testing.T) {
	all := pages(t)
	for page := range all {
		relative, inDocs := strings.CutPrefix(page, "docs/")
		if !inDocs || relative == "README.md" {
			continue
		}
		from := all["docs/README.md"]
		if list := path.Join(path.Dir(page), "README.md"); list != page && all[list] != "" {
			from, relative = all[list], path.Base(page)
		}
		if relative = strings.TrimPrefix(relative, "./"); !strings.Contains(from, "("+relative+")") && !strings.Contains(from, "("+relative+"#") {
			t.Errorf("%s is in no list: add it to docs/README.md", page)
		}
	}
}
