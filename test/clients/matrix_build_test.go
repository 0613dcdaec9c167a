package clients

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// preparing bounds how long the client of one language may take to be fetched.
const preparing = 10 * time.Minute

// errUnreachable says that a client could not be fetched.
var errUnreachable = errors.New("its registry is not reachable, or its tools are missing")

func goDriver(name string) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		driver := filepath.Join(filepath.Dir(program), name)
		return []string{driver}, run(ctx, ".", "go", "build", "-o", driver, "./drivers/"+name)
	}
}

func javaDriver(version string) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		return javaProgram(ctx, "java-"+version, "drivers/java", "Driver", "-Dnacos.version="+version)
	}
}

func springApplication(ctx context.Context) ([]string, error) {
	return javaProgram(ctx, "spring", "drivers/spring", "application.Application")
}

func dubboApplication(ctx context.Context) ([]string, error) {
	return javaProgram(ctx, "dubbo", "drivers/dubbo", "application.Application")
}

// javaProgram fetches what the pom in source names, compiles what lies beside it
// and returns the command that runs main.
func javaProgram(ctx context.Context, name, source, main string, settings ...string) ([]string, error) {
	dir, err := cached(name, []string{source + "/pom.xml"}, func(dir string) error {
		return fetch(ctx, dir, "mvn", append(settings, "-B", "-q", "dependency:copy-dependencies", "-DoutputDirectory=lib")...)
	})
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(source + "/*.java")
	if err != nil {
		return nil, err
	}
	libraries, classes := filepath.Join(dir, "lib", "*"), filepath.Join(filepath.Dir(program), name)
	compile := append([]string{"-proc:none", "-parameters", "-cp", libraries, "-d", classes}, files...)
	if err := run(ctx, ".", "javac", compile...); err != nil {
		return nil, err
	}
	return append(append([]string{"java"}, smallJava...), "-cp", classes+string(filepath.ListSeparator)+libraries, main), nil
}

// smallJava makes a Java program small and quick to start, not fast.
var smallJava = []string{"-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"}

func nodeDriver(ctx context.Context) ([]string, error) {
	files := []string{"drivers/node/package.json", "drivers/node/package-lock.json", "drivers/node/driver.js"}
	dir, err := cached("node", files, func(dir string) error {
		return fetch(ctx, dir, "npm", "ci", "--no-audit", "--no-fund")
	})
	return []string{"node", filepath.Join(dir, "driver.js")}, err
}

func pythonDriver(version string) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		requirements, driver := "requirements-"+version+".txt", "driver"+version+".py"
		dir, err := cached("python-"+version, []string{"drivers/python/" + requirements}, func(dir string) error {
			if err := fetch(ctx, dir, "python3", "-m", "venv", "venv"); err != nil {
				return err
			}
			return fetch(ctx, dir, "venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements)
		})
		if err != nil {
			return nil, err
		}
		script, err := filepath.Abs("drivers/python/" + driver)
		return []string{filepath.Join(dir, "venv", "bin", "python"), "-B", script}, err
	}
}

// cached returns a folder with copies of files in which fill has succeeded, now
// or in an earlier run with the same files.
func cached(name string, files []string, fill func(dir string) error) (string, error) {
	caches, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	contents := map[string][]byte{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		contents[filepath.Base(file)] = text
		fmt.Fprintf(sum, "%s %d\n%s", file, len(text), text)
	}
	dir := filepath.Join(caches, "naming-operator", "clients", fmt.Sprintf("%s-%x", name, sum.Sum(nil)[:6]))
	done := filepath.Join(dir, ".done")
	if _, err := os.Stat(done); err == nil {
		return dir, nil
	}
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil { // what an interrupted run has left
		return "", err
	}
	for name, text := range contents {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return "", err
		}
	}
	if err := fill(dir); err != nil {
		return "", err
	}
	return dir, os.WriteFile(done, nil, 0o600)
}

// fetch runs a command that needs a registry.
func fetch(ctx context.Context, dir, program string, args ...string) error {
	if err := run(ctx, dir, program, args...); err != nil {
		return fmt.Errorf("%w: %w", errUnreachable, err)
	}
	return nil
}

func run(ctx context.Context, dir, program string, args ...string) error {
	if filepath.Base(program) != program {
		program = filepath.Join(dir, program)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("run %s: %w\n%s", program, err, out)
	}
	return nil
}
