//go:build e2e

package e2e

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	patience = 2 * time.Minute
	service  = "plugin-e2e"
)

var quickstart = os.Getenv("QUICKSTART") // the built test/clients/quickstart

// TestPlugin goes through an evening of somebody who looks after the sample.
func TestPlugin(t *testing.T) {
	if quickstart == "" {
		t.Fatal("KUBECONFIG and QUICKSTART must be set, kubectl and kubectl-naming be in PATH: run make test-e2e")
	}
	eventually(t, "the sample is Ready", func() error {
		_, err := naming(t, "status", "demo", "--check")
		return err
	})
	release := hold(t)
	one := instanceOfAll(t)

	t.Run("services", func(t *testing.T) { wantSaid(t, service, "services", "demo", "--contains", service) })
	t.Run("why it is there", func(t *testing.T) {
		wantSaid(t, "registered it", "why", "demo", service, one)
		wantSaid(t, "listed by 3 of 3 members", "why", "demo", service, one)
	})
	t.Run("members hold the same", func(t *testing.T) {
		eventually(t, "they do", func() error { // who has just started holds for a while what others were about to give up
			out, err := naming(t, "diff", "demo")
			if err != nil || !strings.Contains(out, "hold the same") {
				err = errors.Join(err, errors.New(out))
			}
			return err
		})
	})
	t.Run("drain and back", drainAndBack)
	t.Run("rebalance", func(t *testing.T) {
		moved(t)
		eventually(t, "clients are spread", func() error {
			out, err := naming(t, "rebalance", "demo")
			if err == nil && !strings.Contains(out, "evenly enough") {
				err = errors.New(out)
			}
			return err
		})
	})
	t.Run("through forwarded ports", func(t *testing.T) { wantSaid(t, "Serving", "status", "demo", "--via=port-forward") })
	t.Run("completion", func(t *testing.T) { wantSaid(t, "demo-2", "__complete", "drain", "demo", "") })
	t.Run("bundle", bundle)

	release()
	eventually(t, "it is told why they are gone", func() error {
		out, err := naming(t, "why", "demo", service, one)
		if err == nil && (!strings.Contains(out, "not listed by any member") || !strings.Contains(out, "Because:")) {
			err = errors.New(out)
		}
		return err
	})
}

// instanceOfAll waits until every member lists all instances, and returns one.
func instanceOfAll(t *testing.T) (one string) {
	t.Helper()
	var instances struct {
		Items []struct {
			IP            string
			Port          int
			Owner, Client string
			Listed        []string
		}
	}
	eventually(t, "all members list the instances", func() error {
		if err := parsed(t, &instances, "instances", "demo", service); err != nil {
			return err
		}
		for _, i := range instances.Items {
			if len(i.Listed) != 3 || i.Owner == "" {
				return fmt.Errorf("%s is listed by %v, owned by %q", i.IP, i.Listed, i.Owner)
			}
			one = fmt.Sprintf("%s:%d", i.IP, i.Port)
		}
		if len(instances.Items) != held {
			return fmt.Errorf("%d instances, want %d", len(instances.Items), held)
		}
		return nil
	})
	return one
}

// drainAndBack moves the clients of the member that has the most.
func drainAndBack(t *testing.T) {
	type report struct{ Connections int }
	var status struct {
		Members []struct {
			Name, State string
			Report      *report
		}
	}
	connected := func(name string) (int, string, error) {
		if err := parsed(t, &status, "status", "demo"); err != nil {
			return 0, "", err
		}
		for _, m := range status.Members {
			if m.Name == name && m.Report != nil {
				return m.Report.Connections, m.State, nil
			}
		}
		return 0, "", fmt.Errorf("%s does not answer", name)
	}
	if _, _, err := connected("demo-0"); err != nil {
		t.Fatal(err)
	}
	most := status.Members[0]
	for _, m := range status.Members {
		if m.Report != nil && m.Report.Connections > most.Report.Connections {
			most = m
		}
	}
	name := most.Name
	if most.Report.Connections == 0 {
		t.Fatal("no member has clients")
	}
	t.Cleanup(func() {
		_, _ = exec.CommandContext(context.Background(), "kubectl", "naming", "undrain", "demo", name).CombinedOutput()
	})
	wantSaid(t, "is fenced", "drain", "demo", name)
	eventually(t, name+" is fenced and empty", func() error {
		n, state, err := connected(name)
		if err == nil && (n != 0 || state != "Fenced") {
			err = fmt.Errorf("%d clients, %s", n, state)
		}
		return err
	})
	wantSaid(t, "is open", "undrain", "demo", name)
	eventually(t, name+" serves again", func() error {
		_, state, err := connected(name)
		if err == nil && state != "Serving" {
			err = errors.New(state)
		}
		return err
	})
}

// moved rebalances what the drain has upset: the member that was drained has no clients, and
// others agree to go there. Where they arrive is theirs to say: these list
// addresses, and cannot look up the name that they are told.
func moved(t *testing.T) {
	t.Helper()
	var found struct {
		Moves  []struct{ To string }
		Agreed int
	}
	if err := parsed(t, &found, "rebalance", "demo"); err != nil {
		t.Fatal(err)
	}
	if len(found.Moves) == 0 || found.Agreed == 0 {
		t.Errorf("rebalance = %+v, want clients that agree to go to the member with fewest", found)
	}
	instanceOfAll(t) // and what they publish is listed by all
}

// bundle wants the logs of every member, and nothing that could not be read.
func bundle(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bundle.tar.gz")
	wantSaid(t, "", "logs-bundle", "demo", "--file", file)
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	names := ""
	for archive := tar.NewReader(zip); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names += header.Name + "\n"
	}
	for _, want := range []string{"demo-0/log.jsonl", "demo-2/metrics.txt", "namingcluster.yaml", "operator/", "events.json"} {
		if !strings.Contains(names, want) {
			t.Errorf("the bundle has no %s:\n%s", want, names)
		}
	}
	if strings.Contains(names, "not-read.txt") || strings.Contains(names, "secret") {
		t.Errorf("the bundle has what it should not:\n%s", names)
	}
}

// held is how many instances there are, each of a client of its own: enough for
// a balance that can be upset.
const held = 6

// hold keeps them until release is called.
func hold(t *testing.T) (release func()) {
	t.Helper()
	var members []string
	for i := range 3 {
		ip, err := exec.CommandContext(t.Context(), "kubectl", "get", "pod", fmt.Sprintf("demo-%d", i), "-o", "jsonpath={.status.podIP}").Output()
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, string(ip)+":8848")
	}
	cmd := exec.CommandContext(context.Background(), quickstart, "hold", "-member", strings.Join(members, ","), "-service", service, "-count", strconv.Itoa(held), "-clients", strconv.Itoa(held))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := false
	release = func() {
		if !done {
			done = true
			_ = cmd.Process.Signal(syscall.SIGTERM)
			_ = cmd.Wait()
		}
	}
	t.Cleanup(release)
	return release
}

// naming runs the plugin through kubectl.
func naming(t *testing.T, args ...string) (string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "kubectl", append([]string{"naming"}, args...)...).CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("kubectl naming %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

func parsed(t *testing.T, into any, args ...string) error {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "kubectl", append([]string{"naming"}, append(args, "-o", "json")...)...).Output()
	if err != nil {
		return fmt.Errorf("kubectl naming %v: %w", args, err)
	}
	return json.Unmarshal(out, into)
}

func wantSaid(t *testing.T, want string, args ...string) {
	t.Helper()
	out, err := naming(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, want) {
		t.Errorf("kubectl naming %s said:\n%s\nwant %q in it", strings.Join(args, " "), out, want)
	}
	t.Logf("kubectl naming %s\n%s", strings.Join(args, " "), out)
}

func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("never came true: %s: %v", what, err)
		case <-tick.C:
		}
	}
}
