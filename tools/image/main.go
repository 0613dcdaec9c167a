// Command image packs a static program into a container image without a
// container engine and without a registry.
//
// The image is the program alone, in one layer, run as user 65532. Equal inputs
// give equal bytes: no clock is read, and SOURCE_DATE_EPOCH (seconds) sets the
// time of creation. One platform is written as an archive that docker, podman
// and containerd load; several become an OCI archive with a multi-platform
// index.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// request is a checked command line.
type request struct {
	binary     string // path; {arch} in it stands for each platform's architecture
	entrypoint string // the program's file name in the image's root
	tag        name.Tag
	platforms  []v1.Platform
	created    time.Time
	revision   string
	output     string
}

func main() {
	r, err := parse(os.Args[1:], os.Getenv)
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err == nil {
		err = r.write()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func parse(args []string, getenv func(string) string) (*request, error) {
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	r := new(request)
	flags.StringVar(&r.binary, "binary", "", "static `program`; with several platforms {arch} in it is replaced")
	flags.StringVar(&r.entrypoint, "entrypoint", "", "`name` of the program in the image")
	flags.StringVar(&r.revision, "revision", "", "source `commit` for the labels")
	flags.StringVar(&r.output, "o", "", "`file` to write")
	tag := flags.String("tag", "", "`reference` of the image")
	platforms := flags.String("platform", "linux/"+runtime.GOARCH, "comma separated `list`")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if r.binary == "" || r.entrypoint == "" || r.output == "" {
		return nil, errors.New("read flags: -binary, -entrypoint, -tag and -o are required")
	}
	if strings.Contains(r.entrypoint, "/") {
		return nil, fmt.Errorf("read -entrypoint %q: want a file name without slashes", r.entrypoint)
	}
	var err error
	if r.tag, err = name.NewTag(*tag); err != nil {
		return nil, fmt.Errorf("read -tag: %w", err)
	}
	if r.platforms, err = parsePlatforms(*platforms); err != nil {
		return nil, err
	}
	if len(r.platforms) > 1 && !strings.Contains(r.binary, "{arch}") {
		return nil, fmt.Errorf("read -binary %q: several platforms need {arch} in the path", r.binary)
	}
	seconds, err := strconv.ParseInt(cmp.Or(getenv("SOURCE_DATE_EPOCH"), "0"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("read SOURCE_DATE_EPOCH: %w", err)
	}
	r.created = time.Unix(seconds, 0).UTC()
	return r, nil
}

func parsePlatforms(list string) ([]v1.Platform, error) {
	var platforms []v1.Platform
	for text := range strings.SplitSeq(list, ",") {
		p, err := v1.ParsePlatform(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("read -platform: %w", err)
		}
		if p.OS != "linux" || p.Architecture == "" {
			return nil, fmt.Errorf("read -platform %q: want linux/ARCHITECTURE", text)
		}
		platforms = append(platforms, *p)
	}
	return platforms, nil
}
