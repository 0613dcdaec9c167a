package mounted

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mount lays files out as the kubelet does: in a folder to which ..data leads, with a
// link for each.
func mount(t *testing.T, dir, version string, files map[string]string) {
	t.Helper()
	folder := filepath.Join(dir, version)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	next := filepath.Join(dir, "..data_tmp")
	if err := errors.Join(os.Symlink(version, next), os.Rename(next, filepath.Join(dir, "..data"))); err != nil {
		t.Fatal(err)
	}
}

func TestFilesAreOfOneSideOfTheSwap(t *testing.T) {
	dir := t.TempDir()
	mount(t, dir, "..1", map[string]string{"a": "1", "b": "1"})
	mount(t, dir, "..2", map[string]string{"a": "2"})
	if err := os.Symlink("..1/b", filepath.Join(dir, "b")); err != nil { // as if it had not been replaced yet
		t.Fatal(err)
	}
	files, err := Read(dir, []string{"a"}, "b")
	if err != nil || len(files) != 1 || string(files["a"]) != "2" {
		t.Errorf("Read = %q, %v", files, err)
	}
	if _, err := Read(dir, []string{"a", "b"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without one that is needed: %v", err)
	}
}

func TestPlainFoldersAndLargeFiles(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"small": maxFile, "large": maxFile + 1} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if files, err := Read(dir, []string{"small"}); err != nil || len(files["small"]) != maxFile {
		t.Errorf("the largest that there may be: %d bytes, %v", len(files["small"]), err)
	}
	for _, optional := range []bool{false, true} {
		names, more := []string{"large"}, []string(nil)
		if optional {
			names, more = nil, names
		}
		if _, err := Read(dir, names, more...); err == nil || !strings.Contains(err.Error(), "is larger than 1048576 bytes") {
			t.Errorf("one that is too large, optional %t: %v", optional, err)
		}
	}
}
