package wire

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Limits of what may be registered (gRPC page, 3.8).
const (
	maxNamespace = 64
	maxGroup     = 128
	maxService   = 512
	maxCluster   = 64
	maxIP        = 128
	maxPort      = 65535
	maxMetadata  = 1024 // characters of all keys and values together
	maxWeight    = 10000

	maxID       = 1024             // of an instance; Java's own has fewer than 900
	maxClusters = 100 * maxCluster // names that are asked for at once
	maxProgram  = 256              // of the name of a client's program, which is kept as long as it is there
)

// Invalid is a request that its user must change.
type Invalid struct {
	Field string // the member or parameter at fault
	Text  string // what is wrong, in Nacos's words where it has them
	Hint  string // the limit and the way out
	Param bool   // found by Nacos's parameter check, whose texts end in a line break over HTTP

	Code ErrorCode // of the v2 and v3 APIs over HTTP; none: ParameterInvalid
}

// Error returns the text and the hint.
func (e *Invalid) Error() string {
	if e.Hint == "" {
		return e.Text
	}
	return e.Text + " " + e.Hint
}

// Words that recur in Nacos's complaints.
const (
	weightRange       = "instance format invalid: The weights range from 0.0 to 10000.0"
	illegalCharacters = "illegal characters should not appear in the param."
	heartbeatOrder    = "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'."
)

// CheckService complains about a service that cannot be registered or read.
func CheckService(k naming.ServiceKey) error {
	switch {
	case k.Name == "":
		return &Invalid{
			Field: "serviceName", Text: "Param 'serviceName' is illegal, serviceName is blank",
			Hint: "Give the service a name.",
		}
	case k.Group == "":
		return &Invalid{
			Field: "groupName", Text: "Param 'groupName' is illegal, groupName is blank",
			Hint: "Give the group, usually " + naming.DefaultGroup + ".",
		}
	}
	return CheckNames(k)
}

// CheckNames complains about characters and lengths only: reading a service
// with an empty name finds nothing, which is no fault.
func CheckNames(k naming.ServiceKey) error {
	if err := checkName("namespaceId/tenant", k.Namespace, maxNamespace, word); err != nil {
		return err
	}
	if err := checkName("group", k.Group, maxGroup, func(r rune) bool { return word(r) || r == ':' || r == '.' }); err != nil {
		return err
	}
	if err := checkName("serviceName", k.Name, maxService, plain); err != nil {
		return err
	}
	if strings.HasPrefix(k.Name, "@") || strings.Contains(k.Name, "@@") {
		return illegal("serviceName", `It must not begin with "@" nor contain "@@".`)
	}
	return nil
}

func checkName(field, value string, limit int, allowed func(rune) bool) error {
	if len(value) > limit && utf8.RuneCountInString(value) > limit {
		return tooLong(field, limit, utf8.RuneCountInString(value))
	}
	for _, r := range value {
		if !allowed(r) {
			return illegal(field, strconv.QuoteRune(r)+" is not allowed in it.")
		}
	}
	return nil
}

func tooLong(field string, limit, length int) error {
	return &Invalid{
		Field: field, Param: true,
		Text: "Param '" + field + "' is illegal, the param length should not exceed " + strconv.Itoa(limit) + ".",
		Hint: "It is " + strconv.Itoa(length) + " long: shorten it.",
	}
}

func illegal(field, hint string) error {
	return &Invalid{Field: field, Param: true, Text: "Param '" + field + "' is illegal, " + illegalCharacters, Hint: hint}
}

// word allows what Nacos allows in names: letters, digits, "_" and "-".
func word(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-'
}

// plain allows everything but white space and the Chinese characters that Nacos
// excludes, and what cannot be seen: it would be read as something else in a log or
// on a page.
func plain(r rune) bool {
	if r < utf8.RuneSelf { // nearly always
		return r > ' ' && r != 0x7f
	}
	return !unicode.IsSpace(r) && (r < 0x4e00 || r > 0x9fa5) && !unicode.In(r, unicode.Cc, unicode.Cf)
}

// CheckClusters complains about names of clusters, in a list with commas, that no
// instance can be in, and about more names than anybody asks for: they are kept as
// long as who asked for them is told of changes.
func CheckClusters(csv string) error {
	if n := utf8.RuneCountInString(csv); n > maxClusters {
		return tooLong("clusters", maxClusters, n)
	}
	for name := range strings.SplitSeq(csv, ",") {
		if err := checkName("cluster", strings.TrimSpace(name), maxCluster, word); err != nil {
			return err
		}
	}
	return nil
}

// CheckInstance complains about an instance that cannot be registered.
func CheckInstance(i naming.Instance) error {
	if i.IP == "" {
		return &Invalid{Field: "ip", Text: "Param 'ip' is illegal, ip is blank", Hint: "Give the address that callers shall use."}
	}
	if err := checkName("ip", i.IP, maxIP, plain); err != nil {
		return err
	}
	if len(i.ID) > maxID && utf8.RuneCountInString(i.ID) > maxID {
		return tooLong("instanceId", maxID, utf8.RuneCountInString(i.ID))
	}
	if err := CheckPort(int64(i.Port)); err != nil {
		return err
	}
	if err := checkName("cluster", i.Cluster, maxCluster, word); err != nil {
		return err
	}
	if strings.Contains(i.Cluster, "_") {
		return &Invalid{
			Field: "clusterName",
			Text:  "Instance 'clusterName' should be characters with only 0-9a-zA-Z-. (current: " + i.Cluster + ")",
			Code:  InstanceError,
		}
	}
	if !finite(i.Weight) {
		return &Invalid{Field: "weight", Text: weightRange, Hint: "Give a finite number.", Code: WeightError}
	}
	return checkMetadata(i.Metadata)
}

// Program returns the beginning of the name of a client's program, which keeps no
// more of it.
func Program(name string) string {
	if len(name) > maxProgram {
		return strings.ToValidUTF8(strings.Clone(name[:maxProgram]), "")
	}
	return name
}

// CheckPort complains about a port outside 0-65535.
func CheckPort(port int64) error {
	if port < 0 || port > maxPort {
		return &Invalid{
			Field: "port", Param: true,
			Text: "Param 'port' is illegal, the value should be between 0 and 65535.",
			Hint: "It is " + strconv.FormatInt(port, 10) + ": register the port that the instance listens on.",
		}
	}
	return nil
}

// CheckWeight complains about a weight outside 0-10000, which only the HTTP API
// refuses (HTTP page, 0.5).
func CheckWeight(w float64) error {
	if !(w >= 0 && w <= maxWeight) {
		return &Invalid{Field: "weight", Text: weightRange, Code: WeightError}
	}
	return nil
}

func checkMetadata(m map[string]string) error {
	length, beats := 0, false
	for k, v := range m {
		length += utf8.RuneCountInString(k) + utf8.RuneCountInString(v)
		beats = beats || k == heartbeatInterval || k == heartbeatTimeout || k == deleteTimeout
	}
	if length > maxMetadata {
		return tooLong("Metadata", maxMetadata, length)
	}
	if !beats { // as nearly all
		return nil
	}
	if every := Interval(m); timeoutOf(m) < every || deleteAfter(m) < every {
		return &Invalid{Field: heartbeatInterval, Text: heartbeatOrder, Code: InstanceError}
	}
	return nil
}
