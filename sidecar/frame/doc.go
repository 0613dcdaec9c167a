// Package frame turns what our own members tell each other into bytes and back:
// the frames of the stream that replaces Nacos's messages where both ends are
// of this program.
//
// Integers are varints, strings carry their length, and a string that was
// written once in a frame (or in one change of a delta) is named by its number
// from then on, as are sets of metadata: what one deployment has in common is
// written once, and is shared in memory by who reads it. A change is written
// apart from the frame that carries it, so that one writing serves all peers.
//
// A frame is read whole or refused whole, with ErrFrame; no length in it makes
// a reader take more memory than a small multiple of the frame's own size. The
// package does no I/O and knows no order of frames: package stream does.
package frame
