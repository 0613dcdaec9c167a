package arch

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The page on Distro's mechanisms names files, scenarios and tests. What it names
// must exist.
func TestPageOnDistroNamesWhatExists(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs/reference/distro.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := declaredTests(t)
	for _, span := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(string(page), -1) {
		switch name := span[1]; {
		case strings.HasPrefix(name, "Test"):
			if !tests[name] {
				t.Errorf("distro.md names %s, which no test file declares", name)
			}
		case strings.HasSuffix(name, ".txt"):
			mustExist(t, "sidecar/distro/testdata/"+name)
		case strings.HasSuffix(name, ".go"):
			mustExist(t, "sidecar/"+name)
		}
	}
}

// Every scenario is worth a word on that page.
func TestPageOnDistroNamesEveryScenario(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs/reference/distro.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "sidecar/distro/testdata/*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		if name := filepath.Base(file); !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("distro.md does not name %s", name)
		}
	}
}

func mustExist(t *testing.T, name string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, name)); err != nil {
		t.Errorf("distro.md names %s: %v", name, err)
	}
}

// declaredTests returns the names of all test functions, those of nested modules
// too.
func declaredTests(t *testing.T) map[string]bool {
	t.Helper()
	declaration := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	names := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path) //nolint:gosec // a source of this module
		for _, found := range declaration.FindAllStringSubmatch(string(source), -1) {
			names[found[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
