package wire

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Form holds the parameters of an HTTP call; of several of one name the first
// counts.
type Form map[string]string

// ParseForm reads parameters as Tomcat does: it never fails. Query and form
// body are joined, the query first; broken escapes and other odd bytes stay as
// they are (HTTP page, 0.2).
func ParseForm(query, body string) Form {
	f := Form{}
	for _, text := range []string{query, body} {
		for pair := range strings.SplitSeq(text, "&") {
			name, value, _ := strings.Cut(pair, "=")
			if name = unescape(name); name == "" {
				continue
			}
			if _, taken := f[name]; !taken {
				f[name] = strings.ToValidUTF8(unescape(value), "\ufffd")
			}
		}
	}
	return f
}

// unescape undoes percent encoding where it is one. It returns a copy: what is kept
// of a call must not keep its whole body.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return strings.Clone(s)
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, ' ')
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			n, _ := strconv.ParseUint(s[i+1:i+3], 16, 8) // two hex digits cannot fail
			b = append(b, byte(n))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// Get returns a parameter without surrounding blanks, or "".
func (f Form) Get(name string) string { return strings.TrimSpace(f[name]) }

func (f Form) or(name, otherwise string) string {
	if v := f.Get(name); v != "" {
		return v
	}
	return otherwise
}

// Required returns a parameter that must be there.
func (f Form) Required(name string) (string, error) {
	v := f.Get(name)
	if v == "" {
		return "", &Invalid{Field: name, Text: "Param '" + name + "' is required.", Code: ParameterMissing}
	}
	return v, nil
}

// Flag reads a boolean in the words that Nacos takes for true.
func (f Form) Flag(name string, otherwise bool) bool {
	switch strings.ToLower(f.Get(name)) {
	case "":
		return otherwise
	case "true", "t", "yes", "y", "on":
		return true
	default:
		return false
	}
}

// Persistent reports whether ephemeral is false.
func (f Form) Persistent() bool { return !f.Flag("ephemeral", true) }

// ErrGroupEmpty is a service name that begins with the separator.
var ErrGroupEmpty = &Invalid{
	Field: "serviceName",
	Text:  "Service name filter error,caused: Param 'serviceName' is illegal, groupName can't be empty;",
}

// Service returns the service that the parameters name (HTTP page, 0.3): a
// serviceName that contains its group wins over groupName.
func (f Form) Service() (naming.ServiceKey, error) {
	name, err := f.Required("serviceName")
	if err != nil {
		return naming.ServiceKey{}, err
	}
	k := naming.ServiceKey{
		Namespace: f.Namespace(),
		Group:     f.Group(),
		Name:      name,
	}
	if strings.Contains(name, "@@") {
		k.Group, k.Name = naming.SplitGrouped(name)
		if k.Group == "" {
			return k, ErrGroupEmpty
		}
	}
	return k, CheckService(k)
}

// Endpoint returns the ip, port and cluster that the parameters name, checked.
func (f Form) Endpoint() (naming.Endpoint, error) {
	var port int64
	if text := f.Get("port"); text != "" {
		var err error
		if port, err = strconv.ParseInt(text, 10, 64); err != nil {
			port = -1 // what is no number is no port either, in Nacos's words
		}
		if err := CheckPort(port); err != nil {
			return naming.Endpoint{}, err
		}
	}
	for _, name := range []string{"ip", "port"} {
		if _, err := f.Required(name); err != nil {
			return naming.Endpoint{}, err
		}
	}
	cluster := f.or("clusterName", f.or("cluster", naming.DefaultCluster))
	return naming.Endpoint{IP: f.Get("ip"), Port: int(port), Cluster: cluster}, nil
}

// Instance returns the instance that the parameters describe, checked.
func (f Form) Instance(s naming.ServiceKey) (naming.Instance, error) {
	e, err := f.Endpoint()
	if err != nil {
		return naming.Instance{}, err
	}
	weight, err := strconv.ParseFloat(f.or("weight", "1"), 64)
	if err != nil {
		return naming.Instance{}, &Invalid{Field: "weight", Text: "For input string: " + strconv.Quote(short(f.Get("weight")))}
	}
	if err := CheckWeight(weight); err != nil {
		return naming.Instance{}, err
	}
	data, err := ParseMetadata(f.Get("metadata"))
	if err != nil {
		return naming.Instance{}, err
	}
	i := naming.Instance{
		ID:       naming.DefaultID(e.IP, strconv.Itoa(e.Port), e.Cluster, s.Grouped()),
		IP:       e.IP,
		Port:     e.Port,
		Cluster:  e.Cluster,
		Weight:   weight,
		Healthy:  f.Flag("healthy", true),
		Enabled:  f.Flag("enabled", f.Flag("enable", true)),
		Metadata: data,
	}
	return i, CheckInstance(i)
}

// MetadataError is metadata in neither of the two forms.
type MetadataError struct{ Text string }

// Error returns Nacos's text.
func (e *MetadataError) Error() string { return "metadata format incorrect:" + e.Text }

// ParseMetadata reads metadata as a JSON object of scalars, or else as
// "k1=v1,k2=v2" (HTTP page, 0.5).
func ParseMetadata(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	var object metadata
	if json.Unmarshal([]byte(text), &object) == nil {
		return object, nil
	}
	out := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		k, v, found := strings.Cut(pair, "=")
		if !found || strings.Contains(v, "=") {
			return nil, &MetadataError{Text: short(text)}
		}
		out[k] = v
	}
	return out, nil
}
