package sidecar

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Version is the program's version, set when a release is built.
var Version = "v0.1.0"

// Config is everything that can be set on a member.
type Config struct {
	Address         member.Address // own entry in the member list
	MemberList      string         // path of the member list, in cluster.conf form
	ListenHost      string         // where the Nacos ports listen; empty means everywhere
	AdminAddress    string         // host:port of the admin port
	HeadlessService string         // for look-ups of peers; empty outside Kubernetes
	BrakeShare      float64        // of a service: losing more at once is braked; 1 never
	PeerStream      bool           // stream to members of this program, and let them
	DrainTimeout    time.Duration  // how long leaving may take
	LogLevel        string         // info or debug
	Limits          limits.Limits  // against who asks too much; none: the defaults
	Identity        wire.Identity  // by which the members know each other; none if its key is empty
	TLSMembers      string         // directory of the members' certificates; empty means plaintext
	TLSClients      string         // directory of the clients' certificates; empty means plaintext
	TLSPolicy       string         // file with the modes of TLS; without one it is required
	StrictPeers     bool           // who is not listed may not speak to members
}

// parseConfig reads the flags of "serve". Every problem is reported at once.
func parseConfig(args []string, stderr io.Writer) (Config, error) {
	var (
		cfg      Config
		address  string
		identity string
		bounds   string
	)
	fs := flag.NewFlagSet("distro-sidecar serve", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&address, "address", "", "own `host:port` as it stands in the member list; gRPC listens on port+1000 and port+1001")
	fs.StringVar(&cfg.MemberList, "member-list", "", "`file` with the member list, one host:port a line; followed while running")
	fs.StringVar(&cfg.ListenHost, "listen-host", "", "`IP` on which the Nacos ports listen (default all)")
	fs.StringVar(&cfg.AdminAddress, "admin-address", ":8080", "`host:port` for probes, status, metrics")
	fs.StringVar(&cfg.HeadlessService, "headless-service", "", "DNS `name` of the headless Service, for look-ups of peers")
	fs.Float64Var(&cfg.BrakeShare, "brake-share", naming.DefaultBrake().Share,
		"`share` of a service's instances; when more than it is lost at once, they are held as unhealthy; 1 never does")
	fs.BoolVar(&cfg.PeerStream, "peer-stream", true,
		"speak to members that are of this program by a stream of their own; others, and all if false, by Nacos's messages")
	fs.DurationVar(&cfg.DrainTimeout, "drain-timeout", 20*time.Second, "how long leaving may take")
	fs.StringVar(&bounds, "limits", "",
		"`name=value,…` of the limits that shall not be the default; docs/reference/limits.md has them all")
	fs.StringVar(&identity, "server-identity", "",
		"`file` with the line \"key: value\" that members show each other (nacos.core.auth.server.identity)")
	fs.StringVar(&cfg.TLSMembers, "tls-members", "",
		"`directory` with tls.crt, tls.key and ca.crt, which members show each other; followed while running")
	fs.StringVar(&cfg.TLSClients, "tls-clients", "",
		"`directory` with tls.crt and tls.key, which clients see; with ca.crt they must show one too; followed while running")
	fs.StringVar(&cfg.TLSPolicy, "tls-policy", "",
		"`file` with members=Permissive|Required and clients=…; followed while running; without it both are Required")
	fs.BoolVar(&cfg.StrictPeers, "strict-peers", false,
		"refuse who comes to the members' port from an address that is not a listed member's (default true with --headless-service)")
	fs.StringVar(&cfg.LogLevel, "log-level", "info", "info or debug")
	if err := fs.Parse(args); err != nil {
		return Config{}, err
	}
	var errs []error
	if fs.NArg() > 0 {
		errs = append(errs, fmt.Errorf("unexpected argument %q", fs.Arg(0)))
	}
	parsed, err := member.ParseAddress(address)
	if err != nil {
		errs = append(errs, fmt.Errorf("--address: %w", err))
	}
	cfg.Address = parsed
	if !given(fs, "strict-peers") {
		cfg.StrictPeers = cfg.HeadlessService != "" // pods are seen from the addresses that their names have
	}
	if cfg.Limits, err = limits.Parse(bounds); err != nil {
		errs = append(errs, fmt.Errorf("--limits: %w", err))
	}
	if cfg.Identity, err = readIdentity(identity); err != nil {
		errs = append(errs, fmt.Errorf("--server-identity: %w", err))
	}
	return cfg, errors.Join(append(errs, cfg.problems()...)...)
}

// given reports whether a flag stands on the command line.
func given(fs *flag.FlagSet, name string) (found bool) {
	fs.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// readIdentity reads a file; without one there is no identity.
func readIdentity(path string) (wire.Identity, error) {
	if path == "" {
		return wire.Identity{}, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return wire.Identity{}, err
	}
	return wire.ParseIdentity(string(text))
}

func (c Config) problems() []error {
	var errs []error
	if c.MemberList == "" {
		errs = append(errs, errors.New("--member-list: a file is required; one host:port a line, this member's own among them"))
	}
	if c.ListenHost != "" && net.ParseIP(c.ListenHost) == nil {
		errs = append(errs, fmt.Errorf("--listen-host: %q is not an IP", c.ListenHost))
	}
	if _, _, err := net.SplitHostPort(c.AdminAddress); err != nil {
		errs = append(errs, fmt.Errorf("--admin-address: %w", err))
	}
	if !(c.BrakeShare >= 0 && c.BrakeShare <= 1) {
		errs = append(errs, fmt.Errorf("--brake-share: want 0 to 1, is %v", c.BrakeShare))
	}
	if c.TLSPolicy != "" && c.TLSMembers == "" && c.TLSClients == "" {
		errs = append(errs, errors.New("--tls-policy: there is nothing for it to say without --tls-members or --tls-clients"))
	}
	if c.DrainTimeout < 0 {
		errs = append(errs, fmt.Errorf("--drain-timeout: must not be negative, is %s", c.DrainTimeout))
	}
	if level := strings.ToLower(c.LogLevel); level != "info" && level != "debug" {
		errs = append(errs, fmt.Errorf("--log-level: want info or debug, is %q", c.LogLevel))
	}
	return errs
}
