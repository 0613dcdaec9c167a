//go:build envtest

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/manager/signals"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// actAsProgram makes the test binary be the operator itself.
const actAsProgram = "ACT_AS_NAMING_OPERATOR"

var (
	admin       client.Client
	adminConfig *rest.Config
)

func TestMain(m *testing.M) {
	if os.Getenv(actAsProgram) != "" {
		if err := run(signals.SetupSignalHandler(), os.Args[1:], os.Getenv, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		fmt.Fprintln(os.Stderr, "NOT TESTED: the operator's program needs an API server;",
			"set KUBEBUILDER_ASSETS, as make test-envtest does")
		if os.Getenv("CI") != "" {
			os.Exit(1)
		}
		os.Exit(0)
	}
	code, err := runInstalled(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "run suite:", err)
		code = 1
	}
	os.Exit(code)
}

// runInstalled starts an API server and installs what users install.
func runInstalled(m *testing.M) (code int, err error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return 1, err
	}
	server := &envtest.Environment{}
	config, err := server.Start()
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	adminConfig = config
	if admin, err = client.New(config, client.Options{Scheme: scheme}); err != nil {
		return 1, err
	}
	manifest, err := os.ReadFile("../../dist/install.yaml")
	if err != nil {
		return 1, err
	}
	if err := install(context.Background(), manifest); err != nil {
		return 1, err
	}
	served := func(ctx context.Context) (bool, error) {
		return admin.List(ctx, new(v1alpha1.NamingClusterList)) == nil, nil
	}
	err = wait.PollUntilContextTimeout(context.Background(), 50*time.Millisecond, time.Minute, true, served)
	if err != nil {
		return 1, fmt.Errorf("wait for the kind NamingCluster: %w", err)
	}
	folder, err := os.MkdirTemp("", "naming-operator")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if err := os.Setenv(clientcmd.RecommendedConfigPathEnvVar, filepath.Join(folder, "kubeconfig")); err != nil {
		return 1, err
	}
	if err := writeAccount("naming-system", os.Getenv(clientcmd.RecommendedConfigPathEnvVar)); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// install applies a manifest as a user does.
func install(ctx context.Context, manifest []byte) error {
	objects, err := read(manifest)
	if err != nil {
		return err
	}
	for _, object := range objects {
		err := admin.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner("test"), client.ForceOwnership)
		if err != nil {
			return fmt.Errorf("install %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// writeAccount writes a kubeconfig that acts as the operator's ServiceAccount
// in a namespace.
func writeAccount(namespace, path string) error {
	config := adminConfig
	out := clientcmdapi.NewConfig()
	out.Clusters["local"] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	out.AuthInfos["operator"] = &clientcmdapi.AuthInfo{
		ClientCertificateData: config.CertData, ClientKeyData: config.KeyData,
		Impersonate:       "system:serviceaccount:" + namespace + ":naming-operator",
		ImpersonateGroups: []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"},
	}
	out.Contexts["operator"] = &clientcmdapi.Context{Cluster: "local", AuthInfo: "operator"}
	out.CurrentContext = "operator"
	return clientcmd.WriteToFile(*out, path)
}

func read(raw []byte) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096)
	for {
		object := new(unstructured.Unstructured)
		err := decoder.Decode(object)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read manifest: %w", err)
		}
		out = append(out, object)
	}
}

// program is one running operator.
type program struct {
	command *exec.Cmd
	output  bytes.Buffer // to be read after stop
	metrics string       // host:port
}

// start runs the operator as a process of its own, for all namespaces.
func start(t *testing.T) *program {
	t.Helper()
	return startIn(t, "naming-system")
}

// startIn runs the operator in a namespace, with more variables of its environment.
func startIn(t *testing.T, namespace string, environment ...string) *program {
	t.Helper()
	p := &program{metrics: freeAddress(t)}
	p.command = exec.CommandContext(t.Context(), os.Args[0], "--leader-elect", "--leader-election-namespace="+namespace,
		"--metrics-bind-address="+p.metrics, "--health-probe-bind-address="+freeAddress(t))
	p.command.Env = append(append(os.Environ(), actAsProgram+"=yes"), environment...)
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.command.Start(); err != nil {
		t.Fatalf("start operator: %v", err)
	}
	return p
}

// stop ends the operator as a kubelet does.
func (p *program) stop(t *testing.T) {
	t.Helper()
	if p.command.ProcessState != nil {
		return
	}
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("stop operator: %v", err)
	}
	if err := p.command.Wait(); err != nil {
		t.Errorf("operator ended with %v:\n%s", err, p.output.String())
	}
}

func eventually(t *testing.T, check func() error) {
	t.Helper()
	deadline := time.NewTimer(3 * time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("still not so: %v", err)
		}
	}
}

// statusOf asks for a page with a bearer token; none is an empty one.
func statusOf(t *testing.T, c *http.Client, url, token string) (int, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	var body strings.Builder
	_, err = io.Copy(&body, resp.Body)
	return resp.StatusCode, body.String(), err
}
