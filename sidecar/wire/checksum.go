package wire

import (
	"crypto/md5" //nolint:gosec // Nacos's choice; it protects nothing
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf16"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Checksum is that of the list, by which members of Nacos 1.x compare what they
// have (HTTP page, 6.6): MD5, in hex.
func (d Datum) Checksum() string {
	var b []byte
	for _, l := range inJavaOrder(d.List) {
		b = appendSummed(b, l, true)
		for _, k := range slices.SortedFunc(maps.Keys(l.Metadata), compareJava) {
			b = append(append(append(append(b, k...), ':'), l.Metadata[k]...), ',')
		}
		b = append(b, ',')
	}
	return hexOf(b)
}

// Revision is the checksum as the revision of a record; it is never 0.
func Revision(checksum string) int32 {
	const digits = 7
	n, err := strconv.ParseInt(checksum[:min(digits, len(checksum))], 16, 32)
	if err != nil {
		return 1
	}
	return int32(n) + 1
}

// ServiceChecksum is that of the service with its health, which a member of
// Nacos 1.x compares to know whether it must ask for the latter (6.9).
func (d Datum) ServiceChecksum() string {
	b := []byte(`{"invalidIPCount":`)
	invalid := 0
	clusters := []string{}
	for _, l := range d.List {
		if !l.Healthy {
			invalid++
		}
		if !slices.Contains(clusters, l.Cluster) {
			clusters = append(clusters, l.Cluster)
		}
	}
	b = strconv.AppendInt(b, int64(invalid), 10)
	b = appendString(append(b, `,"name":`...), d.Service.Grouped())
	b = strconv.AppendInt(append(b, `,"ipCount":`...), int64(len(d.List)), 10)
	b = append(b, `,"owners":[],"protectThreshold":0.0,"clusters":[`...)
	for i, name := range inHashOrder(clusters) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"healthChecker":{},"defIPPort":80,"defCkport":80,"name":`...)
		b = append(appendString(b, name), `,"useIPPort4Check":true,"sitegroup":""}`...)
	}
	b = append(b, "]}"...)
	for _, l := range inJavaOrder(d.List) {
		b = append(appendSummed(b, l, false), ',')
	}
	return hexOf(b)
}

// appendSummed writes what both checksums are taken over.
func appendSummed(b []byte, l Listed, withEnabled bool) []byte {
	b = append(append(b, l.IP...), ':')
	b = append(strconv.AppendInt(b, int64(l.Port), 10), '_')
	b = append(appendDouble(b, clampWeight(l.Weight)), '_')
	b = append(strconv.AppendBool(b, l.Healthy), '_')
	if !withEnabled {
		return append(b, l.Cluster...)
	}
	b = append(strconv.AppendBool(b, l.Enabled), '_')
	return append(append(b, l.Cluster...), '_')
}

func hexOf(b []byte) string {
	sum := md5.Sum(b) //nolint:gosec // as above
	return hex.EncodeToString(sum[:])
}

// inJavaOrder sorts instances as Nacos does: by their text.
func inJavaOrder(list []Listed) []Listed {
	text := func(l Listed) string {
		b := append([]byte(l.IP), ':')
		if l.Port > 0 {
			b = append(strconv.AppendInt(b, int64(l.Port), 10), ':')
		}
		b = append(append(b, "unknown:"...), l.Cluster...)
		b = append(appendDouble(append(b, '_'), clampWeight(l.Weight)), '_')
		b = append(strconv.AppendBool(b, l.Healthy), '_')
		b = append(strconv.AppendBool(b, l.Marked), '_')
		return string(append(b, l.Cluster...))
	}
	return slices.SortedFunc(slices.Values(list), func(a, b Listed) int { return compareJava(text(a), text(b)) })
}

// compareJava orders as Java's String does, by UTF-16 units.
func compareJava(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

// inHashOrder returns the names in the order in which a Java HashMap that they
// were put into goes through them.
func inHashOrder(names []string) []string {
	const first, fullAt = 16, 0.75
	capacity := uint32(first)
	for float64(len(names)) > fullAt*float64(capacity) {
		capacity *= 2
	}
	bucket := func(name string) uint32 {
		h := uint32(naming.JavaHash(name)) //nolint:gosec // its bits, as Java shifts them
		return (h ^ h>>16) & (capacity - 1)
	}
	return slices.SortedStableFunc(slices.Values(names), func(a, b string) int { return int(bucket(a)) - int(bucket(b)) })
}

// Checksums is the body by which a member shows what it owns.
func Checksums(sums map[naming.ServiceKey]string) []byte {
	out := make(map[string]string, len(sums))
	for s, sum := range sums {
		out[DatumKey(s)] = sum
	}
	return appendMap(nil, out)
}

// DecodeChecksums reads such a body. Keys of other things are passed over.
func DecodeChecksums(body []byte) (map[naming.ServiceKey]string, error) {
	var in map[string]string
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrMalformed, err.Error())
	}
	out := make(map[naming.ServiceKey]string, len(in))
	for key, sum := range in {
		if s, ephemeral := ParseDatumKey(key); ephemeral {
			out[s] = sum
		}
	}
	return out, nil
}

// ServiceStatus is the body by which a member shows the checksums, with health,
// of the services that it owns in one namespace. The receiver decodes it as part
// of an address before it reads it.
func ServiceStatus(self member.Address, namespace string, sums map[string]string) []byte {
	inner := appendString([]byte(`{"namespaceId":`), namespace)
	inner = append(appendMap(append(inner, `,"serviceName2Checksum":`...), sums), '}')
	b := appendString([]byte(`{"clientIP":`), string(self))
	b = append(appendString(append(b, `,"statuses":`...), string(inner)), '}')
	out := make([]byte, 0, len(b))
	for _, c := range b {
		switch c {
		case '%':
			out = append(out, "%25"...)
		case '+':
			out = append(out, "%2B"...)
		default:
			out = append(out, c)
		}
	}
	return out
}

// DecodeServiceStatus returns who sent such a body; false for one without.
func DecodeServiceStatus(body []byte) (from member.Address, ok bool) {
	var in *struct {
		ClientIP member.Address `json:"clientIP"`
	}
	if json.Unmarshal([]byte(unescape(string(body))), &in) != nil || in == nil {
		return "", false
	}
	return in.ClientIP, in.ClientIP != ""
}

// Statuses is the health of all instances of a service.
func Statuses(hosts []naming.Instance) []byte {
	texts := make([]string, 0, len(hosts))
	for _, h := range hosts {
		texts = append(texts, h.IP+":"+strconv.Itoa(h.Port)+"_"+strconv.FormatBool(h.Healthy))
	}
	return append(appendStrings([]byte(`{"ips":`), texts), '}')
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
