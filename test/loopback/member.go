package loopback

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/report"
)

// Status is what a member says about itself.
type Status = report.Report

// Member is one sidecar process. Its methods are not safe for concurrent use.
type Member struct {
	Name string // that of its log: member-0 and so on
	Host string
	Port int // the main port; gRPC is at Port+1000 and Port+1001

	// Listen is the IP on which the process listens, for tests that stand between
	// it and the others; NewMember sets it to Host.
	Listen string

	Flags []string // more of them, for the next start

	program, list, log string
	process            *exec.Cmd
	exited             chan struct{}
}

// NewMember returns a member that is yet to be started: program with a member
// list, which names it by its port on loopback, and a log of its own.
func NewMember(program, list, log string, port int) *Member {
	name := strings.TrimSuffix(filepath.Base(log), ".log")
	return &Member{Name: name, Host: host, Port: port, Listen: host, program: program, list: list, log: log}
}

// Address is the member's identity in the list.
func (m *Member) Address() string { return net.JoinHostPort(m.Host, strconv.Itoa(m.Port)) }

// GRPCAddress is where SDKs connect.
func (m *Member) GRPCAddress() string { return net.JoinHostPort(m.Host, strconv.Itoa(m.Port+1000)) }

// Admin is the base URL of the admin port.
func (m *Member) Admin() string {
	return "http://" + net.JoinHostPort(m.Host, strconv.Itoa(m.Port+adminOffset))
}

// PID is the process id of the running member.
func (m *Member) PID() int { return m.process.Process.Pid }

// Running reports whether the process was started and has not ended.
func (m *Member) Running() bool {
	if m.process == nil {
		return false
	}
	select {
	case <-m.exited:
		return false
	default:
		return true
	}
}

// Start runs the process. It appends to the log of earlier runs.
func (m *Member) Start(ctx context.Context) error {
	out, err := os.OpenFile(m.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log of %s: %w", m.Name, err)
	}
	defer out.Close()
	cmd := exec.CommandContext(ctx, m.program, append([]string{
		"serve",
		"--member-list=" + m.list,
		"--address=" + m.Address(),
		"--listen-host=" + m.Listen,
		"--admin-address=" + net.JoinHostPort(m.Host, strconv.Itoa(m.Port+adminOffset)),
	}, m.Flags...)...)
	cmd.Stdout, cmd.Stderr = out, out
	dieWithParent(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", m.Name, err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait() // how it ended is in its log and in ProcessState
	}()
	m.process, m.exited = cmd, exited
	return nil
}

// Kill ends the process without any warning, as a crash would, and waits until
// it is gone.
func (m *Member) Kill() error {
	if err := m.process.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill %s: %w", m.Name, err)
	}
	<-m.exited
	return nil
}

// Leave asks the process to leave, which takes as long as its clients need to
// move, and returns at once.
func (m *Member) Leave() {
	if m.Running() {
		_ = m.process.Process.Signal(os.Interrupt) // it may have ended meanwhile
	}
}

// wait gives a member that was interrupted half a minute to end.
func (m *Member) wait() error {
	if m.process == nil {
		return nil
	}
	timeout := time.NewTimer(30 * time.Second)
	defer timeout.Stop()
	select {
	case <-m.exited:
		return nil
	case <-timeout.C:
		return errors.Join(fmt.Errorf("stop %s: it ignored the interrupt", m.Name), m.Kill())
	}
}

// WaitReady waits until the member has loaded the registry and serves.
func (m *Member) WaitReady(ctx context.Context) error {
	return Until(ctx, m.Name+" is ready", func(ctx context.Context) error {
		if !m.Running() {
			return fmt.Errorf("the process ended; its log: %s", m.lastWords())
		}
		_, err := m.get(ctx, "/readyz")
		return err
	})
}

// Status asks the admin port.
func (m *Member) Status(ctx context.Context) (Status, error) {
	body, err := m.get(ctx, "/v1/status")
	if err != nil {
		return Status{}, err
	}
	var s Status
	if err := json.Unmarshal(body, &s); err != nil {
		return Status{}, fmt.Errorf("read status of %s: %w", m.Name, err)
	}
	return s, nil
}

var errNoMetric = errors.New("no such metric")

// Metric returns the value of a metric, by its name with all its labels.
func (m *Member) Metric(ctx context.Context, name string) (float64, error) {
	body, err := m.get(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(body)) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("read metrics of %s: %w: %s", m.Name, errNoMetric, name)
}

func (m *Member) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.Admin()+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", path, m.Name, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s of %s: %s: %s", path, m.Name, resp.Status, body)
	}
	return body, nil
}

// Log returns what the member has logged, in all its runs.
func (m *Member) Log() (string, error) {
	text, err := os.ReadFile(m.log)
	if err != nil {
		return "", fmt.Errorf("read log of %s: %w", m.Name, err)
	}
	return string(text), nil
}

// lastWords returns the end of the log.
func (m *Member) lastWords() string {
	const much = 2000
	text, err := m.Log()
	if err != nil {
		return err.Error()
	}
	return text[max(0, len(text)-much):]
}
