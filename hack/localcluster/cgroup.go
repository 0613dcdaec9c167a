package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// hierarchy is one mounted cgroup tree.
type hierarchy struct {
	path    string
	unified bool // version 2
}

// hierarchies lists the cgroup mounts named in the content of /proc/self/mounts.
func hierarchies(mounts string) []hierarchy {
	var found []hierarchy
	for scan := bufio.NewScanner(strings.NewReader(mounts)); scan.Scan(); {
		fields := strings.Fields(scan.Text())
		if len(fields) < 3 || !strings.HasPrefix(fields[2], "cgroup") {
			continue
		}
		found = append(found, hierarchy{path: fields[1], unified: fields[2] == "cgroup2"})
	}
	return found
}

func mountedHierarchies() ([]hierarchy, error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, fmt.Errorf("find cgroups: %w", err)
	}
	return hierarchies(string(mounts)), nil
}

// addCgroup makes the cgroup below which the kubelet puts every pod. A kubelet
// cleans up all of its root, so a root of its own keeps it away from what else
// runs here, be it a second node of ours.
func (n node) addCgroup() error {
	all, err := mountedHierarchies()
	if err != nil {
		return err
	}
	for _, h := range all {
		dir := filepath.Join(h.path, n.cgroup)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make cgroup: %w", err)
		}
		if err := h.prepare(dir); err != nil {
			return fmt.Errorf("make cgroup %s: %w", dir, err)
		}
	}
	return nil
}

// prepare gives dir what a new cgroup does not inherit: in version 1 its CPUs
// and memory nodes, in version 2 the controllers.
func (h hierarchy) prepare(dir string) error {
	if !h.unified {
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			value, err := os.ReadFile(filepath.Join(h.path, file))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, file), value, 0o644); err != nil {
				return err
			}
		}
		return nil
	}
	available, err := os.ReadFile(filepath.Join(h.path, "cgroup.controllers"))
	if err != nil {
		return err
	}
	for _, at := range []string{h.path, dir} {
		for controller := range strings.FieldsSeq(string(available)) {
			if err := os.WriteFile(filepath.Join(at, "cgroup.subtree_control"), []byte("+"+controller), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeCgroup kills whatever still runs in the node's pods and removes the
// tree. Only pods were ever put there.
func (n node) removeCgroup() error {
	all, err := mountedHierarchies()
	if err != nil {
		return err
	}
	for _, h := range all {
		if err := removeTree(filepath.Join(h.path, n.cgroup)); err != nil {
			return err
		}
	}
	return nil
}

// removeTree empties and removes a cgroup and those below it. The kernel needs
// a moment after a kill before it lets a cgroup go.
func removeTree(root string) error {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var dirs []string
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				dirs = append(dirs, path)
			}
			return nil // what vanished meanwhile is what we want
		})
		if err != nil {
			return fmt.Errorf("remove cgroup: %w", err)
		}
		if len(dirs) == 0 {
			return nil
		}
		for _, dir := range slices.Backward(dirs) { // children come after their parent
			killAll(dir)
			err = os.Remove(dir)
		}
		if err != nil && time.Now().After(end) {
			return fmt.Errorf("remove cgroup: %w", err)
		}
	}
}

func killAll(dir string) {
	procs, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil {
		return // gone
	}
	for field := range strings.FieldsSeq(string(procs)) {
		if pid, err := strconv.Atoi(field); err == nil && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL) // gone is fine too
		}
	}
}
