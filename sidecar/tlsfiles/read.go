package tlsfiles

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

// readDir reads the files of a directory. Where Kubernetes swaps all of them at
// once, by a link named ..data, they are read from one side of the swap.
func readDir(dir string, use Use) (m Material, err error) {
	for range 2 { // what the link led to may be removed meanwhile
		at := dir
		if target, linked := filepath.EvalSymlinks(filepath.Join(dir, "..data")); linked == nil {
			at = target
		}
		m = Material{Dir: dir}
		var errs [3]error
		m.Cert, errs[0] = readFile(filepath.Join(at, CertFile))
		m.Key, errs[1] = readFile(filepath.Join(at, KeyFile))
		m.CA, errs[2] = readFile(filepath.Join(at, CAFile))
		if use == Clients && errors.Is(errs[2], fs.ErrNotExist) {
			errs[2] = nil
		}
		if err = errors.Join(errs[:]...); err == nil {
			return m, nil
		}
	}
	return m, fmt.Errorf("read certificates: %w", err)
}

func readFile(path string) ([]byte, error) {
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
