//go:build e2e

package chart

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const (
	operators = "naming-system" // where make up has installed the operator
	space     = "naming-chart"  // of this test
	crd       = "crd/namingclusters.naming.distro.io"
	patience  = "4m"
)

// TestChartOnACluster does what a user does in a year: installs an older chart,
// tries it, makes a cluster, upgrades, and uninstalls, whereupon the cluster
// goes on. The operator is tried by plaintext and the cluster by TLS. There is no release before this one, so the older chart is this one
// with a lower version and a definition that lacks a column.
//
// The operator that is there is sent away meanwhile, since two for the same
// clusters would be wrong, and the definition is handed back at the end.
func TestChartOnACluster(t *testing.T) {
	if os.Getenv("KUBECONFIG") == "" || os.Getenv("HELM") == "" || os.Getenv("NEXT_TAG") == "" {
		t.Fatal("KUBECONFIG, HELM and NEXT_TAG must be set; run make test-e2e")
	}
	older := olderChart(t)
	swapOut(t)
	kubectl(t, "create", "namespace", space)
	kubectl(t, "label", "namespace", space, "pod-security.kubernetes.io/enforce=restricted")

	helm(t, "install", "operator", older, "--set", "watchNamespaces={"+space+"}", "--set", "rbac.secretNamespaces={"+space+"}",
		"--wait", "--take-ownership", "--force-conflicts")
	if strings.Contains(columns(t), "Image") {
		t.Errorf("the definition has the columns %s, want those of the older chart", columns(t))
	}
	helm(t, "install", "registry", filepath.Join(charts, "naming-cluster"), "--set", "spec.replicas=2",
		"--set", "spec.tls.clients.mode=Required", "--wait")
	kubectl(t, "-n", space, "wait", "--for=condition=Ready", "namingcluster/registry", "--timeout", patience)
	helm(t, "test", "operator")
	helm(t, "test", "registry")

	next := os.Getenv("NEXT_TAG")
	helm(t, "upgrade", "operator", filepath.Join(charts, "naming-operator"), "--reset-then-reuse-values",
		"--set", "sidecarImage.tag="+next, "--wait")
	if !strings.Contains(columns(t), "Image") {
		t.Errorf("the definition has the columns %s, want it upgraded", columns(t))
	}
	for _, member := range []string{"registry-0", "registry-1"} {
		kubectl(t, "-n", space, "wait", "pod/"+member, "--timeout", patience,
			`--for=jsonpath={.spec.initContainers[0].image}=distro-naming/distro-sidecar:`+next)
	}
	kubectl(t, "-n", space, "wait", "--for=condition=Progressing=False", "namingcluster/registry", "--timeout", patience)
	kubectl(t, "-n", space, "wait", "--for=condition=Ready", "namingcluster/registry", "--timeout", patience)
	helm(t, "test", "registry")

	members := memberIDs(t)
	helm(t, "uninstall", "operator", "--wait")
	if got := memberIDs(t); got != members {
		t.Errorf("members were %s and are %s, want them untouched", members, got)
	}
	kubectl(t, "get", crd)
	helm(t, "test", "registry") // nobody looks after it, and it serves
}

// olderChart is a copy of the chart with a lower version, whose definition has
// no column for the image.
func olderChart(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "naming-operator")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(charts, "naming-operator"))); err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(dir, "Chart.yaml"), func(text string) string {
		return strings.Replace(text, "\nversion: ", "\nversion: 0.0.1-before-", 1)
	})
	edit(t, filepath.Join(dir, "files/crd.yaml"), func(text string) string {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(text), &object); err != nil {
			t.Fatal(err)
		}
		version := object["spec"].(map[string]any)["versions"].([]any)[0].(map[string]any)
		var kept []any
		for _, column := range version["additionalPrinterColumns"].([]any) {
			if column.(map[string]any)["name"] != "Image" {
				kept = append(kept, column)
			}
		}
		version["additionalPrinterColumns"] = kept
		out, err := yaml.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	})
	return dir
}

func edit(t *testing.T, path string, change func(string) string) {
	t.Helper()
	before := string(read(t, path))
	after := change(before)
	if after == before {
		t.Fatalf("%s was not changed", path)
	}
	if err := os.WriteFile(path, []byte(after), fs.FileMode(0o600)); err != nil {
		t.Fatal(err)
	}
}

// swapOut sends the installed operator away until the test is over, and then
// puts back what Helm has taken over.
func swapOut(t *testing.T) {
	t.Helper()
	life := context.WithoutCancel(t.Context()) // the test's own is over when it is cleaned up
	t.Cleanup(func() {
		for _, args := range [][]string{
			{"delete", "namespace", space, "--ignore-not-found"},
			{"annotate", crd, "meta.helm.sh/release-name-", "meta.helm.sh/release-namespace-", "helm.sh/resource-policy-"},
			{"label", crd, "helm.sh/chart-", "app.kubernetes.io/instance-", "app.kubernetes.io/name-", "app.kubernetes.io/version-"},
			{"apply", "--server-side", "--force-conflicts", "--filename", "../../dist/install.yaml"},
			{"-n", operators, "scale", "deployment/naming-operator", "--replicas=1"},
			{"-n", operators, "rollout", "status", "deployment/naming-operator", "--timeout", patience},
		} {
			if out, err := exec.CommandContext(life, "kubectl", args...).CombinedOutput(); err != nil {
				t.Errorf("kubectl %v: %v\n%s", args, err, out)
			}
		}
		// Cluster-wide objects, if the test ended before it uninstalled.
		_ = exec.CommandContext(life, "kubectl", "delete", "clusterrole,clusterrolebinding", "--ignore-not-found",
			"--selector", "app.kubernetes.io/managed-by=Helm,app.kubernetes.io/instance=operator").Run()
	})
	kubectl(t, "-n", operators, "scale", "deployment/naming-operator", "--replicas=0")
	kubectl(t, "-n", operators, "wait", "--for=delete", "pods", "--selector", "app.kubernetes.io/name=naming-operator", "--timeout", patience)
}

func columns(t *testing.T) string {
	t.Helper()
	return kubectl(t, "get", crd, "-o", "jsonpath={.spec.versions[0].additionalPrinterColumns[*].name}")
}

// memberIDs tells whether pods are the same ones and have not restarted.
func memberIDs(t *testing.T) string {
	t.Helper()
	return kubectl(t, "-n", space, "get", "pods", "--selector", "naming.distro.io/cluster=registry", "-o",
		"jsonpath={range .items[*]}{.metadata.uid} {.status.initContainerStatuses[0].restartCount} {end}")
}

func helm(t *testing.T, verb string, args ...string) {
	t.Helper()
	args = append([]string{verb}, args...)
	args = append(args, "--namespace", space, "--timeout", patience)
	run(t, os.Getenv("HELM"), args...)
}

func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	return run(t, "kubectl", args...)
}

func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		events, _ := exec.CommandContext(context.WithoutCancel(t.Context()), "kubectl", "-n", space, "get", "pods,namingclusters,events").CombinedOutput()
		t.Fatalf("%s %v: %v\n%s\n%s", filepath.Base(program), args, err, text, events)
	}
	t.Logf("%s %s: %.200s", filepath.Base(program), strings.Join(args, " "), text)
	return text
}
