package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// progress tells a person what is going on, with the seconds since the start.
type progress struct {
	start time.Time
	out   io.Writer
}

func newProgress() *progress { return &progress{start: time.Now(), out: os.Stderr} }

func (p *progress) step(format string, args ...any) {
	fmt.Fprintf(p.out, "%6.1fs  %s\n", time.Since(p.start).Seconds(), fmt.Sprintf(format, args...))
}

// during runs work and says every half minute that it still runs, because a
// silent ten minutes look like a hang.
func (p *progress) during(title string, work func() error) error {
	p.step("%s", title)
	done := make(chan error, 1)
	go func() { done <- work() }()
	tick := time.NewTicker(30 * time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-tick.C:
			p.step("  still %s", title)
		}
	}
}

// lock takes the file for this process and waits while another one has it. The
// kernel drops it when the process ends, however it ends.
func lock(ctx context.Context, path string, p *progress) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644) // close-on-exec: no child inherits the lock
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	for told := false; ; told = true {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !told {
			p.step("waiting for another localcluster (%s)", path)
		}
		if err := pause(ctx, time.Second); err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
	}
}

// pause waits for d or for the end of ctx, whose cause it then returns.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
