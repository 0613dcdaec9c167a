// Command scale prints what verification costs and how long members take to
// agree, for clusters of any size, as the tables of docs/explanation/distro.md.
// Message sizes are those of messages that are encoded here; times up to a
// hundred members are those of the simulator, beyond they are computed.
//
//	go run ./hack/scale
//	go run ./hack/scale -page docs/explanation/distro.md   rewrites the page's tables
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	page := flags.String("page", "", "the page whose tables to rewrite; without it they are printed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	times, err := timesTable()
	if err != nil {
		return err
	}
	text := trafficTable() + "\n" + times
	if *page == "" {
		_, err := io.WriteString(out, text)
		return err
	}
	old, err := os.ReadFile(*page)
	if err != nil {
		return fmt.Errorf("read page: %w", err)
	}
	next, err := between(old, text)
	if err != nil {
		return fmt.Errorf("rewrite %s: %w", *page, err)
	}
	if err := os.WriteFile(*page, next, 0o644); err != nil { //nolint:gosec // a page for everybody
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

// The lines of a page between which its tables are.
const (
	begin = "<!-- begin: go run ./hack/scale -page docs/explanation/distro.md -->\n"
	end   = "<!-- end -->\n"
)

var errNoPlace = errors.New("the lines that enclose the tables are missing")

// between returns the page with text where its tables are.
func between(page []byte, text string) ([]byte, error) {
	before, rest, found := bytes.Cut(page, []byte(begin))
	_, after, closed := bytes.Cut(rest, []byte(end))
	if !found || !closed {
		return nil, errNoPlace
	}
	return bytes.Join([][]byte{before, []byte(begin), []byte(text), []byte(end), after}, nil), nil
}
