package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	flagRow  = regexp.MustCompile("(?m)^\\| `--([a-z-]+)`")
	flagHelp = regexp.MustCompile(`(?m)^  -([a-z-]+)`)
)

// The page on the command line has every flag that the programs print, and no other.
func TestThePageNamesEveryFlag(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs/reference/command-line.md"))
	if err != nil {
		t.Fatal(err)
	}
	sections := strings.Split(string(page), "\n## ")
	for name, args := range map[string][]string{
		"distro-sidecar":  {"./cmd/sidecar", "serve", "--help"},
		"naming-operator": {"./cmd/manager", "--help"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "go", append([]string{"run"}, args...)...)
			cmd.Dir = root
			help, err := cmd.CombinedOutput()
			printed := names(flagHelp, string(help))
			if len(printed) == 0 {
				t.Fatalf("no flags in the help: %v\n%s", err, help)
			}
			for _, section := range sections {
				if !strings.HasPrefix(section, name+"\n") {
					continue
				}
				documented := names(flagRow, section)
				for _, flag := range printed {
					if !slices.Contains(documented, flag) {
						t.Errorf("the page lacks --%s", flag)
					}
				}
				for _, flag := range documented {
					if !slices.Contains(printed, flag) {
						t.Errorf("the page has --%s, which is no flag", flag)
					}
				}
				return
			}
			t.Errorf("the page has no section %s", name)
		})
	}
}

func names(expression *regexp.Regexp, text string) []string {
	var out []string
	for _, m := range expression.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}
