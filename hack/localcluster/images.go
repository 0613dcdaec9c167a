package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// load imports archives and says for each name whether its image is new,
// replaced or the same as before.
func load(ctx context.Context, c *cluster, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("load: want the path of an image archive")
	}
	if c.daemon(containerd).running() == 0 {
		return errDown
	}
	before, err := c.node.images(ctx)
	if err != nil {
		return err
	}
	for _, archive := range args {
		for _, n := range c.nodes() {
			if err := c.load(ctx, n, archive); err != nil {
				return err
			}
		}
	}
	after, err := c.node.images(ctx)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		switch before[name] {
		case after[name]:
		case "":
			fmt.Fprintln(out, "new", name)
		default:
			fmt.Fprintln(out, "replaced", name)
		}
	}
	return nil
}

// load makes the images of an archive known to the kubelet under the names they
// carry; one of the same name is replaced, and pods that start later get it.
func (c *cluster) load(ctx context.Context, n node, archive string) error {
	_, err := n.ctr(ctx, "images", "import", "--snapshotter", snapshotter(c.dir), archive)
	return err
}

// images maps the names of the node's images to their digests.
func (n node) images(ctx context.Context) (map[string]string, error) {
	table, err := n.ctr(ctx, "images", "list")
	if err != nil {
		return nil, err
	}
	return digests(table), nil
}

// digests reads containerd's table of images: name, type, digest and more. Names
// that are digests themselves are the kubelet's and are left out.
func digests(table string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) > 2 && strings.HasPrefix(fields[2], "sha256:") && !strings.HasPrefix(fields[0], "sha256:") {
			found[fields[0]] = fields[2]
		}
	}
	return found
}
