// Package distro is the replication core: told what happened and what time it
// is, it decides what this member must tell its peers, what it takes from them,
// and when it gives a peer's records up. It sees marks (who, which version),
// never content.
//
// # The protocol on one page
//
// Every client is owned by one member: a connection by the member that holds
// it, a client that lives by beats ("ip:port#true") by the member that the hash
// ring names. The owner replicates the client's record to all others.
//
//   - A change is sent to every peer (Send), the end of a client too (Drop). At
//     most one item waits for each (peer, client) and the newest wins. A lone
//     change leaves at once, followers wait for SyncDelay; while there is much to
//     tell a peer they wait longer, up to SyncDelayMax, so that more of them merge.
//     A failure is tried again, ever more slowly, until it succeeds or the peer
//     leaves the list.
//   - Every VerifyInterval the owner shows each peer the marks of all it owns
//     (Verify). The peer renews the leases of those it has alike and names the
//     others, which are then sent again. So whatever was lost is repaired.
//   - A peer that streams, as our own members do, is shown a digest of all that
//     the owner has, also of nothing (Summarize). If the peer holds the same of it,
//     it renews the leases of all at once. If not, it answers the digests of 256
//     buckets, and the owner shows it the marks of those that differ (Detail). The
//     peer renews what it has alike among them, and everything in the other buckets
//     as of the moment of its answer: however much changes, what is alike stays
//     confirmed, and what the owner no longer has does not. Every change moves
//     the digests, at a cost that does not depend on how many clients there are.
//   - At start a member asks all peers for all they know (Load) and is Loaded
//     when each listed peer has answered. One that goes on giving, be it to others
//     first, is waited for, one that is silent for LoadTimeout no longer, and none
//     longer than LoadMax. Those that stream leave out what others among them own;
//     what one of these then fails to give is asked of another, and waited for as
//     well. Until then the member shows nobody what it has and asks for nothing that
//     it is shown: it is on its way.
//   - A record of another member is a replica with a lease. It is given up
//     (Expire) when nobody confirms it: soon if its owner is proven gone (Grace)
//     or dead (Down) or alive and silent about it (Missing), late if its owner
//     is merely out of reach (Lease).
//   - A member that starts anew is another incarnation. What the one before had is
//     proven gone unless the new one confirms it. Of which incarnation a connection
//     is, its id tells by the time at which it was opened, so that no record carries
//     a number for it; a client that beats outlives incarnations. Hearsay of a
//     connection that is too old is taken only for as long as those who held it
//     before may still do so, and what an earlier incarnation says itself is not
//     handed in by the shell.
//   - An ended client leaves a tombstone, so that no older copy brings it back.
//
// # Laws
//
// Each is a test here or an invariant of the simulator in distrotest.
//
//   - The same inputs give the same actions.
//   - A second Advance with the same time adds nothing, and Next is then later.
//   - No peer changes or removes a client whose connection is held here.
//   - The version held for a client never falls; once ended at a version, it
//     does not reappear with that version or a lower one while remembered.
//   - At most one item per (peer, client), at most MaxInFlight (MaxInFlightStream)
//     under way to one peer, nothing for a member outside the list.
//   - The digests of an owner, here and at its peers, are those of the records held.
//   - A record that its owner no longer has is not confirmed, nor one of an earlier
//     incarnation, whatever else is. A record that its owner has alike is, within
//     two VerifyInterval, whatever else changes.
//   - While more than half of the peers are out of reach, or the member loads, and
//     for two VerifyInterval after, nothing is given up merely because time has passed.
//   - Of one owner that is not proven gone at most ten clients, or 15 % of them,
//     are given up in one VerifyInterval.
//   - After the network heals, digests become equal.
//
// # What the engine never does
//
// It does no I/O, starts no goroutine, reads no clock, takes no lock, knows no
// payload and never fails. It is used by one goroutine. Inputs only take note;
// what is due is turned into actions by Advance, so the loop around it is:
//
//	engine.Local(now, mark)              // or any other input
//	engine.Advance(now)
//	for _, a := range engine.Take() {…}  // carry out, later engine.Finished
//	timer.Reset(until engine.Next())
package distro
