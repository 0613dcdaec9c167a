package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
)

var errDown = errors.New("the cluster is not running; start it with `localcluster up`")

func status(ctx context.Context, c *cluster, _ []string, out io.Writer) error {
	for _, name := range startOrder {
		state := "not running"
		if pid := c.daemon(name).running(); pid != 0 {
			state = fmt.Sprintf("running, pid %d", pid)
		}
		fmt.Fprintf(out, "%-24s %s\n", name, state)
	}
	for _, n := range c.nodes()[1:] {
		for _, name := range nodeParts {
			fmt.Fprintf(out, "%-24s pid %d, of node %s\n", name, c.daemonOn(n, name).running(), n.name)
		}
	}
	if trouble := c.healthy(ctx); trouble != nil {
		fmt.Fprintf(out, "cluster %q: %v\n", c.name, trouble)
		return &exitError{1}
	}
	fmt.Fprintf(out, "cluster %q: Kubernetes %s at %s\nKUBECONFIG=%s\n", c.name, c.dist.version, c.apiURL(), c.kubeconfig("admin"))
	return nil
}

func printKubeconfig(_ context.Context, c *cluster, _ []string, out io.Writer) error {
	if !exists(c.kubeconfig("admin")) {
		return errDown
	}
	fmt.Fprintln(out, c.kubeconfig("admin"))
	return nil
}

func logs(_ context.Context, c *cluster, args []string, out io.Writer) error {
	if len(args) == 0 {
		for _, name := range startOrder {
			fmt.Fprintln(out, c.daemon(name).logFile())
		}
		return nil
	}
	if !slices.Contains(startOrder, args[0]) {
		return fmt.Errorf("read log: no component %q; one of: %s", args[0], strings.Join(startOrder, " "))
	}
	log, err := os.Open(c.daemon(args[0]).logFile())
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	defer log.Close()
	_, err = io.Copy(out, log)
	return err
}

// clean removes the cache, whatever versions are in it.
func clean(_ context.Context, c *cluster, _ []string, _ io.Writer) error {
	if exists(c.dir) {
		return errors.New("clean: the cluster runs from the cache; take it down first")
	}
	if err := os.RemoveAll(c.dist.cache); err != nil {
		return fmt.Errorf("clean: %w", err)
	}
	return nil
}

func assets(ctx context.Context, c *cluster, _ []string, out io.Writer) error {
	if err := c.dist.ensure(ctx, c.root, newProgress()); err != nil {
		return err
	}
	fmt.Fprintln(out, c.dist.assets())
	return nil
}

// kubectl runs the cluster's own kubectl as its administrator.
func (c *cluster) kubectl(ctx context.Context, args ...string) error {
	return execute(ctx, append([]string{c.dist.program("kubectl"), "--kubeconfig", c.kubeconfig("admin")}, args...)...)
}

// becomeKubectl replaces this process, so that signals and terminals work.
func (c *cluster) becomeKubectl(args []string) error {
	if !exists(c.kubeconfig("admin")) {
		return errDown
	}
	kubectl := c.dist.program("kubectl")
	env := append(daemonEnv(os.Environ()), "KUBECONFIG="+c.kubeconfig("admin"))
	return fmt.Errorf("run kubectl: %w", syscall.Exec(kubectl, append([]string{kubectl}, args...), env))
}

// enter replaces this process with a command in the node's network namespace.
func (c *cluster) enter(args []string) error {
	if len(args) == 0 {
		return errors.New("exec: want a command")
	}
	if !exists(c.node.netns) {
		return errDown
	}
	argv := append(c.node.inside(), args...)
	nsenter, err := exec.LookPath(argv[0])
	if err != nil {
		return fmt.Errorf("exec: %w", err)
	}
	return fmt.Errorf("exec: %w", syscall.Exec(nsenter, argv, os.Environ()))
}
