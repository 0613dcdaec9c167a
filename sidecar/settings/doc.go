// Package settings keeps what is said of services and instances by others than
// those who publish them: thresholds, metadata, weights, whether an instance is
// enabled. Every member holds all of it.
//
// Each is an Entry, and of two entries under one key the one that was written
// last holds, by an order that is the same at every member. So merging is
// commutative, associative and idempotent: members that were told the same, in
// whatever order and however often, hold the same. What was taken away, or has
// outlived what it was said of, leaves a tombstone for a while, so that no late
// copy brings it back.
//
// Two members find out what they hold otherwise by one digest, then by 256, then
// by the entries of the parts that differ: see Question. Another digest, of what
// holds alone, tells who looks from outside whether they answer alike: see Store.Said.
//
// What one member may write is bounded, in number and size. The package is
// single-threaded, reads no clock and does no I/O: time is an argument.
package settings
