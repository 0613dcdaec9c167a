// Command quickstart uses a naming cluster as an application would, through
// the official Nacos Go SDK, and says what it does and sees.
//
//	quickstart -register HOST:PORT -read HOST:PORT,HOST:PORT
//	quickstart hold  -member HOST:PORT[,HOST:PORT] -count N -clients N
//	quickstart watch -member HOST:PORT[,HOST:PORT] -count N
//	quickstart grow  -member HOST:PORT[,HOST:PORT] -every 100ms -clients N
//
// The first form is a tour: register on one member, read and be pushed on the
// others, change, remove, close. "hold" publishes instances and keeps them
// until it is interrupted; "watch" subscribes and fails as soon as a list that
// once held N instances holds fewer; "grow" publishes more and more, says how
// many when it is interrupted, and leaves when it is interrupted again. Addresses are those of a member's main
// port; the SDK itself adds 1000 for gRPC. With -user and -password, clients log in.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/nacos-group/nacos-sdk-go/v2/common/constant"

	"github.com/distro-naming/naming-operator/test/clients/sdk"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// options are the flags of all forms.
type options struct {
	register, read, member string
	service                string
	user, password         string
	count, clients         int
	timeout, every         time.Duration
}

func run(ctx context.Context, args []string, out io.Writer) error {
	command := "tour"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		command, args = args[0], args[1:]
	}
	var o options
	flags := flag.NewFlagSet("quickstart "+command, flag.ContinueOnError)
	flags.StringVar(&o.service, "service", "greeter", "name of the service")
	flags.StringVar(&o.register, "register", "127.0.0.1:8848", "tour: member to register on")
	flags.StringVar(&o.read, "read", "", "tour: members to read from, separated by commas (default: the same)")
	flags.DurationVar(&o.timeout, "timeout", time.Minute, "how long connecting may take, and any one step of the tour")
	flags.StringVar(&o.member, "member", "127.0.0.1:8848", "but for the tour: members to connect to, any of them, by commas")
	flags.IntVar(&o.count, "count", 10, "hold and watch: number of instances")
	flags.IntVar(&o.clients, "clients", 3, "hold and grow: number of connections that share the instances")
	flags.StringVar(&o.user, "user", "", "user to log in as (default: nobody)")
	flags.StringVar(&o.password, "password", "", "password of the user")
	flags.DurationVar(&o.every, "every", 100*time.Millisecond, "grow: time between registrations")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.read == "" {
		o.read = o.register
	}

	dir, err := os.MkdirTemp("", "quickstart-") // the SDK's logs and cache
	if err != nil {
		return fmt.Errorf("make a directory for the SDK: %w", err)
	}
	defer os.RemoveAll(dir)
	switch command {
	case "tour":
		return tour(ctx, dir, o, out)
	case "hold":
		return hold(ctx, dir, o, out)
	case "watch":
		return watch(ctx, dir, o, out)
	case "grow":
		return grow(ctx, dir, o, out)
	}
	return fmt.Errorf("%w %q: want tour, hold, watch or grow", errUnknownCommand, command)
}

// open connects a client to a member, or any of several, as the user of o.
func (o options) open(ctx context.Context, dir, address string) (*sdk.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	return sdk.Open(ctx, dir, address, constant.WithUsername(o.user), constant.WithPassword(o.password))
}

var errUnknownCommand = errors.New("unknown command")
