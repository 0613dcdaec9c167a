package clients

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// process is a program that the test runs in a folder of its own, where what it
// says stays.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string
}

// newProcess returns a process that is yet to be started.
func newProcess(t *testing.T, name, dir string, command []string, env ...string) *process {
	t.Helper()
	must(t, os.MkdirAll(dir, 0o700))
	p := &process{name: name, log: filepath.Join(dir, "said"), cmd: exec.CommandContext(t.Context(), command[0], command[1:]...)}
	p.cmd.Dir = dir
	p.cmd.Env = append(append(os.Environ(), "HOME="+dir), env...) // where clients would leave logs and caches
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return p
}

// start runs it until the test ends. What it says goes to its log, except where
// somebody reads it.
func (p *process) start(t *testing.T) {
	t.Helper()
	log, err := os.Create(p.log)
	must(t, err)
	defer log.Close()
	p.cmd.Stderr = log
	if p.cmd.Stdout == nil {
		p.cmd.Stdout = log
	}
	must(t, p.cmd.Start())
	t.Cleanup(func() {
		p.kill(t)
		if text, err := os.ReadFile(p.log); err == nil && t.Failed() {
			t.Logf("%s said:\n%s", p.name, text[max(0, len(text)-4000):])
		}
	})
}

// requireSays waits until the process has said a text.
func (p *process) requireSays(t *testing.T, text string) {
	t.Helper()
	eventually(t, p.name+" says "+text, func() error {
		said, err := os.ReadFile(p.log)
		if err == nil && !strings.Contains(string(said), text) {
			err = missing(text, fmt.Sprintf("%d bytes without it", len(said)))
		}
		return err
	})
}

// kill ends the process as a crash would.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	_ = p.cmd.Wait() // it was killed, or had ended
}
