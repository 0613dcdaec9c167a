package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Folders that the kubelet, containerd and the CNI library use wherever their
// state is; no option moves them.
const (
	podLogLinks   = "/var/log/containers"
	devicePlugins = "/var/lib/kubelet/device-plugins"
	cniResults    = "/var/lib/cni/results"
	shimSockets   = "/run/containerd/s"
)

// removeStrays deletes what this cluster put into folders that others may use
// as well, and those folders when nothing else is in them. It is called when
// nothing runs any more and before the state folder goes.
func (c *cluster) removeStrays() error {
	var stray []string
	stray = append(stray, linksInto(podLogLinks, c.dir)...)
	stray = append(stray, results(cniResults, "naming-local-"+c.name)...)
	for _, n := range []node{c.node, c.second()} {
		stray = append(stray, n.shimAddresses()...)
	}
	stray = append(stray, filepath.Join(devicePlugins, "kubelet.sock"), filepath.Join(devicePlugins, "kubelet_internal_checkpoint"))
	if err := removeAll(stray); err != nil {
		return err
	}
	for _, dir := range []string{podLogLinks, devicePlugins, cniResults, shimSockets} {
		removeIfEmpty(dir)
		if dir != podLogLinks { // the parents of the others are nobody else's either
			removeIfEmpty(filepath.Dir(dir))
		}
	}
	return nil
}

// removeAll deletes files and links, which may be gone already.
func removeAll(paths []string) error {
	for _, path := range paths {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what is left: %w", err)
		}
	}
	return nil
}

// removeIfEmpty relies on the kernel, which refuses to remove a folder in use.
func removeIfEmpty(dir string) { _ = os.Remove(dir) }

// linksInto lists the symbolic links in dir whose target lies below target.
func linksInto(dir, target string) []string {
	var found []string
	for _, name := range names(dir) {
		path := filepath.Join(dir, name)
		if to, err := os.Readlink(path); err == nil && strings.HasPrefix(to, target+"/") {
			found = append(found, path)
		}
	}
	return found
}

// results lists the CNI library's notes on our pods: NETWORK-ID-eth0 and, for
// the same pod, cni-loopback-ID-lo.
func results(dir, network string) []string {
	var found []string
	for _, name := range names(dir) {
		id, ours := strings.CutPrefix(name, network+"-")
		if !ours {
			continue
		}
		id = strings.TrimSuffix(id, "-eth0")
		found = append(found, filepath.Join(dir, name), filepath.Join(dir, "cni-loopback-"+id+"-lo"))
	}
	return found
}

// shimAddresses lists the sockets of container shims that were killed: each
// left the address in the folder of its container.
func (n node) shimAddresses() []string {
	// The pattern is well formed, so there is no error.
	notes, _ := filepath.Glob(filepath.Join(n.dir, "run", "io.containerd.runtime.v2.task", "*", "*", "address"))
	var found []string
	for _, note := range notes {
		address, err := os.ReadFile(note)
		if err != nil {
			continue // its shim ended in good order meanwhile
		}
		if socket, ok := strings.CutPrefix(strings.TrimSpace(string(address)), "unix://"); ok && filepath.Dir(socket) == shimSockets {
			found = append(found, socket)
		}
	}
	return found
}

// names is empty for a folder that cannot be read: then nothing of ours is in it.
func names(dir string) []string {
	entries, _ := os.ReadDir(dir)
	list := make([]string, len(entries))
	for i, entry := range entries {
		list[i] = entry.Name()
	}
	return list
}
