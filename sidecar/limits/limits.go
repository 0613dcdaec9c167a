// Package limits is what one caller, and all of them together, may ask of a member:
// every number, its name, its default, and what is seen by who goes over it.
//
// It holds numbers and decides nothing: the ports apply them. Zero turns a limit
// off where that is possible; the table says where it is not.
package limits

import "time"

// Limits are the numbers that a member runs with. Default has them all; Parse
// changes some.
type Limits struct {
	Connections       int64 // of clients over gRPC
	MemberConnections int64 // over gRPC, on the members' port
	HTTPConnections   int64
	PerIP             int64 // connections of one address, on each of the three ports

	Streams       int64         // calls under way on one connection of a client
	Message       int64         // bytes of one gRPC message
	Unfinished    int64         // bytes of all messages of clients that were begun and are not whole
	MessageWithin time.Duration // from its first byte until a message is whole
	SilentFor     time.Duration // after which a gRPC client is asked whether it is there

	HeaderWithin time.Duration // for the head of a call over HTTP
	CallWithin   time.Duration // for the whole call, and again for its answer
	IdleWithin   time.Duration // between two calls on one connection over HTTP
	Header       int64         // bytes of the head of a call over HTTP, query included
	Body         int64         // bytes of its body
	MemberBody   int64         // the same where members tell lists, also when unzipped
	LargeBodies  int64         // of more than Body, at once
	Parameters   int64         // of a call over HTTP

	Batch          int64 // instances in one request
	Services       int64 // in which one client publishes
	Instances      int64 // that one client publishes
	Clients        int64 // that publish, of all members together
	Subscriptions  int64 // of one connection
	UDPSubscribers int64
	Patterns       int64 // that one connection watches
	Matches        int64 // services that it is told of one pattern
}

// Default returns the numbers that hold where nothing is said.
func Default() Limits {
	var l Limits
	for _, row := range Table {
		*row.in(&l) = row.Default
	}
	return l
}

// Names of the limits, as they stand in the flag, on the page and in the metric.
const (
	Connections       = "connections"
	MemberConnections = "member-connections"
	HTTPConnections   = "http-connections"
	PerIP             = "connections-per-ip"
	Streams           = "streams"
	Message           = "message"
	Unfinished        = "unfinished"
	MessageWithin     = "message-within"
	SilentFor         = "silent-for"
	HeaderWithin      = "header-within"
	CallWithin        = "call-within"
	IdleWithin        = "idle-within"
	Header            = "header"
	Body              = "body"
	MemberBody        = "member-body"
	LargeBodies       = "large-bodies"
	Parameters        = "parameters"
	Batch             = "batch"
	Services          = "services"
	Instances         = "instances"
	Clients           = "clients"
	Subscriptions     = "subscriptions"
	UDPSubscribers    = "udp-subscribers"
	Patterns          = "patterns"
	Matches           = "matches"
)

// Over is the error of who goes over a limit. Its text names the limit and the way
// out.
type Over struct {
	Limit string // a name of the table
	Most  int64
	What  string // of which there are too many, in words
}

// Error returns the text.
func (e *Over) Error() string {
	row := Find(e.Limit)
	return e.What + ": the limit is " + row.Text(e.Most) + " (--limits " + e.Limit + "=..., or spec.limits of a NamingCluster)"
}

// Observer is told which limit somebody went over. It must return at once.
type Observer interface{ Over(limit string) }
