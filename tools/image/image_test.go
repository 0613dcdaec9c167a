package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// pack runs the whole command for a program of the given content.
func pack(t *testing.T, program string, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, arch := range []string{"amd64", "arm64"} {
		if err := os.WriteFile(filepath.Join(dir, "tool-"+arch), []byte(program+arch), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(dir, "out.tar")
	args = append([]string{"-binary", filepath.Join(dir, "tool-{arch}"), "-entrypoint", "tool", "-tag", "acme/tool:v1", "-o", out}, args...)
	r, err := parse(args, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	if err := r.write(); err != nil {
		t.Fatal(err)
	}
	return out
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestEqualInputsGiveEqualBytes(t *testing.T) {
	tests := map[string][]string{
		"one platform":      {"-platform", "linux/amd64"},
		"several platforms": {"-platform", "linux/amd64,linux/arm64"},
	}
	for name, args := range tests {
		t.Run(name, func(t *testing.T) {
			first, second, other := read(t, pack(t, "x", args...)), read(t, pack(t, "x", args...)), read(t, pack(t, "y", args...))
			if !bytes.Equal(first, second) {
				t.Error("two runs differ")
			}
			if bytes.Equal(first, other) {
				t.Error("another program gave the same archive")
			}
		})
	}
}

func TestImageRunsTheProgramAsNobody(t *testing.T) {
	image, err := tarball.ImageFromPath(pack(t, "x", "-platform", "linux/arm64"), nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if got := config.Config; got.User != nonroot || len(got.Entrypoint) != 1 || got.Entrypoint[0] != "/tool" {
		t.Errorf("config = user %q, entrypoint %q; want %q and /tool", got.User, got.Entrypoint, nonroot)
	}
	if want := (v1.Platform{OS: "linux", Architecture: "arm64"}); !config.Platform().Equals(want) {
		t.Errorf("platform = %v, want %v", config.Platform(), want)
	}
	if layers, err := image.Layers(); err != nil || len(layers) != 1 {
		t.Errorf("layers = %d, %v; want one", len(layers), err)
	}
}

func TestWrongFlagsAreRefused(t *testing.T) {
	complete := []string{"-binary", "b", "-entrypoint", "tool", "-tag", "acme/tool:v1", "-o", "out.tar"}
	tests := map[string][]string{
		"no output":                        complete[:6],
		"a path as entrypoint":             append([]string{"-entrypoint", "a/b"}, complete[:2]...),
		"another system":                   append([]string{"-platform", "windows/amd64"}, complete...),
		"several platforms but one binary": append([]string{"-platform", "linux/amd64,linux/arm64"}, complete...),
	}
	for name, args := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(args, func(string) string { return "" }); err == nil {
				t.Errorf("parse(%q) succeeded", args)
			}
		})
	}
}
