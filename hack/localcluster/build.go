package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// pauseImage keeps a pod's namespaces; it exists on this machine only.
const pauseImage = "localhost/naming-pause:local"

// build is what is compiled once and kept in the cache.
type build struct {
	version string // of Kubernetes, with its v
	cache   string // root of the cache, shared by all versions
	dir     string // of this version and content
	pause   string // archive of the pause image
}

// program is the link to one component; its name tells the program what to be.
func (b build) program(component string) string { return filepath.Join(b.assets(), component) }

// assets is the folder envtest takes as KUBEBUILDER_ASSETS.
func (b build) assets() string { return filepath.Join(b.dir, "assets") }

var kubernetesVersion = regexp.MustCompile(`(?m)^\s*k8s\.io/kubernetes (v\d+\.\d+\.\d+)$`)

// findBuild names the build that belongs to the sources under root. Its folder
// is keyed by content, so an old one is never taken for a new one.
func findBuild(root string) (build, error) {
	cache, err := cacheDir(os.Getenv)
	if err != nil {
		return build{}, err
	}
	module := filepath.Join(root, "hack", "k8s")
	gomod, err := os.ReadFile(filepath.Join(module, "go.mod"))
	if err != nil {
		return build{}, fmt.Errorf("read the Kubernetes version: %w", err)
	}
	found := kubernetesVersion.FindSubmatch(gomod)
	if found == nil {
		return build{}, fmt.Errorf("read the Kubernetes version: hack/k8s/go.mod does not require k8s.io/kubernetes")
	}
	version := string(found[1])
	key, err := contentKey(filepath.Join(module, "main.go"), filepath.Join(module, "go.sum"))
	if err != nil {
		return build{}, err
	}
	pauseKey, err := contentKey(filepath.Join(root, "hack", "localcluster", "pause", "main.go"))
	if err != nil {
		return build{}, err
	}
	return build{
		version: version,
		cache:   cache,
		dir:     filepath.Join(cache, "kubernetes", version+"-"+key),
		pause:   filepath.Join(cache, "pause", pauseKey+".tar"),
	}, nil
}

// cacheDir is $NAMING_CACHE, or a folder of ours in the user's cache.
func cacheDir(getenv func(string) string) (string, error) {
	if dir := getenv("NAMING_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	if dir := getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, "naming-operator"), nil
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".cache", "naming-operator"), nil
	}
	return "", fmt.Errorf("find the cache: none of NAMING_CACHE, XDG_CACHE_HOME and HOME is set")
}

// contentKey is short, and differs when any of the files does.
func contentKey(files ...string) (string, error) {
	sum := sha256.New()
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("hash the sources: %w", err)
		}
		_, err = io.Copy(sum, f)
		f.Close()
		if err != nil {
			return "", fmt.Errorf("hash the sources: %w", err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:12], nil
}

// ensure builds what the cache does not have yet. Several callers may ask at
// once; one builds and the others wait for it.
func (b build) ensure(ctx context.Context, root string, p *progress) error {
	if exists(b.program("kubectl")) {
		return nil
	}
	unlock, err := lock(ctx, filepath.Join(b.cache, "build.lock"), p)
	if err != nil {
		return err
	}
	defer unlock()
	if exists(b.program("kubectl")) { // by the one we waited for
		return nil
	}
	if err := os.MkdirAll(b.assets(), 0o755); err != nil {
		return fmt.Errorf("make the cache: %w", err)
	}
	binary := filepath.Join(b.dir, "localkube")
	title := "building Kubernetes " + b.version + " (first run only; 8 to 15 minutes on 2 cores)"
	if err := p.during(title, func() error { return b.compile(ctx, root, binary) }); err != nil {
		return err
	}
	// kubectl last: its link says that all is there.
	for _, name := range []string{
		"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "coredns", "kubectl",
	} {
		if err := link("../localkube", b.program(name)); err != nil {
			return err
		}
	}
	return nil
}

func (b build) compile(ctx context.Context, root, binary string) error {
	part := strings.SplitN(strings.TrimPrefix(b.version, "v"), ".", 3)
	const stamp = " -X k8s.io/component-base/version."
	flags := "-s -w" + stamp + "gitVersion=" + b.version + stamp + "gitMajor=" + part[0] +
		stamp + "gitMinor=" + part[1] + stamp + "gitTreeState=clean"
	return goBuild(ctx, filepath.Join(root, "hack", "k8s"), binary, "-ldflags", flags, ".")
}

// ensurePause packs the image that every pod's sandbox starts from.
func (b build) ensurePause(ctx context.Context, root string) error {
	if exists(b.pause) {
		return nil
	}
	work, err := os.MkdirTemp("", "pause-")
	if err != nil {
		return fmt.Errorf("build the pause image: %w", err)
	}
	defer os.RemoveAll(work)
	binary, packer := filepath.Join(work, "pause"), filepath.Join(work, "image")
	if err := goBuild(ctx, root, binary, "-ldflags", "-s -w", "./hack/localcluster/pause"); err != nil {
		return err
	}
	if err := goBuild(ctx, filepath.Join(root, "tools"), packer, "./image"); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(b.pause), 0o755); err != nil {
		return fmt.Errorf("build the pause image: %w", err)
	}
	return execute(ctx, packer, "-binary", binary, "-entrypoint", "pause", "-tag", pauseImage, "-o", b.pause)
}

// goBuild writes a static program to target; a build that fails leaves none.
func goBuild(ctx context.Context, dir, target string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-trimpath", "-o", target + ".new"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "GOWORK=off")
	cmd.WaitDelay = 5 * time.Second
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", filepath.Base(target), err, output)
	}
	return os.Rename(target+".new", target)
}

func link(target, name string) error {
	if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("link %s: %w", name, err)
	}
	return os.Symlink(target, name)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
