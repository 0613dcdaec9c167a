// Command localcluster runs a real Kubernetes on one Linux machine, from
// sources alone: no container engine daemon, no virtual machine, no image
// registry.
//
// One program file (module hack/k8s, built once into a cache) is etcd, the
// control plane, the kubelet, kube-proxy and CoreDNS; containerd, runc and the
// CNI plugins come from the distribution. The whole node lives in a network
// namespace of its own, joined to the host by one veth pair, so that the host
// reaches the API server, every pod and every Service by its real address and
// nothing else of the machine is touched.
//
// Promises: `up` on a running cluster changes nothing and returns at once; `up`
// after a crash or a reboot starts afresh; `down` stops only processes that
// `up` started and leaves no process, mount, interface, route, cgroup or file
// behind except the build cache.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `Usage: localcluster [--name NAME] COMMAND

  up                start the cluster, building it first if needed (as root)
  down              stop it and remove everything it made
  status            what runs; exit code 1 when the cluster is not healthy
  kubeconfig        print the path of the administrator's kubeconfig
  kubectl ARGS...   run the cluster's own kubectl
  logs [COMPONENT]  print a component's log, or where the logs are
  load IMAGE.tar... import docker or OCI image archives into the node; prints
                    which names are new or replaced
  exec COMMAND...   run a command inside the node's network namespace
  node add|remove   start a second node with a container runtime, a kubelet and
                    a kube-proxy of its own, or take it away with its pods
  node kill         let the second node die as by a loss of power, for tests of
                    faults; Kubernetes is not told
  stop COMPONENT    stop one component of the first node, for tests of faults
  start COMPONENT   start it again and wait until it is ready
  doctor            say what this machine lacks, and install it (root on Debian)
  assets            print the folder with etcd, kube-apiserver and kubectl
                    (for envtest), building it if needed
  clean             remove the build cache
`

// command is one verb of the command line; out receives what was asked for,
// everything else goes to standard error.
type command func(ctx context.Context, c *cluster, args []string, out io.Writer) error

var commands = map[string]command{
	"up":         func(ctx context.Context, c *cluster, _ []string, _ io.Writer) error { return c.up(ctx) },
	"down":       func(ctx context.Context, c *cluster, _ []string, _ io.Writer) error { return c.down(ctx) },
	"status":     status,
	"kubeconfig": printKubeconfig,
	"kubectl":    func(_ context.Context, c *cluster, args []string, _ io.Writer) error { return c.becomeKubectl(args) },
	"logs":       logs,
	"load":       load,
	"exec":       func(_ context.Context, c *cluster, args []string, _ io.Writer) error { return c.enter(args) },
	"node":       changeNode,
	"stop":       stopComponent,
	"start":      startComponent,
	"doctor":     doctor,
	"assets":     assets,
	"clean":      clean,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if exit := new(exitError); errors.As(err, &exit) {
		os.Exit(exit.code)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "localcluster:", err)
		os.Exit(1)
	}
}

// exitError ends the program with code and prints nothing: the reason was told.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("localcluster", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	name := flags.String("name", "naming", "name of the cluster")
	if err := flags.Parse(args); err != nil {
		return &exitError{2}
	}
	verb := commands[flags.Arg(0)]
	if verb == nil {
		flags.Usage()
		return &exitError{2}
	}
	c, err := newCluster(*name)
	if err != nil {
		return err
	}
	return verb(ctx, c, flags.Args()[1:], out)
}
