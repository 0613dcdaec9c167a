package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestMountsBelowAFolder(t *testing.T) {
	const mounts = `sysfs /sys sysfs rw 0 0
tmpfs /state/demo/node/kubelet/pods/1/volumes/token tmpfs rw 0 0
tmpfs /state/demonstration/other tmpfs rw 0 0
overlay /state/demo/a\040b overlay rw 0 0
`
	want := []string{"/state/demo/node/kubelet/pods/1/volumes/token", "/state/demo/a b"}
	if got := mountsBelow(mounts, "/state/demo"); !slices.Equal(got, want) {
		t.Errorf("mountsBelow = %q, want %q", got, want)
	}
}

func TestHierarchiesOfBothVersions(t *testing.T) {
	const mounts = `cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
tmpfs /sys/fs/cgroup tmpfs rw 0 0
`
	want := []hierarchy{{path: "/sys/fs/cgroup/memory"}, {path: "/sys/fs/cgroup/unified", unified: true}}
	if got := hierarchies(mounts); !slices.Equal(got, want) {
		t.Errorf("hierarchies = %+v, want %+v", got, want)
	}
}

func TestOnlyOurShimsAreOurs(t *testing.T) {
	const socket = "/state/demo/node/run/containerd.sock"
	tests := map[string]struct {
		cmdline string
		want    bool
	}{
		"a shim of our containerd":       {cmdline: "/usr/bin/containerd-shim-runc-v2\x00-namespace\x00k8s.io\x00-address\x00" + socket + "\x00", want: true},
		"a shim of another containerd":   {cmdline: "/usr/bin/containerd-shim-runc-v2\x00-address\x00/run/containerd/containerd.sock\x00"},
		"a program that asks containerd": {cmdline: "ctr\x00-address\x00" + socket + "\x00"},
		"a kernel thread":                {cmdline: ""},
		"a word is missing":              {cmdline: "containerd-shim\x00-address"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := isShim(tc.cmdline, socket); got != tc.want {
				t.Errorf("isShim(%q) = %t, want %t", tc.cmdline, got, tc.want)
			}
		})
	}
}

func TestStraysOfOthersStay(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"naming-local-demo-1a-eth0", "naming-local-demo2-2b-eth0", "podman-3c-eth0", "cni-loopback-3c-lo"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{filepath.Join(dir, "naming-local-demo-1a-eth0"), filepath.Join(dir, "cni-loopback-1a-lo")}
	if got := results(dir, "naming-local-demo"); !slices.Equal(got, want) {
		t.Errorf("results = %q, want %q", got, want)
	}

	ours, theirs := filepath.Join(dir, "ours.log"), filepath.Join(dir, "theirs.log")
	for link, target := range map[string]string{ours: "/state/demo/node/pod-logs/x/0.log", theirs: "/var/log/pods/x/0.log"} {
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	if got := linksInto(dir, "/state/demo"); !slices.Equal(got, []string{ours}) {
		t.Errorf("linksInto = %q, want %q", got, ours)
	}
}

func TestDaemonIsStoppedByItsRecordOnly(t *testing.T) {
	d := daemon{name: "sleeper", dir: t.TempDir(), argv: []string{"sleep", "3600"}}
	if err := d.start(); err != nil {
		t.Fatal(err)
	}
	pid := d.running()
	if pid == 0 {
		t.Fatal("the daemon does not run")
	}
	record, err := os.ReadFile(d.pidFile())
	if err != nil {
		t.Fatal(err)
	}
	// The same pid with another birth is somebody else.
	if err := os.WriteFile(d.pidFile(), []byte("1 1 elsewhere\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := d.running(); got != 0 {
		t.Errorf("running = %d for a record of another process", got)
	}
	if err := os.WriteFile(d.pidFile(), record, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.stop(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	if _, alive := identify(pid); alive || exists(d.pidFile()) {
		t.Error("the daemon or its record survived")
	}
}

func TestDaemonsAreKeptFromTheCallersConfiguration(t *testing.T) {
	env := []string{"PATH=/bin", "https_proxy=http://p", "NO_PROXY=x", "KUBECONFIG=/k", "HOME=/root"}
	if got, want := daemonEnv(env), []string{"PATH=/bin", "HOME=/root"}; !slices.Equal(got, want) {
		t.Errorf("daemonEnv = %q, want %q", got, want)
	}
}

func TestKernelFlagsComeBack(t *testing.T) {
	root, record := t.TempDir(), filepath.Join(t.TempDir(), "kernel")
	if err := os.MkdirAll(filepath.Join(root, "kernel"), 0o700); err != nil {
		t.Fatal(err)
	}
	flag := filepath.Join(root, "kernel", "panic") // the only one this kernel has
	set := func(path, value string) {
		if err := os.WriteFile(path, []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set(flag, "1\n")
	set(record, string(recordKernel(root)))
	set(flag, "10")
	if err := restoreKernel(root, record); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(flag); err != nil || string(got) != "1" {
		t.Errorf("flag = %q, %v; want 1", got, err)
	}
	set(record, "../../etc/passwd x\n")
	if err := restoreKernel(root, record); err == nil {
		t.Error("a record of another file was followed")
	}
	if err := restoreKernel(root, filepath.Join(root, "absent")); err != nil {
		t.Errorf("without a record: %v", err)
	}
}
