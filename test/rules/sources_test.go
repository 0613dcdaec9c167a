package rules

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"sigs.k8s.io/yaml"
)

const (
	monitoring = "../../config/monitoring"
	reference  = "../../docs/reference/metrics.md"
	runbooks   = "../../docs/how-to/alerts.md"
)

// rule is one alert as the PrometheusRule has it.
type rule struct {
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	For         string            `json:"for"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

func alerts(t *testing.T) []rule {
	t.Helper()
	var object struct {
		Spec struct {
			Groups []struct {
				Name  string `json:"name"`
				Rules []rule `json:"rules"`
			} `json:"groups"`
		} `json:"spec"`
	}
	if err := yaml.UnmarshalStrict(read(t, filepath.Join(monitoring, "prometheus_rule.yaml"), "spec"), &object); err != nil {
		t.Fatal(err)
	}
	var out []rule
	for _, g := range object.Spec.Groups {
		out = append(out, g.Rules...)
	}
	if len(out) == 0 {
		t.Fatal("there are no alerts")
	}
	return out
}

// read returns a file; of a Kubernetes object only the named field, so that what
// is inside can be read strictly.
func read(t *testing.T, path string, field ...string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(field) == 0 {
		return raw
	}
	var object map[string]any
	if err := yaml.Unmarshal(raw, &object); err != nil {
		t.Fatal(err)
	}
	for key := range object {
		if key != field[0] {
			delete(object, key)
		}
	}
	if raw, err = yaml.Marshal(object); err != nil {
		t.Fatal(err)
	}
	return raw
}

// queries are those of a dashboard: of its panels and of its variables.
func queries(t *testing.T, name string) []string {
	t.Helper()
	var board struct {
		Panels []struct {
			Title       string `json:"title"`
			Description string `json:"description"`
			Targets     []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
		Templating struct {
			List []struct {
				Type       string `json:"type"`
				Definition string `json:"definition"`
			} `json:"list"`
		} `json:"templating"`
	}
	if err := json.Unmarshal(read(t, filepath.Join(monitoring, "dashboards", name)), &board); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range board.Panels {
		if p.Title == "" || p.Description == "" || len(p.Targets) == 0 {
			t.Errorf("%s: panel %q wants a title, a description and a query", name, p.Title)
		}
		for _, target := range p.Targets {
			out = append(out, target.Expr)
		}
	}
	values := regexp.MustCompile(`^label_values\((.+), \w+\)$`)
	for _, v := range board.Templating.List {
		if v.Type != "query" {
			continue
		}
		found := values.FindStringSubmatch(v.Definition)
		if found == nil {
			t.Errorf("%s: %q is not label_values(…)", name, v.Definition)
			continue
		}
		out = append(out, found[1])
	}
	return out
}

var metricRow = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (gauge|counter|histogram) \\|")

// documented are the series that the reference names, with those that a
// histogram consists of.
func documented(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{"up": true, "process_resident_memory_bytes": true, "process_cpu_seconds_total": true}
	for _, found := range metricRow.FindAllStringSubmatch(string(read(t, reference)), -1) {
		out[found[1]] = true
		if found[2] == "histogram" {
			out[found[1]+"_bucket"], out[found[1]+"_count"], out[found[1]+"_sum"] = true, true, true
		}
	}
	return out
}

// requireDocumented parses a query and looks up what it names.
func requireDocumented(t *testing.T, where, query string) {
	t.Helper()
	known := documented(t)
	query = strings.NewReplacer("$__rate_interval", "5m", "$namespace", "default", "$cluster", "demo").Replace(query)
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err != nil {
		t.Errorf("%s: %v in %s", where, err, query)
		return
	}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok && !known[s.Name] {
			t.Errorf("%s: %s is not in docs/reference/metrics.md", where, s.Name)
		}
		return nil
	})
}

func TestDashboardsNameDocumentedMetrics(t *testing.T) {
	boards, err := filepath.Glob(filepath.Join(monitoring, "dashboards", "*.json"))
	if err != nil || len(boards) != 2 {
		t.Fatalf("dashboards = %v, %v, want two", boards, err)
	}
	for _, board := range boards {
		for _, query := range queries(t, filepath.Base(board)) {
			requireDocumented(t, filepath.Base(board), query)
		}
	}
}

func TestAlertsSayWhatToDo(t *testing.T) {
	const at = "https://github.com/distro-naming/naming-operator/blob/main/docs/how-to/alerts.md#"
	page := string(read(t, runbooks))
	seen := map[string]bool{}
	for _, a := range alerts(t) {
		requireDocumented(t, a.Alert, a.Expr)
		if seen[a.Alert] || !strings.HasPrefix(a.Alert, "Naming") {
			t.Errorf("%s: want a name of its own that begins with Naming", a.Alert)
		}
		seen[a.Alert] = true
		if s := a.Labels["severity"]; s != "critical" && s != "warning" {
			t.Errorf("%s: severity is %q, want critical or warning", a.Alert, s)
		}
		if a.Annotations["summary"] == "" || a.Annotations["description"] == "" {
			t.Errorf("%s: want a summary and a description", a.Alert)
		}
		if want := at + strings.ToLower(a.Alert); a.Annotations["runbook_url"] != want {
			t.Errorf("%s: runbook_url is %q, want %q", a.Alert, a.Annotations["runbook_url"], want)
		}
		_, section, ok := strings.Cut(page, "\n## "+a.Alert+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		for _, part := range []string{"**Meaning.**", "**Look.**", "**Do.**"} {
			if !ok || !strings.Contains(section, part) {
				t.Errorf("alerts.md: the section on %s lacks %s", a.Alert, part)
			}
		}
	}
	for _, found := range regexp.MustCompile(`(?m)^## (Naming\w+)$`).FindAllStringSubmatch(page, -1) {
		if !seen[found[1]] {
			t.Errorf("alerts.md tells of %s, which is no alert", found[1])
		}
	}
}
