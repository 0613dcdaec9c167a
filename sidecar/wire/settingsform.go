package wire

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Settings returns what the parameters say of a service. A threshold that is no
// number is 0, as Nacos reads it.
func (f Form) Settings() (naming.Settings, error) {
	threshold, _ := strconv.ParseFloat(f.Get("protectThreshold"), 64)
	if !(threshold >= 0 && threshold <= 1) {
		return naming.Settings{}, &Invalid{
			Field: "protectThreshold", Text: "Param 'protectThreshold' is illegal, it should be between 0 and 1.",
		}
	}
	data, err := ParseMetadata(f.Get("metadata"))
	if err != nil {
		return naming.Settings{}, err
	}
	chosen, err := f.selector()
	if err != nil {
		return naming.Settings{}, err
	}
	return naming.Settings{
		ProtectThreshold: threshold, Metadata: data, Selector: chosen, Ephemeral: f.Flag("ephemeral", false),
	}, nil
}

// selector reads a selector: JSON, which some clients escape twice.
func (f Form) selector() (naming.Selector, error) {
	text := f.Get("selector")
	if text == "" {
		return naming.Selector{}, nil
	}
	var in struct{ Type, Expression string }
	if json.Unmarshal([]byte(text), &in) != nil && json.Unmarshal([]byte(unescape(text)), &in) != nil || in.Type == "" {
		return naming.Selector{}, &Invalid{Field: "selector", Text: "not match any type of selector!", Code: SelectorInvalid}
	}
	switch in.Type {
	case "none":
		return naming.Selector{}, nil
	case "label":
		return naming.Selector{Type: in.Type, Expression: in.Expression}, nil
	default:
		return naming.Selector{}, &Invalid{
			Field: "selector", Code: SelectorInvalid,
			Text: "not match any type of selector! It should be none or label, not " + in.Type + ".",
		}
	}
}

// SelectorTypes are the types of selectors that there are.
func SelectorTypes() []byte { return []byte(`["none","label"]`) }

// Checkers are the types of health checkers that there are.
func Checkers() []byte {
	return []byte(`{"TCP":{"type":"TCP"},"HTTP":{"type":"HTTP","path":"","headers":"","expectedResponseCode":200},` +
		`"MYSQL":{"type":"MYSQL","user":null,"pwd":null,"cmd":null},"NONE":{"type":"NONE"}}`)
}

// Cluster returns the name of a cluster and what the parameters say of it.
func (f Form) Cluster() (name string, c naming.ClusterSettings, err error) {
	for _, required := range []string{"clusterName", "checkPort", "useInstancePort4Check", "healthChecker"} {
		if _, err := f.Required(required); err != nil {
			return "", c, err
		}
	}
	name = f.Get("clusterName")
	if err := checkName("cluster", name, maxCluster, word); err != nil {
		return "", c, err
	}
	port, err := strconv.ParseInt(f.Get("checkPort"), 10, 64)
	if err != nil {
		port = -1
	}
	if err := CheckPort(port); err != nil {
		return "", c, err
	}
	text := f.Get("healthChecker")
	if TypeOfChecker(text) == "" {
		return "", c, &Invalid{
			Field: "healthChecker", Text: "Param 'healthChecker' is illegal, it should be JSON with a type of TCP, HTTP, MYSQL or NONE.",
		}
	}
	data, err := ParseMetadata(f.Get("metadata"))
	return name, naming.ClusterSettings{
		HealthChecker: text, CheckPort: int(port), UseInstancePort: f.Flag("useInstancePort4Check", false), Metadata: data,
	}, err
}

// TypeOfChecker returns the type that a health checker has; "" for what is none.
// An empty text is the default.
func TypeOfChecker(text string) string {
	if text == "" {
		return "TCP"
	}
	var in struct{ Type string }
	if json.Unmarshal([]byte(text), &in) != nil {
		return ""
	}
	switch kind := strings.ToUpper(in.Type); kind {
	case "TCP", "HTTP", "MYSQL", naming.HealthCheckNone:
		return kind
	default:
		return ""
	}
}

// Range is a part of a list: pages count from 1.
type Range struct{ Number, Size int }

// Page returns which part of a list is asked for. What is no number is 0, as
// Nacos reads it: an empty page.
func (f Form) Page(number, size int) Range {
	return Range{Number: f.number("pageNo", number), Size: f.number("pageSize", size)}
}

func (f Form) number(name string, otherwise int) int {
	text := f.Get(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n > math.MaxInt32 {
		return 0
	}
	return n
}

// Of returns the items of a list that are on the page; none when there is no such
// page.
func Of[T any](r Range, list []T) []T {
	if r.Number < 1 || r.Size < 1 || r.Number-1 > len(list)/r.Size {
		return nil
	}
	first := min((r.Number-1)*r.Size, len(list))
	return list[first:min(first+min(r.Size, len(list)), len(list))]
}

// Namespace returns the namespace that the parameters name.
func (f Form) Namespace() string { return f.or("namespaceId", naming.DefaultNamespace) }

// Group returns the group that the parameters name.
func (f Form) Group() string { return f.or("groupName", naming.DefaultGroup) }
