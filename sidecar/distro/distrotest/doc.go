// Package distrotest simulates a cluster: engines with maps for registries, a
// virtual clock, and a network that delays, loses, duplicates, reorders and cuts
// messages as a seed says. Time passes only in events; a run of minutes takes
// milliseconds, and the same seed gives the same run.
//
// After every event the invariants of the node concerned are checked against a
// ledger of what clients really did (invariants.go). The first violation ends
// the run; its error tells how to see it again:
//
//	go run ./hack/simulate -seed 17 -steps 80
//
// A scenario is a text that is run with Script. Each line is one verb:
//
//	members a b c            a cluster of these nodes, all running; MaxInFlight=2 among
//	                         them sets that number
//	list a b                 the operator publishes another member list
//	register a c1 x          client c1, connected to a, publishes content x
//	end a c1                 its connection ends
//	beat 10.0.0.1:80 x       an HTTP client publishes x and beats from now on
//	silence 10.0.0.1:80      it stops without a word
//	cut a b                  nothing passes from a to b any more
//	split a b | c            nothing passes between the groups
//	heal                     everything passes again
//	lose a b                 the next change or end that a tells is answered and forgotten by b
//	stream a b               a and b stream to each other from now on
//	unstream a b             they no longer do
//	crash a                  the node dies and forgets everything
//	restart a                it comes back as a new incarnation
//	replay a b c1 1          b gets a's message of c1's first write once more
//	relay a b c1 1           the same as hearsay, out of a load
//	remove a b c1 2          b gets a's removal of c1 (its second write) once more
//	advance 5s               time passes
//	show                     prints what every node holds
//	agree                    fails unless all nodes hold the same
//
// Versions are written as ordinals of the client's writes: c1@1, c1@2.
package distrotest
