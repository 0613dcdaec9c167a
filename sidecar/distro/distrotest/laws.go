package distrotest

import "fmt"

// Law is the name of something that must hold. Every violation names the law
// that it breaks, so that a mutation of the engine can say which one it is.
type Law string

// The laws that hold after every step, at every node.
const (
	// What a client that is connected here publishes is what this node holds, and
	// nothing that a peer says changes or removes it.
	lawImmunity Law = "immunity"
	// Everything held was published by that client, with that stamp.
	lawInvention Law = "no invention"
	// The version held for a client never falls.
	lawMonotonic Law = "monotonic"
	// What was removed at a version does not come back with it or a lower one, be
	// it late, doubled, or told by a third.
	lawResurrection Law = "no resurrection"
	// A connection is owned by the node that holds it and by no other.
	lawOwner Law = "one owner"
	// Engine and store know the same: clients, stamps, and digest, which is
	// computed a second time from the store.
	lawModel Law = "same as the model"
	// What waits for a peer is at most one item for each client known or
	// remembered, flights and memory of the ended have their limits.
	lawBounded Law = "bounded"
	// Nothing is told to or asked of a member that is not in the list or not
	// within reach, and nobody verifies what is not its own.
	lawReach Law = "only within reach"
	// Advance leaves nothing that is due by then: time only moves on.
	lawTime Law = "time moves on"
	// A node calls itself loaded, and so begins to serve, only when every listed
	// peer has answered or the wait is over, which it is not while a peer gives; it
	// then holds every living connection that any of them told it. Before, it
	// verifies nothing. So no emptier list is shown by a node that starts.
	lawLoaded Law = "loaded is true"
	// No replica is given up sooner after its last confirmation than the reason
	// allows, nor by a node that loads unless its owner is gone, and no client for
	// the death of an owner that holds it.
	lawPatience Law = "patience"
	// Of one owner that is not proven gone at most ten clients, or 15 % of those that
	// are held, are given up in one VerifyInterval.
	lawRestraint Law = "restraint"
	// While most peers are out of reach nothing is given up for the passing of
	// time alone.
	lawBrake Law = "brake"
)

// The laws that hold once the network is healed; bounds.go says how soon.
const (
	// Every client that lives is known to all nodes, as it is.
	lawComplete Law = "complete"
	// All nodes are loaded, owe each other nothing and have equal digests; every
	// client that beats has one owner, the same for all.
	lawAgreement Law = "agreement"
	// Nobody holds a client that has ended.
	lawZombie Law = "no zombies"
	// When nothing happens nothing is told: the repair has an end.
	lawQuiet Law = "quiet"
)

// Broken is the violation of a law.
type Broken struct {
	Law Law
	Err error
}

// Error names the law first.
func (b *Broken) Error() string { return fmt.Sprintf("%s: %v", b.Law, b.Err) }

// Unwrap returns what was seen.
func (b *Broken) Unwrap() error { return b.Err }

// broken returns the violation, or nil if there is no error.
func (l Law) broken(err error) error {
	if err == nil {
		return nil
	}
	return &Broken{Law: l, Err: err}
}
