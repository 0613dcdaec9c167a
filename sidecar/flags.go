package sidecar

import (
	"flag"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/gate"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/settings"
)

// runs defines the flags of where a member runs and how it treats its peers.
func (c *Config) runs(fs *flag.FlagSet) {
	fs.StringVar(&c.MemberList, "member-list", "", "`file` with the member list, one host:port a line; followed while running")
	fs.StringVar(&c.ListenHost, "listen-host", "", "`IP` on which the Nacos ports listen (default all)")
	fs.StringVar(&c.AdminAddress, "admin-address", ":8080", "`host:port` for probes, status, metrics")
	fs.StringVar(&c.HeadlessService, "headless-service", "", "DNS `name` of the headless Service, for look-ups of peers")
	fs.Float64Var(&c.BrakeShare, "brake-share", naming.DefaultBrake().Share,
		"`share` of a service's instances; when more than it is lost at once, they are held as unhealthy; 1 never does")
	fs.BoolVar(&c.PeerStream, "peer-stream", true,
		"speak to members that are of this program by a stream of their own; others, and all if false, by Nacos's messages")
	fs.DurationVar(&c.DrainTimeout, "drain-timeout", 20*time.Second, "how long leaving may take")
	fs.StringVar(&c.LogLevel, "log-level", "info", "info or debug")
}

// protects defines the flags of TLS, auth and strict peers.
func (c *Config) protects(fs *flag.FlagSet) {
	fs.StringVar(&c.TLSMembers, "tls-members", "",
		"`directory` with tls.crt, tls.key and ca.crt, which members show each other; followed while running")
	fs.StringVar(&c.TLSClients, "tls-clients", "",
		"`directory` with tls.crt and tls.key, which clients see; with ca.crt they must show one too; followed while running")
	fs.StringVar(&c.TLSPolicy, "tls-policy", "",
		"`file` with members=Permissive|Required and clients=…; followed while running; without it both are Required")
	fs.StringVar(&c.Auth, "auth", "",
		"`directory` with signing-keys, users and permissions: who may do what on the Nacos ports; followed while running")
	fs.StringVar(&c.AuthPolicy, "auth-policy", "",
		"`file` with auth=Permissive|Required, and members= where that is another; followed while running; without it: Required")
	fs.DurationVar(&c.AuthTokenTTL, "auth-token-ttl", gate.DefaultConfig().TokenTTL,
		"how long a token is good that a client gets when it logs in")
	fs.BoolVar(&c.StrictPeers, "strict-peers", false,
		"refuse who comes to the members' port from an address that is not a listed member's (default true with --headless-service)")
}

// keeps defines the flags of what is set by the API.
func (c *Config) keeps(fs *flag.FlagSet) {
	c.Settings = settings.DefaultConfig()
	fs.DurationVar(&c.Settings.Instance, "override-lifetime", c.Settings.Instance,
		"how long weight, metadata and whether it is enabled, as set by the API, outlive the instance")
	fs.DurationVar(&c.Settings.Service, "settings-lifetime", c.Settings.Service,
		"how long the settings of a service outlive its last instance")
	fs.IntVar(&c.Settings.Entries, "settings-limit", c.Settings.Entries,
		"`number` of services and instances, together, of which something may be set by the API")
}
