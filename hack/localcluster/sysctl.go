package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// kernelFlags are settings of the whole machine that a kubelet changes when it
// starts; it also makes a kernel fault reboot the machine. Down puts them back.
var kernelFlags = []string{
	"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
	"kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
}

// recordKernel writes down the flags below root (/proc/sys): a line for each,
// name and value. A kernel need not have them all.
func recordKernel(root string) []byte {
	var record strings.Builder
	for _, flag := range kernelFlags {
		if value, err := os.ReadFile(filepath.Join(root, flag)); err == nil {
			fmt.Fprintf(&record, "%s %s\n", flag, strings.TrimSpace(string(value)))
		}
	}
	return []byte(record.String())
}

// restoreKernel sets the flags below root to what the file at path says; there
// is none when the cluster never came so far.
func restoreKernel(root, path string) error {
	record, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("restore kernel flags: %w", err)
	}
	for line := range strings.Lines(string(record)) {
		flag, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !slices.Contains(kernelFlags, flag) {
			return fmt.Errorf("restore kernel flags: %s: unknown flag %q", path, flag)
		}
		if err := os.WriteFile(filepath.Join(root, flag), []byte(value), 0o644); err != nil {
			return fmt.Errorf("restore kernel flags: %w", err)
		}
	}
	return nil
}
