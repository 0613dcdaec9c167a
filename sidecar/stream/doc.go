// Package stream is the conversation between two of our own members: changes in
// batches, verification by digests, and a snapshot in parts, over any pipe that
// keeps the order of frames.
//
// A Sender is one member's side towards one peer, a Receiver the side that is
// spoken to, by all peers; each direction has its own stream. Of changes it
// promises that each is reported taken, refused or failed exactly once; that
// they arrive in the order in which they were posted; that a pipe which breaks
// and is replaced soon loses none and needs nothing but the rest; and that what
// is kept for a peer that does not answer is bounded. Duplicates may happen and
// do no harm, as stamps say which news is newer.
//
// The package knows no socket and decides nothing about records: what comes is
// handed to an Inbox, whole frames at a time.
package stream
