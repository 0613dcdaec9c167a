package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// nonroot is numeric, because a kubelet can check runAsNonRoot only then.
const nonroot = "65532:65532"

// write builds the image and writes the archive; a failure leaves none.
func (r *request) write() error {
	target := r.output + ".new"
	defer os.Remove(target)
	if err := r.writeTo(target); err != nil {
		return fmt.Errorf("write %s: %w", r.output, err)
	}
	return os.Rename(target, r.output)
}

func (r *request) writeTo(target string) error {
	if len(r.platforms) > 1 {
		return r.writeLayout(target)
	}
	image, err := r.image(r.platforms[0])
	if err != nil {
		return err
	}
	return tarball.WriteToFile(target, r.tag, image)
}

// writeLayout writes one index of all platforms, named as containerd and
// podman look for names in an OCI archive.
func (r *request) writeLayout(target string) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, platform := range r.platforms {
		image, err := r.image(platform)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &platform}})
	}
	annotated, ok := mutate.Annotations(index, r.labels()).(v1.ImageIndex)
	if !ok {
		return fmt.Errorf("annotate the index: unexpected type")
	}
	named := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: annotated, Descriptor: v1.Descriptor{
		Annotations: map[string]string{
			"org.opencontainers.image.ref.name": r.tag.TagStr(),
			"io.containerd.image.name":          r.fullName(),
		},
	}})
	dir, err := os.MkdirTemp("", "image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if _, err := layout.Write(dir, named); err != nil {
		return err
	}
	return archive(target, os.DirFS(dir))
}

// image is the program for one platform.
func (r *request) image(platform v1.Platform) (v1.Image, error) {
	program, err := os.ReadFile(strings.ReplaceAll(r.binary, "{arch}", platform.Architecture))
	if err != nil {
		return nil, err
	}
	content, err := layer(r.entrypoint, program)
	if err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
	only, err := tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.ConfigFile(base, &v1.ConfigFile{
		Architecture: platform.Architecture,
		Variant:      platform.Variant,
		OS:           platform.OS,
		Created:      v1.Time{Time: r.created},
		RootFS:       v1.RootFS{Type: "layers"},
		Config: v1.Config{
			Entrypoint: []string{"/" + r.entrypoint},
			User:       nonroot,
			WorkingDir: "/",
			Labels:     r.labels(),
		},
	})
	if err != nil {
		return nil, err
	}
	image, err = mutate.Append(image, mutate.Addendum{Layer: only, History: v1.History{
		Created: v1.Time{Time: r.created}, CreatedBy: "tools/image", Comment: r.entrypoint,
	}})
	if err != nil {
		return nil, err
	}
	annotated, ok := mutate.Annotations(image, r.labels()).(v1.Image)
	if !ok {
		return nil, fmt.Errorf("annotate the image: unexpected type")
	}
	return annotated, nil
}

// layer is a tar with the program alone, owned by root and writable by nobody.
func layer(entrypoint string, program []byte) ([]byte, error) {
	var content bytes.Buffer
	w := tar.NewWriter(&content)
	header := &tar.Header{Typeflag: tar.TypeReg, Name: entrypoint, Mode: 0o555, Size: int64(len(program)), Format: tar.FormatUSTAR}
	if err := w.WriteHeader(header); err != nil {
		return nil, err
	}
	if _, err := w.Write(program); err != nil {
		return nil, err
	}
	return content.Bytes(), w.Close()
}

// labels are the annotations that the OCI image specification predefines.
func (r *request) labels() map[string]string {
	labels := map[string]string{
		"org.opencontainers.image.title":    r.entrypoint,
		"org.opencontainers.image.version":  r.tag.TagStr(),
		"org.opencontainers.image.created":  r.created.Format("2006-01-02T15:04:05Z"),
		"org.opencontainers.image.source":   "https://github.com/distro-naming/naming-operator",
		"org.opencontainers.image.licenses": "Apache-2.0",
	}
	if r.revision != "" {
		labels["org.opencontainers.image.revision"] = r.revision
	}
	return labels
}

// fullName is the tag with its registry, in the spelling that containerd and
// the kubelet agree on for names without one.
func (r *request) fullName() string {
	return strings.Replace(r.tag.Name(), "index.docker.io/", "docker.io/", 1)
}
