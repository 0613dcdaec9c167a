package main

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

const header = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"

// complete is a machine that lacks nothing; tests take things away.
func complete() machine {
	files := map[string]string{
		"/proc/self/mounts": "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n",
		"/proc/net/route":   header,
	}
	return machine{
		os: "linux", uid: 0,
		lookPath: func(name string) (string, error) { return "/usr/bin/" + name, nil },
		exists:   func(path string) bool { return strings.HasPrefix(path, "/usr/lib/cni/") },
		readFile: func(path string) ([]byte, error) {
			if content, ok := files[path]; ok {
				return []byte(content), nil
			}
			return nil, fs.ErrNotExist
		},
	}
}

// without is m with some programs missing.
func without(m machine, names ...string) machine {
	has := m.lookPath
	m.lookPath = func(name string) (string, error) {
		if slices.Contains(names, name) {
			return "", errors.New("not found")
		}
		return has(name)
	}
	return m
}

func TestDoctorNamesWhatIsMissingAndTheCure(t *testing.T) {
	const install = "apt-get install -y --no-install-recommends "
	user, mac, bare := complete(), complete(), complete()
	user.uid, mac.os = 1000, "darwin"
	bare.exists = func(string) bool { return false }
	kubelet := complete()
	kubelet.exists = func(path string) bool { return !strings.HasPrefix(path, "/opt/") }
	tests := map[string]struct {
		machine machine
		ours    bool
		found   []string // a part of each finding
		line    string
	}{
		"nothing is missing":                    {machine: complete()},
		"containerd brings two programs":        {machine: without(complete(), "containerd", "ctr"), found: []string{"containerd", "ctr"}, line: install + "containerd"},
		"several packages in one line":          {machine: without(complete(), "runc", "nft"), found: []string{"runc", "nft"}, line: install + "runc nftables"},
		"no CNI plugins":                        {machine: bare, found: []string{"CNI plugins"}, line: install + "containernetworking-plugins"},
		"Go is not a package of ours":           {machine: without(complete(), "go"), found: []string{"go is not in PATH"}},
		"not root":                              {machine: user, found: []string{"not root"}},
		"not Linux, and nothing else is asked":  {machine: without(mac, "runc"), found: []string{"darwin"}},
		"another kubelet on the machine":        {machine: kubelet, found: []string{"another kubelet"}},
		"what is left of our own kubelet is ok": {machine: kubelet, ours: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			found := examine(tc.machine, "demo-host", tc.ours)
			if len(found) != len(tc.found) {
				t.Fatalf("findings = %+v, want %q", found, tc.found)
			}
			for i, part := range tc.found {
				if !strings.Contains(found[i].what, part) {
					t.Errorf("finding %d = %q, want it to name %q", i, found[i].what, part)
				}
			}
			if got := installLine(found); got != tc.line {
				t.Errorf("install line = %q, want %q", got, tc.line)
			}
		})
	}
}

func TestRoutesThatCollideAreFound(t *testing.T) {
	tests := map[string]struct {
		route string // interface, destination, mask
		want  string
	}{
		"the default route is no collision": {route: "eth0 00000000 00000000"},
		"a neighbour is no collision":       {route: "eth0 000200C0 00FFFFFF"},
		"our own link is no collision":      {route: "demo-host 0000F40A 0000FFFF"},
		"the same range":                    {route: "flannel 0000F40A 0000FFFF", want: "10.244.0.0/16 goes to flannel"},
		"a part of our range":               {route: "cni0 0007F40A 00FFFFFF", want: "10.244.7.0/24 goes to cni0"},
		"a range around ours":               {route: "vpn0 0000600A 0000F0FF", want: "10.96.0.0/12 goes to vpn0"},
		"all of ten":                        {route: "vpn0 0000000A 000000FF", want: "10.0.0.0/8 goes to vpn0"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := strings.Fields(tc.route)
			line := strings.Join([]string{f[0], f[1], "00000000", "0001", "0", "0", "0", f[2], "0", "0", "0"}, "\t")
			found := collisions(header+line+"\n", "demo-host")
			if tc.want == "" {
				if len(found) > 0 {
					t.Errorf("findings = %+v, want none", found)
				}
				return
			}
			if len(found) == 0 || !strings.Contains(found[0].what, tc.want) {
				t.Errorf("findings = %+v, want one with %q", found, tc.want)
			}
		})
	}
}
