package wire

import (
	"maps"
	"strings"
	"testing"
	"unsafe"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

func TestFormsAreReadAsTomcatReadsThem(t *testing.T) {
	tests := map[string]struct {
		query, body string
		want        Form
	}{
		"the query comes first":      {"a=1&b=2", "a=3&c=4", Form{"a": "1", "b": "2", "c": "4"}},
		"a plus is a blank":          {"a=x+y%20z", "", Form{"a": "x y z"}},
		"a broken escape stays":      {"a=100%&b=%zz", "", Form{"a": "100%", "b": "%zz"}},
		"a semicolon is a character": {"a=1;b=2", "", Form{"a": "1;b=2"}},
		"a value may have raw JSON":  {"", `beat={"a":"b=c"}&x=y`, Form{"beat": `{"a":"b=c"}`, "x": "y"}},
		"a name may lack a value":    {"a&b=", "", Form{"a": "", "b": ""}},
		"bytes that are no text":     {"a=%ff", "", Form{"a": "\ufffd"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := ParseForm(tc.query, tc.body); !maps.Equal(got, tc.want) {
				t.Errorf("ParseForm = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestServicesAreNamedInTwoWays(t *testing.T) {
	key := func(namespace, group, name string) naming.ServiceKey {
		return naming.ServiceKey{Namespace: namespace, Group: group, Name: name}
	}
	tests := map[string]struct {
		form Form
		want naming.ServiceKey
	}{
		"the defaults":                {Form{"serviceName": "s"}, key("public", "DEFAULT_GROUP", "s")},
		"an empty namespace":          {Form{"serviceName": "s", "namespaceId": ""}, key("public", "DEFAULT_GROUP", "s")},
		"a group beside the name":     {Form{"serviceName": "s", "groupName": "g"}, key("public", "g", "s")},
		"a group in the name wins":    {Form{"serviceName": "h@@s", "groupName": "g"}, key("public", "h", "s")},
		"blanks around it are no sin": {Form{"serviceName": " s ", "namespaceId": "n"}, key("n", "DEFAULT_GROUP", "s")},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := tc.form.Service(); err != nil || got != tc.want {
				t.Errorf("Service = %v, %v, want %v", got, err, tc.want)
			}
		})
	}
}

func TestMetadataHasTwoForms(t *testing.T) {
	tests := map[string]struct {
		text string
		want map[string]string
		good bool
	}{
		"nothing":                  {"", nil, true},
		"an object":                {`{"a":"b,c=d","n":1,"t":true}`, map[string]string{"a": "b,c=d", "n": "1", "t": "true"}, true},
		"numbers as they stand":    {`{"a":1e3,"b":2.50,"c":-0}`, map[string]string{"a": "1e3", "b": "2.50", "c": "-0"}, true},
		"null is absent":           {`{"a":null,"b":""}`, map[string]string{"b": ""}, true},
		"pairs":                    {"a=b,c=d", map[string]string{"a": "b", "c": "d"}, true},
		"a pair with two = signs":  {"a=b=c", nil, false},
		"neither":                  {"abc", nil, false},
		"an object within another": {`{"a":{"b":"c"}}`, nil, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParseMetadata(tc.text)
			if (err == nil) != tc.good || !maps.Equal(got, tc.want) {
				t.Errorf("ParseMetadata = %v, %v, want %v", got, err, tc.want)
			}
		})
	}
}

// What is kept of a call does not keep its body: of a large one that would be as much
// as it is long, for a name of three letters.
func TestParametersDoNotKeepTheBody(t *testing.T) {
	body := strings.Clone("serviceName=web&rest=" + strings.Repeat("x", 1<<10))
	first := uintptr(unsafe.Pointer(unsafe.StringData(body)))
	for name, value := range ParseForm("", body) {
		if at := uintptr(unsafe.Pointer(unsafe.StringData(value))); at >= first && at < first+uintptr(len(body)) {
			t.Errorf("%s is a part of the body", name)
		}
	}
}
