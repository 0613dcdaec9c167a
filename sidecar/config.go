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
	"github.com/distro-naming/naming-operator/sidecar/settings"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Version is the program's version, set when a release is built.
var Version = "v0.1.0"

// Config is everything that can be set on a member.
type Config struct {
	Address         member.Address  // own entry in the member list
	MemberList      string          // path of the member list, in cluster.conf form
	ListenHost      string          // where the Nacos ports listen; empty means everywhere
	AdminAddress    string          // host:port of the admin port
	HeadlessService string          // for look-ups of peers; empty outside Kubernetes
	BrakeShare      float64         // of a service: losing more at once is braked; 1 never
	PeerStream      bool            // stream to members of this program, and let them
	DrainTimeout    time.Duration   // how long leaving may take
	LogLevel        string          // info or debug
	Identity        wire.Identity   // by which the members know each other; none if its key is empty
	TLSMembers      string          // directory of the members' certificates; empty means plaintext
	TLSClients      string          // directory of the clients' certificates; empty means plaintext
	TLSPolicy       string          // file with the modes of TLS; without one it is required
	StrictPeers     bool            // who is not listed may not speak to members
	Limits          limits.Limits   // against who asks too much; none: the defaults
	Settings        settings.Config // how much is said of services and instances, and for how long
	Auth            string          // directory of users and keys; empty means that everybody may do everything
	AuthPolicy      string          // file with the mode of auth; without one it is required
	AuthTokenTTL    time.Duration   // how long who has logged in need not do so again
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
	cfg.runs(fs)
	cfg.protects(fs)
	cfg.keeps(fs)
	fs.StringVar(&address, "address", "", "own `host:port` as it stands in the member list; gRPC listens on port+1000 and port+1001")
	fs.StringVar(&identity, "server-identity", "",
		"`file` with the line \"key: value\" that members show each other (nacos.core.auth.server.identity)")
	fs.StringVar(&bounds, "limits", "",
		"`name=value,…` of the limits that shall not be the default; docs/reference/limits.md has them all")
	if err := fs.Parse(args); err != nil {
		return Config{}, err
	}
	var errs []error
	if fs.NArg() > 0 {
		errs = append(errs, fmt.Errorf("unexpected argument %q", fs.Arg(0)))
	}
	parsed, err := member.ParseAddress(address)
	switch {
	case address == "":
		errs = append(errs, errors.New("--address: this member's own host:port is required, as it stands in the member list"))
	case err != nil:
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

// leastTokenTTL is the least of which SDKs can make out a tenth in seconds.
const leastTokenTTL = 10 * time.Second

func (c Config) problems() []error {
	var errs []error
	if c.MemberList == "" {
		errs = append(errs, errors.New("--member-list: a file is required: one host:port a line, this member's own among them"))
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
	if c.Settings.Instance < 0 || c.Settings.Service < 0 {
		errs = append(errs, fmt.Errorf("--override-lifetime, --settings-lifetime: must not be negative, are %s and %s",
			c.Settings.Instance, c.Settings.Service))
	}
	if c.Settings.Entries < 0 {
		errs = append(errs, fmt.Errorf("--settings-limit: must not be negative, is %d", c.Settings.Entries))
	}
	if c.AuthPolicy != "" && c.Auth == "" {
		errs = append(errs, errors.New("--auth-policy: there is nothing for it to say without --auth"))
	}
	if c.AuthTokenTTL < leastTokenTTL {
		errs = append(errs, fmt.Errorf(
			"--auth-token-ttl: want %s or more, is %s: clients log in anew at nine tenths of it", leastTokenTTL, c.AuthTokenTTL))
	}
	if c.DrainTimeout < 0 {
		errs = append(errs, fmt.Errorf("--drain-timeout: must not be negative, is %s", c.DrainTimeout))
	}
	if level := strings.ToLower(c.LogLevel); level != "info" && level != "debug" {
		errs = append(errs, fmt.Errorf("--log-level: want info or debug, is %q", c.LogLevel))
	}
	return errs
}
