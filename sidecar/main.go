package sidecar

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/console"
)

const usage = `distro-sidecar is one member of a naming cluster.

  distro-sidecar [serve] --member-list=FILE --address=HOST:PORT [flags]
  distro-sidecar console [--listen=:8081] [--admin=URL]   one web page about the member at URL
  distro-sidecar check --members=HOST:PORT,...            register on the first, read from the others, deregister; check -h
  distro-sidecar drain [--admin=URL]                      make the member at URL leave, and wait for it
  distro-sidecar version
  distro-sidecar serve -h                                 all flags
`

// defaultAdmin is where the companions find the member in their pod.
const defaultAdmin = "http://127.0.0.1:8080"

// Main runs the subcommand named by args until it is done or ctx ends.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	command, args := commandOf(args)
	var err error
	switch command {
	case "serve":
		err = serve(ctx, args, stdout, stderr)
	case "console":
		err = serveConsole(ctx, args, stdout, stderr)
	case "check":
		err = check(ctx, args, stdout, stderr)
	case "drain":
		err = drain(ctx, args, stderr)
	case "version":
		_, err = fmt.Fprintln(stdout, Version)
	case "help":
		_, err = io.WriteString(stdout, usage)
	default:
		err = fmt.Errorf("unknown command %q\n\n%s", command, usage)
	}
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	return err
}

// commandOf tells the subcommand from what it is given. Flags alone are those of
// serve, but for the two that people try first.
func commandOf(args []string) (command string, rest []string) {
	switch {
	case len(args) == 0:
		return "serve", nil
	case !strings.HasPrefix(args[0], "-"):
		return args[0], args[1:]
	}
	switch args[0] {
	case "-h", "-help", "--help":
		return "help", args[1:]
	case "-version", "--version":
		return "version", args[1:]
	default:
		return "serve", args
	}
}

func serve(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	cfg, err := parseConfig(args, stderr)
	if err != nil {
		return err
	}
	collectSeldom()
	return Run(ctx, cfg, newLogger(stdout, cfg.LogLevel))
}

// newLogger writes one JSON object a line.
func newLogger(w io.Writer, level string) logr.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	if strings.EqualFold(level, "debug") {
		options.Level = slog.LevelDebug
	}
	return logr.FromSlogHandler(slog.NewJSONHandler(w, options))
}

// parse reads the flags of a companion, which takes nothing else.
func parse(fs *flag.FlagSet, args []string) error {
	err := fs.Parse(args)
	if err == nil && fs.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q: only flags are taken, which -h lists", fs.Arg(0))
	}
	return err
}

func serveConsole(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("distro-sidecar console", flag.ContinueOnError)
	fs.SetOutput(stderr)
	listen := fs.String("listen", ":8081", "`host:port` of the page")
	admin := fs.String("admin", defaultAdmin, "`URL` of the member's admin port")
	if err := parse(fs, args); err != nil {
		return err
	}
	log := newLogger(stdout, "info")
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *listen)
	if err != nil {
		return fmt.Errorf("console: %w", err)
	}
	server := &http.Server{
		Handler: console.Handler(*admin, log), ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	log.Info("console listens", "address", listener.Addr().String(), "admin", *admin)
	return serveHTTP(ctx, server, listener)
}

// serveHTTP serves until ctx ends and the last answers are out.
func serveHTTP(ctx context.Context, server *http.Server, listener net.Listener) error {
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err := server.Shutdown(grace)
		if ended := <-done; !errors.Is(ended, http.ErrServerClosed) {
			err = errors.Join(err, ended)
		}
		return err
	}
}

func drain(ctx context.Context, args []string, stderr io.Writer) error {
	fs := flag.NewFlagSet("distro-sidecar drain", flag.ContinueOnError)
	fs.SetOutput(stderr)
	admin := fs.String("admin", defaultAdmin, "`URL` of the member's admin port")
	if err := parse(fs, args); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(*admin, "/")+"/v1/drain", nil)
	if err != nil {
		return fmt.Errorf("drain: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("drain: is --admin the admin port of a member? %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil {
		return fmt.Errorf("drain: read answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("drain: %s: %s", resp.Status, strings.TrimSpace(string(text)))
	}
	return nil
}
