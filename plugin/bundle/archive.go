package bundle

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// Archive is a tar.gz in the making. What could not be read is written into it
// too, so that who opens it knows. Use New, and Close.
type Archive struct {
	zip    *gzip.Writer
	tar    *tar.Writer
	folder string
	made   time.Time
	faults []string
	files  int
}

// New begins an archive of which everything is in folder.
func New(w io.Writer, folder string, made time.Time) *Archive {
	zip := gzip.NewWriter(w)
	return &Archive{zip: zip, tar: tar.NewWriter(zip), folder: folder, made: made}
}

// Add writes a file, or notes why there is none.
func (a *Archive) Add(name string, content []byte, err error) error {
	if err != nil {
		a.faults = append(a.faults, name+": "+err.Error())
		return nil //nolint:nilerr // it is noted; only the archive itself can fail
	}
	a.files++
	return a.write(name, content)
}

// AddObject writes an object as YAML without what may be secret.
func (a *Archive) AddObject(name string, object map[string]any, err error) error {
	if err != nil {
		return a.Add(name, nil, err)
	}
	text, err := yaml.Marshal(Scrub(object))
	return a.Add(name, text, err)
}

// Faults says what could not be read.
func (a *Archive) Faults() []string { return a.faults }

// Files returns how many files were written.
func (a *Archive) Files() int { return a.files }

// Close writes what could not be read and ends the archive.
func (a *Archive) Close() error {
	if len(a.faults) > 0 {
		if err := a.write("not-read.txt", []byte(strings.Join(a.faults, "\n")+"\n")); err != nil {
			return err
		}
	}
	if err := a.tar.Close(); err != nil {
		return fmt.Errorf("end archive: %w", err)
	}
	if err := a.zip.Close(); err != nil {
		return fmt.Errorf("end archive: %w", err)
	}
	return nil
}

func (a *Archive) write(name string, content []byte) error {
	header := &tar.Header{Name: a.folder + "/" + name, Mode: 0o644, Size: int64(len(content)), ModTime: a.made}
	if err := a.tar.WriteHeader(header); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if _, err := a.tar.Write(content); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
