//go:build envtest

package scale

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// operator is the operator's program, as a process of its own.
type operator struct {
	command *exec.Cmd
	output  bytes.Buffer // to be read after stop
	metrics string       // URL
}

// build makes the program and a kubeconfig for it.
func build(t *testing.T, config *rest.Config) (program, kubeconfig string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "naming-operator")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/manager").CombinedOutput(); err != nil {
		t.Fatalf("build operator: %v\n%s", err, out)
	}
	content := clientcmdapi.NewConfig()
	content.Clusters["local"] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	content.AuthInfos["admin"] = &clientcmdapi.AuthInfo{ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}
	content.Contexts["local"] = &clientcmdapi.Context{Cluster: "local", AuthInfo: "admin"}
	content.CurrentContext = "local"
	kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*content, kubeconfig); err != nil {
		t.Fatal(err)
	}
	return program, kubeconfig
}

// start runs the program; it ends with the test at the latest.
func start(t *testing.T, program, kubeconfig string) *operator {
	t.Helper()
	address := freeAddress(t)
	o := &operator{metrics: "http://" + address + "/metrics"}
	o.command = exec.CommandContext(t.Context(), program, "--metrics-secure=false", "--metrics-bind-address="+address,
		"--health-probe-bind-address="+freeAddress(t), "--log-level=error")
	o.command.Env = append(os.Environ(), "GOMEMLIMIT=160MiB", // as in config/manager
		clientcmd.RecommendedConfigPathEnvVar+"="+kubeconfig)
	o.command.Stdout, o.command.Stderr = &o.output, &o.output
	o.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := o.command.Start(); err != nil {
		t.Fatalf("start operator: %v", err)
	}
	return o
}

// stop ends the program as a kubelet does.
func (o *operator) stop(t *testing.T) {
	t.Helper()
	if err := o.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("stop operator: %v", err)
	}
	if err := o.command.Wait(); err != nil {
		t.Errorf("operator ended with %v:\n%s", err, o.output.String())
	}
}

// sum adds up the values of a metric, of those lines that have one of the
// texts, or of all. A metric that is not there yet is zero.
func (o *operator) sum(t *testing.T, metric string, having ...string) (total float64) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.metrics, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0 // not up yet
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(page)) {
		labels, value, ok := strings.Cut(strings.TrimSpace(line), "} ")
		if !ok || !strings.HasPrefix(labels, metric+"{") || !hasOne(labels, having) {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatalf("read metric %s: %v", line, err)
		}
		total += n
	}
	return total
}

func hasOne(text string, of []string) bool {
	for _, one := range of {
		if strings.Contains(text, one) {
			return true
		}
	}
	return len(of) == 0
}

// passes is how many passes over clusters it has finished.
func (o *operator) passes(t *testing.T) float64 {
	t.Helper()
	return o.sum(t, "controller_runtime_reconcile_total")
}

// writes is how many requests to change something it has made.
func (o *operator) writes(t *testing.T) float64 {
	t.Helper()
	return o.sum(t, "rest_client_requests_total", `method="PATCH"`, `method="POST"`, `method="PUT"`, `method="DELETE"`)
}

// failures is how many passes ended with an error.
func (o *operator) failures(t *testing.T) float64 {
	t.Helper()
	return o.sum(t, "controller_runtime_reconcile_total", `result="error"`)
}

// cost is what the process has taken from the machine.
func (o *operator) cost(t *testing.T) string {
	t.Helper()
	pid := o.command.Process.Pid
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("resident %d MB, at most %d MB; CPU %v", kilobytes(status, "VmRSS:")>>10, kilobytes(status, "VmHWM:")>>10, o.cpu(t))
}

// cpu is the processor time that it has used.
func (o *operator) cpu(t *testing.T) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", o.command.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(after) // from the third field of proc_pid_stat(5) on
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		t.Fatalf("read /proc/PID/stat: %v, %v", err1, err2)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

func kilobytes(status []byte, field string) int {
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			n, _ := strconv.Atoi(strings.Fields(rest)[0])
			return n
		}
	}
	return 0
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
