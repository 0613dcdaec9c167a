package loopback

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build compiles the sidecar of the module at moduleDir into outDir and
// returns the program's path.
func Build(ctx context.Context, moduleDir, outDir string) (string, error) {
	program := filepath.Join(outDir, "distro-sidecar")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/sidecar")
	cmd.Dir = moduleDir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build sidecar: %w\n%s", err, out)
	}
	return program, nil
}

// Cluster is a set of members that share one member list.
type Cluster struct {
	Members []*Member // in the order of their ports
}

// Start runs n members of program and waits, at most until startup ends, until
// each is ready. Their member list and logs go to dir; flags are added to those
// of all. When life ends, the processes are killed.
func Start(life, startup context.Context, program, dir string, n int, flags ...string) (*Cluster, error) {
	ports, err := Ports(startup, n)
	if err != nil {
		return nil, err
	}
	list := filepath.Join(dir, "cluster.conf")
	c := &Cluster{}
	var text strings.Builder
	text.WriteString("# generation: 1\n")
	for i, port := range ports {
		m := NewMember(program, list, filepath.Join(dir, fmt.Sprintf("member-%d.log", i)), port)
		m.Flags = flags
		c.Members = append(c.Members, m)
		fmt.Fprintln(&text, m.Address())
	}
	if err := os.WriteFile(list, []byte(text.String()), 0o600); err != nil {
		return nil, fmt.Errorf("write member list: %w", err)
	}
	for _, m := range c.Members {
		if err := m.Start(life); err != nil {
			return nil, errors.Join(err, c.Kill())
		}
	}
	for _, m := range c.Members {
		if err := m.WaitReady(startup); err != nil {
			return nil, errors.Join(err, c.Kill())
		}
	}
	return c, nil
}

// Stop ends all members: politely, all at once, then waits for them.
func (c *Cluster) Stop() error {
	for _, m := range c.Members {
		m.Leave()
	}
	var errs []error
	for _, m := range c.Members {
		errs = append(errs, m.wait())
	}
	return errors.Join(errs...)
}

// Kill ends all members at once and without ceremony, for callers that need
// nothing of them any more.
func (c *Cluster) Kill() error {
	var errs []error
	for _, m := range c.Members {
		if m.Running() {
			errs = append(errs, m.Kill())
		}
	}
	return errors.Join(errs...)
}

// WaitAgreed waits until every running member reports the same digest and has
// nothing left to send, and returns the reports.
func (c *Cluster) WaitAgreed(ctx context.Context) (reports []Status, err error) {
	err = Until(ctx, "members agree", func(ctx context.Context) error {
		reports = reports[:0]
		for _, m := range c.Members {
			if !m.Running() {
				continue
			}
			status, err := m.Status(ctx)
			if err != nil {
				return err
			}
			reports = append(reports, status)
		}
		return agreed(reports)
	})
	return reports, err
}
