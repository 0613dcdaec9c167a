package nacosgrpc

import (
	"context"
	"net"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/settings"
)

// Registrar is what this adapter needs to publish for connections. Registering
// for a connection that is not connected is naming.ErrNoClient.
type Registrar interface {
	Connect(ctx context.Context, c naming.ClientID) error
	Register(ctx context.Context, c naming.ClientID, s naming.ServiceKey, list []naming.Instance, batch bool) error
	Deregister(ctx context.Context, c naming.ClientID, s naming.ServiceKey) error
	// Disconnect ends a connection that was lost, Depart one whose client is
	// expected at another member.
	Disconnect(ctx context.Context, c naming.ClientID) error
	Depart(ctx context.Context, c naming.ClientID) error
}

// Catalog is what it needs to read.
type Catalog interface {
	View(s naming.ServiceKey) *naming.View
	Services(namespace, group string) []string
	AllServices() []naming.ServiceKey
	Loaded() bool
}

// Subscriptions is what it needs to have views delivered. deliver sends one
// view to one subscriber and returns when it was acknowledged, or an error.
type Subscriptions interface {
	Subscribe(c naming.ClientID, s naming.ServiceKey, deliver func(context.Context, *naming.View) error)
	Unsubscribe(c naming.ClientID, s naming.ServiceKey)
	Forget(c naming.ClientID)
	// Watches returns to how many services c subscribes, and whether s is among them.
	Watches(c naming.ClientID, s naming.ServiceKey) (count int, already bool)
}

// PatternSubscriptions is what it needs to have changes delivered to who watches a
// pattern, which stands where a service does; Matching is where its views come
// from. Touch says that the view of a pattern has changed.
type PatternSubscriptions interface {
	Subscriptions
	Touch(pattern naming.ServiceKey)
}

// Records are what a peer that loads may be given.
type Records interface {
	Snapshot(ctx context.Context) (records []*naming.Record, loaded bool, err error)
	// Remaining is Snapshot for a member of our own kind.
	Remaining(ctx context.Context) (records []*naming.Record, loaded bool, err error)
}

// Inbox is what peers may ask.
type Inbox interface {
	Records
	Receive(ctx context.Context, from member.Address, r *naming.Record) error
	Forget(ctx context.Context, from member.Address, c naming.ClientID, version int64) error
	Compare(ctx context.Context, from member.Address, marks []naming.Mark) ([]naming.ClientID, error)
	// Lacks tells that a peer was not given these clients when it loaded.
	Lacks(ctx context.Context, peer member.Address, clients []naming.ClientID) error
	// Restarted tells that a peer was seen to start.
	Restarted(ctx context.Context, peer member.Address) error
}

// Settings is what our own members may ask about settings.
type Settings interface {
	SettingsAnswer(ctx context.Context, q settings.Question) (settings.Answer, error)
}

// Roster is what it needs to introduce this member, to hear of others, and to
// know of Java servers among them. Lists reports whether a member is in the list.
// JavaAt returns the Java server that is at ip, "" when there is none or more
// than one.
type Roster interface {
	Node() member.Node
	Heard(n member.Node, ip string)
	Lists(a member.Address) bool
	WithJava() bool
	JavaAt(ip string) member.Address
}

// Routes is what Peers needs to find the others, and to say how it went.
type Routes interface {
	Node() member.Node
	Dial(ctx context.Context, to member.Address, port int) (net.Conn, error)
	Reached(n member.Node, ip string)
	Failed(to member.Address, refused bool, err error)
}
