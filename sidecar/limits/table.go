package limits

import (
	"strconv"
	"time"
)

// Unit says how a limit is written.
type Unit int

// The units.
const (
	Count Unit = iota
	Bytes
	Time
)

// Row is one limit.
type Row struct {
	Name    string
	Unit    Unit
	Default int64
	Least   int64  // what may be set; 0: it may be turned off
	What    string // what is limited
	Seen    string // by who goes over it
	Counted bool   // who goes over it is counted in naming_over_limit_total

	in func(*Limits) *int64
}

// Words that recur in the table.
const (
	refusedConnection = "gRPC: `RESOURCE_EXHAUSTED` with the limit, to every call and to the stream, so that SDKs try another " +
		"member; HTTP: 503 and `Retry-After`. Then it is closed"
	endedConnection = "the connection is closed"
	typedAnswer     = "the answer of the request's own kind, error code 503; HTTP: 503"
)

// Table lists the limits in the order of the page.
var Table = []Row{
	{
		Name: Connections, Default: 100_000, Counted: true, What: "connections of clients over gRPC", Seen: refusedConnection,
		in: func(l *Limits) *int64 { return &l.Connections },
	},
	{
		Name: MemberConnections, Default: 1000, Counted: true, What: "connections on the members' port", Seen: refusedConnection,
		in: func(l *Limits) *int64 { return &l.MemberConnections },
	},
	{
		Name: HTTPConnections, Default: 20_000, Counted: true, What: "connections over HTTP", Seen: refusedConnection,
		in: func(l *Limits) *int64 { return &l.HTTPConnections },
	},
	{
		Name: PerIP, Default: 20_000, Counted: true, Seen: refusedConnection,
		What: "connections of one IP address, on each of these ports. High, since clients behind a load balancer may share one",
		in:   func(l *Limits) *int64 { return &l.PerIP },
	},
	{
		Name: Streams, Default: 256, Least: 8, Counted: true, What: "calls under way on one gRPC connection of a client",
		Seen: "nothing: HTTP/2 makes the next call wait; one that does not wait is refused by `REFUSED_STREAM`, and counted " +
			"when the connection is closed for four times as many",
		in: func(l *Limits) *int64 { return &l.Streams },
	},
	{
		Name: Message, Unit: Bytes, Default: 10 << 20, Least: 64 << 10, What: "one gRPC message, as in Nacos",
		Seen: "gRPC `RESOURCE_EXHAUSTED` with both sizes; the connection stays",
		in:   func(l *Limits) *int64 { return &l.Message },
	},
	{
		Name: Unfinished, Unit: Bytes, Default: 64 << 20, Counted: true,
		What: "all messages of clients together that were begun and are not whole yet. Over it, who has more than its share of " +
			"them is cut",
		Seen: endedConnection,
		in:   func(l *Limits) *int64 { return &l.Unfinished },
	},
	{
		Name: MessageWithin, Unit: Time, Default: int64(15 * time.Second), Counted: true,
		What: "until a gRPC message that was begun is whole", Seen: endedConnection,
		in: func(l *Limits) *int64 { return (*int64)(&l.MessageWithin) },
	},
	{
		Name: SilentFor, Unit: Time, Default: int64(20 * time.Second), Least: int64(time.Second),
		What: "silence after which a gRPC client is asked whether it is there, as in Nacos. Who cannot be asked is closed",
		Seen: "`ClientDetectionRequest`; with no word within 5 s, and up to a tenth of the limit more, the connection is closed",
		in:   func(l *Limits) *int64 { return (*int64)(&l.SilentFor) },
	},
	{
		Name: HeaderWithin, Unit: Time, Default: int64(5 * time.Second), Least: int64(100 * time.Millisecond),
		What: "for the head of a call over HTTP", Seen: endedConnection,
		in: func(l *Limits) *int64 { return (*int64)(&l.HeaderWithin) },
	},
	{
		Name: CallWithin, Unit: Time, Default: int64(15 * time.Second), Least: int64(time.Second),
		What: "for a whole call over HTTP, and again for taking its answer", Seen: endedConnection,
		in: func(l *Limits) *int64 { return (*int64)(&l.CallWithin) },
	},
	{
		Name: IdleWithin, Unit: Time, Default: int64(2 * time.Minute), Least: int64(time.Second),
		What: "between two calls on one connection over HTTP", Seen: endedConnection,
		in: func(l *Limits) *int64 { return (*int64)(&l.IdleWithin) },
	},
	{
		Name: Header, Unit: Bytes, Default: 64 << 10, Least: 4 << 10, Seen: "431",
		What: "the head of a call over HTTP, its query included",
		in:   func(l *Limits) *int64 { return &l.Header },
	},
	{
		Name: Body, Unit: Bytes, Default: 1 << 20, Least: 4 << 10, Counted: true, What: "the body of a call over HTTP", Seen: "413",
		in: func(l *Limits) *int64 { return &l.Body },
	},
	{
		Name: MemberBody, Unit: Bytes, Default: 64 << 20, Least: 1 << 20, Counted: true,
		What: "the same where members of Nacos 1.x tell lists, and what it unzips to", Seen: "413",
		in: func(l *Limits) *int64 { return &l.MemberBody },
	},
	{
		Name: LargeBodies, Default: 8, Least: 1, Counted: true,
		What: "bodies of more than `body`, or zipped, that are taken at once where members of Nacos 1.x tell lists",
		Seen: "503; members tell it again",
		in:   func(l *Limits) *int64 { return &l.LargeBodies },
	},
	{
		Name: Parameters, Default: 1000, Least: 32, Counted: true, What: "parameters of a call over HTTP", Seen: "400 with the limit",
		in: func(l *Limits) *int64 { return &l.Parameters },
	},
	{
		Name: Batch, Default: 1000, Counted: true, What: "instances in one batch",
		Seen: "the answer of the request's own kind, error code 400, with both numbers",
		in:   func(l *Limits) *int64 { return &l.Batch },
	},
	{
		Name: Services, Default: 10_000, Counted: true, What: "services in which one client publishes", Seen: typedAnswer,
		in: func(l *Limits) *int64 { return &l.Services },
	},
	{
		Name: Instances, Default: 20_000, Counted: true, What: "instances that one client publishes", Seen: typedAnswer,
		in: func(l *Limits) *int64 { return &l.Instances },
	},
	{
		Name: Clients, Default: 1_000_000, Counted: true, Seen: typedAnswer,
		What: "clients that publish, in the whole registry. Over HTTP each `ip:port` is a client",
		in:   func(l *Limits) *int64 { return &l.Clients },
	},
	{
		Name: Subscriptions, Default: 5000, Counted: true, What: "services to which one connection subscribes", Seen: typedAnswer,
		in: func(l *Limits) *int64 { return &l.Subscriptions },
	},
	{
		Name: UDPSubscribers, Default: 100_000, Counted: true, What: "subscriptions of clients of 1.x, pushed over UDP",
		Seen: "nothing: it is not pushed, and asks again by itself",
		in:   func(l *Limits) *int64 { return &l.UDPSubscribers },
	},
	{
		Name: Patterns, Default: 20, Least: 1, Counted: true, What: "patterns that one connection watches (fuzzy watch), as in Nacos",
		Seen: "error code 50310, Nacos's words", in: func(l *Limits) *int64 { return &l.Patterns },
	},
	{
		Name: Matches, Default: 10_000, Least: 1, Counted: true, What: "services that one connection is told of one pattern",
		Seen: "error code 50311, Nacos's words; those that it was told of stay watched",
		in:   func(l *Limits) *int64 { return &l.Matches },
	},
}

// Find returns the limit of a name; it is one of the table.
func Find(name string) Row {
	for _, row := range Table {
		if row.Name == name {
			return row
		}
	}
	return Row{Name: name}
}

// Text writes a number of the limit as Parse reads it.
func (r Row) Text(n int64) string {
	switch {
	case r.Unit == Time:
		return shortened(time.Duration(n))
	case r.Unit == Bytes && n > 0 && n%(1<<20) == 0:
		return strconv.FormatInt(n>>20, 10) + "MiB"
	case r.Unit == Bytes && n > 0 && n%(1<<10) == 0:
		return strconv.FormatInt(n>>10, 10) + "KiB"
	default:
		return strconv.FormatInt(n, 10)
	}
}

// shortened leaves out the zeros with which a whole number of minutes ends.
func shortened(d time.Duration) string {
	if d >= time.Minute && d%time.Minute == 0 {
		return strconv.FormatInt(int64(d/time.Minute), 10) + "m"
	}
	return d.String()
}
