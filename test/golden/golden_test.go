package golden

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCheckAcceptsEqualContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.golden")
	if err := os.WriteFile(path, []byte("same"), 0o600); err != nil {
		t.Fatal(err)
	}
	Check(t, path, []byte("same"))
}

func TestUpdateWritesTheFileAndItsFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "a.golden")
	*update = true
	t.Cleanup(func() { *update = false })

	Check(t, path, []byte("fresh"))

	if got, err := os.ReadFile(path); err != nil || string(got) != "fresh" {
		t.Errorf("content after update = %q, %v, want %q", got, err, "fresh")
	}
}
