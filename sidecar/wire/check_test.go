package wire

import (
	"errors"
	"math"
	"strings"
	"testing"
	"unicode"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// What is quick about ASCII decides as the tables of Unicode do.
func TestCharactersOfNames(t *testing.T) {
	for r := range rune(0x3000) {
		visible := !unicode.IsSpace(r) && !unicode.In(r, unicode.Cc, unicode.Cf)
		if got := plain(r); got != visible {
			t.Errorf("plain(%U) = %v", r, got)
		}
		named := r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) || r == '_' || r == '-'
		if got := word(r); got != named {
			t.Errorf("word(%U) = %v", r, got)
		}
	}
}

func TestNamesThatCannotBeRegistered(t *testing.T) {
	good := naming.ServiceKey{Namespace: "public", Group: "DEFAULT_GROUP", Name: "a.b:c-d_e"}
	name := func(s string) naming.ServiceKey { return naming.ServiceKey{Namespace: "public", Group: "g", Name: s} }
	group := func(s string) naming.ServiceKey { return naming.ServiceKey{Namespace: "public", Group: s, Name: "n"} }
	namespace := func(s string) naming.ServiceKey { return naming.ServiceKey{Namespace: s, Group: "g", Name: "n"} }
	tests := map[string]struct {
		key   naming.ServiceKey
		field string // "" when it is good
	}{
		"a plain service is good":               {good, ""},
		"a namespace may be empty":              {namespace(""), ""},
		"a name may have 512 characters":        {name(strings.Repeat("n", 512)), ""},
		"a name of 513 characters is too long":  {name(strings.Repeat("n", 513)), "serviceName"},
		"a name is required":                    {name(""), "serviceName"},
		"a name has no blanks":                  {name("a b"), "serviceName"},
		"a name has no chinese characters":      {name("\u4e2d"), "serviceName"},
		"a name does not begin with @":          {name("@a"), "serviceName"},
		"a name does not contain the separator": {name("g@@a"), "serviceName"},
		"a group is required":                   {group(""), "groupName"},
		"a group has no #":                      {group("a#b"), "group"},
		"a group has at most 128 characters":    {group(strings.Repeat("g", 129)), "group"},
		"a namespace has no blanks":             {namespace("a b"), "namespaceId/tenant"},
		"a namespace has at most 64 characters": {namespace(strings.Repeat("n", 65)), "namespaceId/tenant"},
	}
	for title, tc := range tests {
		t.Run(title, func(t *testing.T) { wantField(t, CheckService(tc.key), tc.field) })
	}
}

func TestInstancesThatCannotBeRegistered(t *testing.T) {
	good := naming.Instance{IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT", Weight: 1}
	with := func(change func(*naming.Instance)) naming.Instance {
		i := good
		change(&i)
		return i
	}
	meta := func(pairs ...string) func(*naming.Instance) {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return func(i *naming.Instance) { i.Metadata = m }
	}
	tests := map[string]struct {
		instance naming.Instance
		field    string
	}{
		"a plain instance is good":                {good, ""},
		"a host name is good":                     {with(func(i *naming.Instance) { i.IP = "a.example" }), ""},
		"a huge weight is good":                   {with(func(i *naming.Instance) { i.Weight = 20000 }), ""},
		"a weight must be a number":               {with(func(i *naming.Instance) { i.Weight = math.NaN() }), "weight"},
		"an address is required":                  {with(func(i *naming.Instance) { i.IP = "" }), "ip"},
		"an address has no blanks":                {with(func(i *naming.Instance) { i.IP = "a b" }), "ip"},
		"a port is at most 65535":                 {with(func(i *naming.Instance) { i.Port = 70000 }), "port"},
		"a port is not negative":                  {with(func(i *naming.Instance) { i.Port = -1 }), "port"},
		"a cluster has no underscore":             {with(func(i *naming.Instance) { i.Cluster = "a_b" }), "clusterName"},
		"a cluster has no blanks":                 {with(func(i *naming.Instance) { i.Cluster = "a b" }), "cluster"},
		"1024 characters of metadata are good":    {with(meta("k", strings.Repeat("é", 1023))), ""},
		"so are those that Java counts double":    {with(meta("k", strings.Repeat("\U0001f600", 1023))), ""},
		"1025 characters of metadata are not":     {with(meta("k", strings.Repeat("é", 1024))), "Metadata"},
		"a timeout is not below the interval":     {with(meta(heartbeatInterval, "9000", heartbeatTimeout, "3000")), heartbeatInterval},
		"a removal is not before the next beat":   {with(meta(heartbeatInterval, "9000", deleteTimeout, "3000")), heartbeatInterval},
		"a timeout that is no number is not read": {with(meta(heartbeatTimeout, "soon")), ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) { wantField(t, CheckInstance(tc.instance), tc.field) })
	}
}

func TestNamesOfClustersThatNoInstanceIsIn(t *testing.T) {
	for csv, field := range map[string]string{
		"": "", "DEFAULT": "", "a,b_c, d-1": "", ",": "",
		"a b": "cluster", "a,b.c": "cluster", "a," + strings.Repeat("c", 65): "cluster",
	} {
		t.Run(csv, func(t *testing.T) { wantField(t, CheckClusters(csv), field) })
	}
}

func wantField(t *testing.T, err error, field string) {
	t.Helper()
	var invalid *Invalid
	switch {
	case field == "" && err != nil:
		t.Errorf("refused: %v", err)
	case field != "" && (!errors.As(err, &invalid) || invalid.Field != field):
		t.Errorf("got %v, want a complaint about %s", err, field)
	}
}

func TestMembersOfAWrongTypeAreNamed(t *testing.T) {
	tests := map[string]struct{ body, field string }{
		"a port as text":         {`{"serviceName":"s","instance":{"port":"abc"}}`, "instance.port"},
		"a port with a fraction": {`{"serviceName":"s","instance":{"port":1.5}}`, "instance.port"},
		"a huge port":            {`{"serviceName":"s","instance":{"port":99999999999999999999}}`, "instance.port"},
		"a weight that is none":  {`{"serviceName":"s","instance":{"weight":"NaN"}}`, "instance.weight"},
		"nested metadata":        {`{"serviceName":"s","instance":{"metadata":{"a":{"b":"c"}}}}`, "metadata"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			change, err := DecodeInstanceChange([]byte(tc.body))
			wantField(t, err, tc.field)
			if change.ServiceName != "s" {
				t.Errorf("the service was lost: %+v", change)
			}
		})
	}
	for name, body := range map[string]string{"broken": `{bad`, "empty": ``, "a list": `[]`, "text": `"a"`} {
		t.Run(name+" is malformed", func(t *testing.T) {
			if _, err := DecodeInstanceChange([]byte(body)); !errors.Is(err, ErrMalformed) {
				t.Errorf("got %v, want ErrMalformed", err)
			}
		})
	}
}

func TestInstanceDefaultsAreThoseOfNacos(t *testing.T) {
	change, err := DecodeInstanceChange([]byte(`{"instance":{"ip":"10.8.0.2","port":6002,"metadata":{"n":1,"t":true,"f":2.0}}}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := change.Instance.Publish(naming.ServiceKey{Namespace: "public", Group: "DEFAULT_GROUP", Name: "tool-min"}, nil)
	want := naming.Instance{
		ID: "10.8.0.2#6002#null#DEFAULT_GROUP@@tool-min", IP: "10.8.0.2", Port: 6002, Cluster: "DEFAULT", Weight: 1,
		Healthy: true, Enabled: true, Metadata: map[string]string{"n": "1", "t": "true", "f": "2.0"},
	}
	if err != nil || !got.Equal(want) {
		t.Errorf("Publish = %+v, %v, want %+v", got, err, want)
	}
}

func TestPagesOfNames(t *testing.T) {
	names := []string{"a", "b", "c"}
	tests := map[string]struct {
		page, size int
		want       string
	}{
		"the first page":               {1, 2, "a b"},
		"the last page":                {2, 2, "c"},
		"a page beyond the end":        {9, 2, ""},
		"page zero":                    {0, 0, ""},
		"a page of everything":         {1, 100, "a b c"},
		"numbers near their limit":     {math.MaxInt, math.MaxInt, ""},
		"a size near its limit":        {1, math.MaxInt, "a b c"},
		"a page number near its limit": {math.MaxInt, 1, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(Listing{PageNo: tc.page, PageSize: tc.size}.Page(names), " "); got != tc.want {
				t.Errorf("Page = %q, want %q", got, tc.want)
			}
		})
	}
}
