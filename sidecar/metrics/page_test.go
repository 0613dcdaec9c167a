package metrics

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const page = "../../docs/reference/metrics.md"

var (
	row   = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([a-z]+) \\|([^|]*)\\|")
	label = regexp.MustCompile("`([a-z]+)`")
)

// The reference names each metric of ours with its type and its labels.
func TestThePageNamesEveryMetric(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	ofMembers, _, _ := strings.Cut(string(text), "\n## The operator") // whose own test looks at the rest
	var documented []string
	for _, cells := range row.FindAllStringSubmatch(ofMembers, -1) {
		var labels []string
		for _, l := range label.FindAllStringSubmatch(cells[3], -1) {
			labels = append(labels, l[1])
		}
		slices.Sort(labels)
		documented = append(documented, cells[1]+" "+cells[2]+" "+strings.Join(labels, ","))
	}
	families, err := eventful().registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var registered []string
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), prefix) {
			continue
		}
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		kind := strings.ToLower(f.GetType().String())
		registered = append(registered, f.GetName()+" "+kind+" "+strings.Join(labels, ","))
	}
	slices.Sort(documented)
	if diff := cmp.Diff(registered, documented); diff != "" {
		t.Errorf("%s differs (-registered +documented):\n%s", page, diff)
	}
}
