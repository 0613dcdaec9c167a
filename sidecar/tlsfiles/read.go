package tlsfiles

import (
	"fmt"

	"github.com/distro-naming/naming-operator/sidecar/mounted"
)

// readDir reads the files of a directory. Clients need no authorities.
func readDir(dir string, use Use) (Material, error) {
	names, optional := []string{CertFile, KeyFile, CAFile}, []string(nil)
	if use == Clients {
		names, optional = names[:2], names[2:]
	}
	files, err := mounted.Read(dir, names, optional...)
	if err != nil {
		return Material{Dir: dir}, fmt.Errorf("read certificates: %w", err)
	}
	return Material{Dir: dir, Cert: files[CertFile], Key: files[KeyFile], CA: files[CAFile]}, nil
}

func readFile(path string) ([]byte, error) { return mounted.ReadFile(path) }
