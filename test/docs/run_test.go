//go:build e2e

package docs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience bounds a page; nothing is asserted about how long it takes.
const patience = 10 * time.Minute

// TestPages does what the pages say. Those that need Kubernetes alone go side by
// side, each in its own namespace; the others may use the same ports.
func TestPages(t *testing.T) {
	tree := copyOfTree(t)
	for name, text := range pages(t) {
		p := page{name: name, tree: tree, blocks: blocks(name, text)}
		local, cluster := p.needs()
		if !local && !cluster {
			continue
		}
		t.Run(strings.TrimSuffix(strings.TrimPrefix(name, "docs/"), ".md"), func(t *testing.T) {
			if !local {
				t.Parallel()
			}
			p.outputs = t.TempDir()
			if cluster {
				p.kubeconfig = namespace(t, p.namespace())
			}
			p.run(t)
		})
	}
}

// page is one session.
type page struct {
	name, tree string
	blocks     []block
	outputs    string // the directory that they go to, by the block's index
	kubeconfig string
}

func (p page) needs() (local, cluster bool) {
	for _, b := range p.blocks {
		commands, kubernetes := b.runs()
		local = local || commands && !kubernetes
		cluster = cluster || kubernetes
	}
	return local, cluster
}

func (p page) namespace() string {
	name := strings.ToLower(strings.TrimSuffix(p.name, ".md"))
	if !strings.HasPrefix(name, "docs/") {
		name = "docs-" + name
	}
	return strings.ReplaceAll(name, "/", "-")
}

// script is all of the page, for one bash. Before each block it says on file
// descriptor 3 which comes.
func (p page) script() string {
	var b strings.Builder
	b.WriteString("set -euo pipefail\nbackground=()\n")
	for i, bl := range p.blocks {
		var commands string
		switch bl.kind {
		case "run":
			commands = bl.text + ":\n" // a block may be all comments
		case "file":
			commands = "cat >" + strconv.Quote(bl.arg) + " <<'END OF FILE'\n" + bl.text + "END OF FILE\n"
		case "spec":
			commands = accepted("create", "apiVersion: naming.distro.io/v1alpha1\nkind: NamingCluster\nmetadata: {name: accepted}\n"+bl.text)
		case "manifest":
			commands = accepted("apply", bl.text)
		default:
			continue
		}
		end := ""
		if bl.background() {
			end = " &\nbackground+=($!)"
		}
		fmt.Fprintf(&b, "echo %d >&3\n{\n%s} >%s/%d 2>&1%s\n", i, commands, p.outputs, i, end)
	}
	// What goes on in the background must go on still, or have ended well.
	b.WriteString("for p in \"${background[@]}\"; do kill -0 \"$p\" 2>/dev/null || wait \"$p\"; done\n")
	return b.String()
}

// accepted asks the API server whether it would take a manifest as it is.
func accepted(verb, manifest string) string {
	return "kubectl " + verb + " --dry-run=server --validate=strict -f - <<'END OF MANIFEST'\n" + manifest + "END OF MANIFEST\n"
}

func (p page) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	progress, err := os.Create(filepath.Join(p.outputs, "progress"))
	if err != nil {
		t.Fatal(err)
	}
	defer progress.Close()
	var rest bytes.Buffer
	cmd := exec.CommandContext(ctx, "bash", "-c", p.script())
	cmd.Dir = p.tree
	cmd.Env = append(os.Environ(), "KUBECONFIG="+p.kubeconfig, "MAKEFLAGS=", "MAKELEVEL=") // as a user's shell has it
	cmd.Stdout, cmd.Stderr = &rest, &rest
	cmd.ExtraFiles = []*os.File{progress}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // whatever goes on in the background
	if err != nil {
		at := p.last(t)
		t.Fatalf("%s: %v\n%s%s\n%s%s", p.blocks[at].at(), err, p.blocks[at].text, strings.Repeat("-", 40), p.output(t, at), &rest)
	}
	p.compare(t)
}

// last is the index of the block that was begun last.
func (p page) last(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.outputs, "progress"))
	if err != nil {
		t.Fatal(err)
	}
	begun := strings.Fields(string(text))
	if len(begun) == 0 {
		t.Fatalf("%s: nothing was begun; is it a script?\n%s", p.name, p.script())
	}
	at, err := strconv.Atoi(begun[len(begun)-1])
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func (p page) output(t *testing.T, i int) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.outputs, strconv.Itoa(i)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// compare looks at each output that the page shows.
func (p page) compare(t *testing.T) {
	t.Helper()
	for i, b := range p.blocks {
		if b.kind != "output" {
			continue
		}
		if got := p.output(t, i-1); !shows(b.text, got) {
			t.Errorf("%s: the page shows\n%s\nprinted was\n%s", b.at(), b.text, got)
		}
	}
}

// namespace makes an empty namespace, and returns a kubeconfig that is in it.
func namespace(t *testing.T, name string) string {
	t.Helper()
	config := filepath.Join(t.TempDir(), "kubeconfig")
	command(t, ".", "bash", "-ec", `
kubectl delete namespace "$1" --ignore-not-found --timeout=2m >/dev/null
kubectl create namespace "$1" >/dev/null
kubectl config view --raw --minify --flatten >"$2"
kubectl --kubeconfig "$2" config set-context --current --namespace "$1" >/dev/null`, "-", name, config)
	t.Cleanup(func() {
		out, err := exec.CommandContext(context.Background(), "kubectl", "delete", "namespace", name, "--timeout=2m").CombinedOutput()
		if err != nil {
			t.Errorf("delete namespace %s: %v\n%s", name, err, out)
		}
	})
	return config
}

// copyOfTree copies what git knows of the tree, so that pages may write files.
// The place depends on the tree alone: what Go caches for it is found again.
func copyOfTree(t *testing.T) string {
	t.Helper()
	from, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	to := path.Join(os.TempDir(), "naming-docs"+strings.ReplaceAll(filepath.ToSlash(from), "/", "-"))
	remove := func() {
		if err := os.RemoveAll(to); err != nil {
			t.Error(err)
		}
	}
	remove()
	t.Cleanup(remove)
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatal(err)
	}
	command(t, from, "bash", "-eo", "pipefail", "-c", `
git ls-files --cached --others --exclude-standard -z |
  while IFS= read -r -d '' file; do if [ -e "$file" ]; then printf '%s\0' "$file"; fi; done |
  tar --null -T - -cf - | tar -xf - -C "$1"`, "-", to)
	return to
}

func command(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), args[0], slices.Clone(args[1:])...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
}
