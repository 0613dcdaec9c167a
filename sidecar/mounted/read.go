package mounted

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxFile bounds each file, in bytes.
const maxFile = 1 << 20

// Read reads the named files of a directory. Where Kubernetes swaps all of them at
// once, by a link named ..data, they are read from one side of the swap. Of the
// optional ones those that do not exist are left out.
func Read(dir string, names []string, optional ...string) (out map[string][]byte, err error) {
	for range 2 { // what the link led to may be removed meanwhile
		at := dir
		if target, linked := filepath.EvalSymlinks(filepath.Join(dir, "..data")); linked == nil {
			at = target
		}
		if out, err = readAll(at, names, optional); err == nil {
			return out, nil
		}
	}
	return nil, err
}

func readAll(at string, names, optional []string) (map[string][]byte, error) {
	out := map[string][]byte{}
	var errs []error
	for i, list := range [][]string{names, optional} {
		for _, name := range list {
			data, err := ReadFile(filepath.Join(at, name))
			switch {
			case err == nil:
				out[name] = data
			case i == 0 || !errors.Is(err, fs.ErrNotExist):
				errs = append(errs, err)
			}
		}
	}
	return out, errors.Join(errs...)
}

// ReadFile reads one file, which may have a mebibyte.
func ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the path is a flag
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s: is larger than %d bytes", path, maxFile)
	}
	return data, err
}
