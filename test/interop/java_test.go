package interop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// classPath is what a Java member is started with; TestMain makes it.
var classPath string

// buildJava resolves what Nacos consists of, without the network where that
// will do, compiles the main class into dir and returns the class path.
func buildJava(ctx context.Context, dir string) (string, error) {
	list := filepath.Join(dir, "classpath")
	resolve := []string{"-B", "-q", "-f", "java/pom.xml", "dependency:build-classpath", "-Dmdep.outputFile=" + list}
	if run(ctx, "mvn", append([]string{"-o"}, resolve...)...) != nil {
		if err := run(ctx, "mvn", resolve...); err != nil {
			return "", err
		}
	}
	libraries, err := os.ReadFile(list)
	if err != nil {
		return "", err
	}
	classes := filepath.Join(dir, "classes")
	if err := os.CopyFS(classes, os.DirFS("java/resources")); err != nil {
		return "", err
	}
	sources, err := filepath.Glob("java/src/interop/*.java")
	if err != nil {
		return "", err
	}
	err = run(ctx, "javac", append([]string{"-proc:none", "-cp", string(libraries), "-d", classes}, sources...)...)
	return classes + string(filepath.ListSeparator) + string(libraries), err
}

func run(ctx context.Context, program string, args ...string) error {
	if out, err := exec.CommandContext(ctx, program, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("run %s: %w\n%s", program, err, out)
	}
	return nil
}

// javaMember is one Java server. It may be started again after its end, and
// then begins without memory.
type javaMember struct {
	name string
	port int
	mode mode
	list string // the member list, copied to where Nacos looks for it
	home string

	settings map[string]string // more properties, which come last

	process *exec.Cmd
	exited  chan struct{}
}

// mode is how a server replicates.
type mode rune

const (
	asNew      mode = 'j' // as Nacos 2.x does
	asOld      mode = 'v' // as Nacos 1.x does, whatever the others do
	upgradable mode = 'u' // as 2.x once all members can, as 1.x while one cannot
)

func (m mode) properties() map[string]string {
	switch m {
	case asOld:
		return map[string]string{"nacos.core.support.upgrade.from.1x": "true", "upgrading.checker.type": "never"}
	case upgradable:
		return map[string]string{"nacos.core.support.upgrade.from.1x": "true"}
	default:
		return nil
	}
}

func (j *javaMember) address() string { return "127.0.0.1:" + strconv.Itoa(j.port) }

func (j *javaMember) running() bool {
	if j.process == nil {
		return false
	}
	select {
	case <-j.exited:
		return false
	default:
		return true
	}
}

// start runs the server with an empty home.
func (j *javaMember) start(t *testing.T) {
	t.Helper()
	must(t, os.RemoveAll(j.home))
	for _, dir := range []string{"conf", "tmp"} {
		must(t, os.MkdirAll(filepath.Join(j.home, dir), 0o700))
	}
	list, err := os.ReadFile(j.list)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(j.home, "conf", "cluster.conf"), list, 0o600))
	out, err := os.Create(j.home + ".log")
	must(t, err)
	defer out.Close()
	j.process = exec.CommandContext(t.Context(), "nice", append([]string{"-n", "10", "java"}, j.arguments()...)...)
	j.process.Stdout, j.process.Stderr = out, out
	j.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(t, j.process.Start())
	j.exited = make(chan struct{})
	go func() {
		defer close(j.exited)
		_ = j.process.Wait() // how it ended is in its log
	}()
}

func (j *javaMember) arguments() []string {
	property := func(name, value string) string { return "-D" + name + "=" + value }
	out := []string{
		"-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", // small and quick to start, not fast
		property("nacos.home", j.home), property("user.home", j.home),
		property("nacos.logs.path", filepath.Join(j.home, "logs")), property("java.io.tmpdir", filepath.Join(j.home, "tmp")),
		property("server.port", strconv.Itoa(j.port)),
		property("server.address", "127.0.0.1"), property("nacos.server.ip", "127.0.0.1"),
		property("nacos.functionMode", "naming"), property("nacos.core.auth.enabled", "false"),
		property("nacos.naming.clean.loadDataRetryDelayMillis", "1000"), // a load that failed is tried again, not after a minute
		property("nacos.naming.distro.taskDispatchPeriod", "200"),       // changes leave after 0.2 s, not 2 s
	}
	for _, more := range []map[string]string{j.mode.properties(), j.settings} {
		for name, value := range more {
			out = append(out, property(name, value))
		}
	}
	return append(out, "-cp", classPath, "interop.JavaMember")
}

// kill ends the server as a crash would.
func (j *javaMember) kill(t *testing.T) {
	t.Helper()
	if err := j.process.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	<-j.exited
}

// said reports whether the server's log of replication contains the words.
func (j *javaMember) said(words string) bool {
	text, _ := os.ReadFile(filepath.Join(j.home, "logs", "protocol-distro.log")) // not there: not said
	return strings.Contains(string(text), words)
}
