package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// machine is what doctor looks at; tests hand in another one.
type machine struct {
	os       string
	uid      int
	lookPath func(string) (string, error)
	exists   func(string) bool
	readFile func(string) ([]byte, error)
}

func thisMachine() machine {
	return machine{os: runtime.GOOS, uid: os.Geteuid(), lookPath: exec.LookPath, exists: exists, readFile: os.ReadFile}
}

// programs maps what must be in PATH to the Debian package that brings it.
var programs = []struct{ name, debian string }{
	{"containerd", "containerd"},
	{"ctr", "containerd"},
	{"runc", "runc"},
	{"nft", "nftables"},
	{"ip", "iproute2"},
	{"nsenter", "util-linux"},
	{"unshare", "util-linux"},
	{"go", ""},
}

// pluginDirs is where distributions put the CNI plugins.
var pluginDirs = []string{"/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"}

var plugins = []string{"ptp", "host-local", "loopback"}

// finding is one thing that stands in the way.
type finding struct {
	what   string
	fix    string // what a person can do, empty when packages is set
	debian string // package that mends it
}

// examine returns all that is missing, in the order in which to mend it. The
// interface link is our own and may be there; ours says that our cluster, or
// what is left of it, is there.
func examine(m machine, link string, ours bool) []finding {
	if m.os != "linux" {
		return []finding{{what: "this is " + m.os + ", not Linux", fix: "use an existing cluster (--context)"}}
	}
	var found []finding
	if m.uid != 0 {
		found = append(found, finding{what: "not root", fix: "run it as root: it makes network namespaces, mounts and cgroups"})
	}
	for _, p := range programs {
		if _, err := m.lookPath(p.name); err == nil {
			continue
		}
		f := finding{what: p.name + " is not in PATH", debian: p.debian}
		if p.debian == "" {
			f.fix = "install Go and put it into PATH"
		}
		found = append(found, f)
	}
	if _, err := findPlugins(m); err != nil {
		found = append(found, finding{what: err.Error(), debian: "containernetworking-plugins"})
	}
	if !ours && m.exists(filepath.Join(devicePlugins, "kubelet.sock")) {
		found = append(found, finding{
			what: "another kubelet uses " + devicePlugins + ", which two cannot share",
			fix:  "use that cluster (--context), or stop its kubelet",
		})
	}
	mounts, err := m.readFile("/proc/self/mounts")
	if err != nil || len(hierarchies(string(mounts))) == 0 {
		found = append(found, finding{what: "no cgroups are mounted", fix: "mount -t cgroup2 none /sys/fs/cgroup"})
	}
	routes, err := m.readFile("/proc/net/route")
	if err != nil {
		return append(found, finding{what: "routes are unreadable", fix: "mount /proc"})
	}
	return append(found, collisions(string(routes), link)...)
}

// findPlugins returns the folder that holds all the CNI plugins we use.
func findPlugins(m machine) (string, error) {
	for _, dir := range pluginDirs {
		complete := true
		for _, plugin := range plugins {
			complete = complete && m.exists(filepath.Join(dir, plugin))
		}
		if complete {
			return dir, nil
		}
	}
	return "", fmt.Errorf("find the CNI plugins %s: not together in any of %s",
		strings.Join(plugins, ", "), strings.Join(pluginDirs, ", "))
}

// collisions finds routes, in the form of /proc/net/route, that lead a part of
// our ranges elsewhere than to our own link.
func collisions(routes, link string) []finding {
	var found []finding
	for scan := bufio.NewScanner(strings.NewReader(routes)); scan.Scan(); {
		fields := strings.Fields(scan.Text())
		if len(fields) < 8 || fields[0] == link {
			continue
		}
		taken, ok := parseRoute(fields[1], fields[7])
		if !ok || taken.Bits() == 0 { // the header; the default route gives way to ours
			continue
		}
		for _, ours := range []netip.Prefix{podRange, serviceRange, linkRange} {
			if ours.Overlaps(taken) {
				found = append(found, finding{
					what: fmt.Sprintf("the cluster's range %s is taken: %s goes to %s", ours, taken, fields[0]),
					fix:  "stop what uses it (another local cluster?): ip route show dev " + fields[0],
				})
			}
		}
	}
	return found
}

// parseRoute reads destination and mask, which the kernel prints as the hex of
// a number in the byte order of the machine: the last byte comes first.
func parseRoute(destination, mask string) (netip.Prefix, bool) {
	d, err1 := hex.DecodeString(destination)
	m, err2 := hex.DecodeString(mask)
	if err1 != nil || err2 != nil || len(d) != 4 || len(m) != 4 {
		return netip.Prefix{}, false
	}
	var address [4]byte
	binary.BigEndian.PutUint32(address[:], binary.LittleEndian.Uint32(d))
	bits := 0
	for v := binary.LittleEndian.Uint32(m); v&(1<<31) != 0; v <<= 1 {
		bits++
	}
	return netip.PrefixFrom(netip.AddrFrom4(address), bits), true
}

// installLine is the one command that brings every missing package, or empty.
func installLine(found []finding) string {
	var packages []string
	seen := map[string]bool{}
	for _, f := range found {
		if f.debian != "" && !seen[f.debian] {
			seen[f.debian] = true
			packages = append(packages, f.debian)
		}
	}
	if len(packages) == 0 {
		return ""
	}
	return "apt-get install -y --no-install-recommends " + strings.Join(packages, " ")
}

func (c *cluster) examine() []finding { return examine(thisMachine(), c.node.link, exists(c.dir)) }

// doctor says what is missing and the line that installs it, and runs that line
// where it may.
func doctor(ctx context.Context, c *cluster, _ []string, out io.Writer) error {
	found := c.examine()
	for _, f := range found {
		fmt.Fprintf(out, "missing: %s\n", f.what)
		if f.fix != "" {
			fmt.Fprintf(out, "    %s\n", f.fix)
		}
	}
	if line := installLine(found); line != "" {
		fmt.Fprintf(out, "on Debian and its kin, this installs what is missing:\n    %s\n", line)
		if mayInstall() {
			fmt.Fprintln(out, "installing it")
			if err := install(ctx, line); err != nil {
				return err
			}
			found = c.examine()
		}
	}
	if len(found) > 0 {
		return &exitError{1}
	}
	fmt.Fprintf(out, "ready: this machine can run Kubernetes %s\n", c.dist.version)
	return nil
}

// mayInstall reports whether this is root on Debian or its kin.
func mayInstall() bool {
	_, err := exec.LookPath("apt-get")
	return err == nil && os.Geteuid() == 0
}

// install runs the line that installLine gave, through the proxy that whoever called
// us uses, which is kept from everything of the cluster.
func install(ctx context.Context, line string) error {
	for _, argv := range [][]string{{"apt-get", "update", "-qq"}, strings.Fields(line)} {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("run %s: %w: %s", strings.Join(argv, " "), err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}

// provision installs missing packages where we may, and reports the rest.
func (c *cluster) provision(ctx context.Context, p *progress) error {
	found := c.examine()
	line := installLine(found)
	if line != "" && mayInstall() {
		p.step("installing packages: %s", line)
		if err := install(ctx, line); err != nil {
			return err
		}
		found = c.examine()
	}
	if len(found) == 0 {
		return nil
	}
	var complaint strings.Builder
	for _, f := range found {
		fmt.Fprintf(&complaint, "\n  %s: %s", f.what, f.fix)
	}
	return fmt.Errorf("prepare the machine:%s\nrun `localcluster doctor` for more", complaint.String())
}
