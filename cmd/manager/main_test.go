package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/test/golden"
)

// empty is an environment without variables.
func empty(string) string { return "" }

func TestGoldenHelp(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"--help"}, empty, &out); err != nil {
		t.Errorf("run(--help) = %v, want nil", err)
	}
	golden.Check(t, "testdata/help.txt", out.Bytes())
}

func TestVersion(t *testing.T) {
	var out bytes.Buffer
	err := run(t.Context(), []string{"--version"}, empty, &out)
	if err != nil || !strings.HasPrefix(out.String(), "naming-operator "+version) {
		t.Errorf("run(--version) = %v and %q, want the version", err, out.String())
	}
}

func TestRefusedCommandLines(t *testing.T) {
	tests := map[string]struct {
		args []string
		says []string
	}{
		"a word":                  {[]string{"serve"}, []string{`unknown argument "serve"`}},
		"an unknown flag":         {[]string{"--nonsense"}, []string{"nonsense"}},
		"an image with a space":   {[]string{"--sidecar-image=a b"}, []string{"--sidecar-image"}},
		"no image":                {[]string{"--sidecar-image="}, []string{"--sidecar-image"}},
		"an unknown level":        {[]string{"--log-level=loud"}, []string{"--log-level", "debug, info or error"}},
		"a namespace in capitals": {[]string{"--watch-namespace=payments,Orders"}, []string{"--watch-namespace", `"Orders"`}},
		"two mistakes at once":    {[]string{"--log-level=loud", "--sidecar-image="}, []string{"--log-level", "--sidecar-image"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := run(t.Context(), tc.args, empty, new(bytes.Buffer))
			if err == nil {
				t.Fatal("run = nil, want an error")
			}
			for _, want := range tc.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("run = %q, want it to say %q", err, want)
				}
			}
		})
	}
}

func TestNamespacesComeFromTheEnvironment(t *testing.T) {
	for given, want := range map[string][]string{
		"":                  nil,
		"payments":          {"payments"},
		"payments, orders,": {"payments", "orders"},
	} {
		environment := map[string]string{"WATCH_NAMESPACE": given}
		o, err := parse(nil, func(name string) string { return environment[name] }, new(bytes.Buffer))
		if got := o.namespaces(); err != nil || !slices.Equal(got, want) {
			t.Errorf("namespaces of %q = %q, %v, want %q", given, got, err, want)
		}
	}
}
