package arch

import (
	"os/exec"
	"strings"
	"testing"
)

// TestLinks asks the go command what each binary is made of. A pod's sidecar
// must stay small and has no use for the Kubernetes API; the operator serves
// no naming protocol.
func TestLinks(t *testing.T) {
	tests := map[string]struct {
		binary string
		never  []string
	}{
		"the sidecar knows no Kubernetes": {
			binary: "cmd/sidecar",
			never:  []string{"k8s.io/", "sigs.k8s.io/", module + "controllers", module + "api"},
		},
		"the operator speaks no naming protocol": {
			binary: "cmd/manager",
			never: []string{
				module + "sidecar/distro", module + "sidecar/nacosgrpc", module + "sidecar/nacoshttp",
				module + "sidecar/replica", module + "sidecar/wire",
			},
		},
		"the local cluster's launcher needs nothing but Go": {
			binary: "hack/localcluster",
			never:  []string{"github.com/", "golang.org/x/", "google.golang.org/", "k8s.io/", "sigs.k8s.io/"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			for _, linked := range dependencies(t, tc.binary) {
				for _, prefix := range tc.never {
					if strings.HasPrefix(linked, prefix) && linked != module+tc.binary {
						t.Errorf("%s links %s", tc.binary, linked)
					}
				}
			}
		})
	}
}

func dependencies(t *testing.T, pkg string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "./"+pkg)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("list what %s links: %v", pkg, err)
	}
	return strings.Fields(string(out))
}
