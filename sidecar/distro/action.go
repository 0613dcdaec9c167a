package distro

import (
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Ticket names one outstanding action. Its outcome is reported to Finished
// exactly once; a ticket that is unknown there (its peer has left the list) is
// ignored.
type Ticket uint64

// Action is something that the shell must do. The set is closed. Every action
// may be carried out twice without harm. Expire, Adopt and Yield are done
// at once and report nothing; all others carry a Ticket.
type Action interface{ action() }

// Send asks the shell to offer a client's record to a peer. The record is read
// when it is sent, so that it is always the newest.
type Send struct {
	Ticket Ticket
	To     member.Address
	Client naming.ClientID
	Since  time.Time // of the oldest change that the peer was not told yet; zero when there was none
}

// Drop asks the shell to tell a peer that a client ended at Version.
type Drop struct {
	Ticket  Ticket
	To      member.Address
	Client  naming.ClientID
	Version int64
	Since   time.Time // as in Send
}

// Verify asks the shell to show a peer the marks of all clients owned here. The
// answer names those that are unknown or different there. Marks are sorted by
// client and shared: they must not be changed.
type Verify struct {
	Ticket Ticket
	To     member.Address
	Marks  []naming.Mark
}

// Summarize asks the shell to show a peer that streams the digest of all clients
// owned here, also of none. The answer is that of CompareDigest there.
type Summarize struct {
	Ticket Ticket
	To     member.Address
	Root   Digest
}

// Detail asks the shell to show a peer that streams the marks of all clients owned
// here in the buckets that differ there, which may be none. The answer is that of
// CompareBuckets there.
type Detail struct {
	Ticket  Ticket
	To      member.Address
	Held    Digest // what the peer's answer to Summarize adds up to: this is about that answer
	Buckets []uint8
	Marks   []naming.Mark // in order of bucket
}

// Load asks the shell to fetch everything a peer knows, to hand each record to
// Offered as hearsay, and only then to report it Finished.
type Load struct {
	Ticket Ticket
	From   member.Address
	Except []member.Address // owners whose clients need not be sent: they are asked themselves; only of a peer that streams
}

// Expire tells the shell to remove a client's record. The engine has already
// forgotten it.
type Expire struct {
	Client naming.ClientID
	Reason Reason
}

// Adopt tells the shell that the ring made this member the owner of a client
// that lives by beats: it should issue a new stamp, hand it to Local, and watch
// the client's beats from now on.
type Adopt struct{ Client naming.ClientID }

// Yield tells the shell that the ring gave a client that lives by beats to
// another member: it is a replica now and its beats are no longer watched here.
type Yield struct{ Client naming.ClientID }

func (Send) action()      {}
func (Drop) action()      {}
func (Verify) action()    {}
func (Summarize) action() {}
func (Detail) action()    {}
func (Load) action()      {}
func (Expire) action()    {}
func (Adopt) action()     {}
func (Yield) action()     {}

// Result is the outcome of one action.
type Result struct {
	Err       error             // why it failed; nil when the peer answered
	Different []naming.ClientID // Verify and Detail: clients that the peer lacks or has otherwise
	Buckets   *[Buckets]Digest  // Summarize: what the peer holds of this member; nil when it is the same
	Complete  bool              // Load: the peer itself was loaded
	Busy      bool              // Load, with Err: the peer gives to others first
}

// Reason says why a replica was given up.
type Reason string

// The reasons, each with the Config field that times it.
const (
	LeaseEnded   Reason = "lease"   // nobody confirmed it for Lease
	OwnerDown    Reason = "down"    // its owner's process is dead: Down
	OwnerGone    Reason = "gone"    // its owner restarted or left the list: Grace
	OwnerForgets Reason = "missing" // its owner confirms others, but not this one: Missing
)

// Code is the short form of a Verdict.
type Code int

// The codes.
const (
	Accept    Code = iota // noted; the shell must store the record, or remove it if it was a drop
	Same                  // known already; nothing to do
	Stale                 // older than what is known here; nothing was changed
	OwnedHere             // about a client that only this member may change; nothing was changed
)

// String returns the code in words, as transcripts and logs show it.
func (c Code) String() string {
	return [...]string{"accepts", "has", "refuses", "owns"}[c]
}

// Verdict is the answer to what a peer said about a client.
type Verdict struct {
	Code   Code
	Reason string // for humans; empty when accepted without remark
}

// Stats are counts since the engine was made, and its present sizes.
type Stats struct {
	Clients    int // records known
	Owned      int // of those, owned here
	Tombstones int // clients remembered as ended or expired
	Pending    int // changes that some peer has not acknowledged
	InFlight   int // of those, being sent

	Accepted, Same, Stale, OwnedHere uint64 // verdicts
	Failed                           uint64 // actions that ended with an error
	Summaries, Differing             uint64 // digests that peers answered, and those of them that they had otherwise
	Different                        uint64 // clients that peers had otherwise, as they answered to Verify and Detail
	Repaired                         uint64 // sends caused by that
	Retried                          uint64 // Send and Drop made again after a failure
	Abandoned                        uint64 // changes that a peer is told no more, as it left or the client has another owner
	Expired                          map[Reason]uint64
	Braked                           bool // too few peers are reachable to give up anything by time
}
