// Package distrotest simulates a cluster: engines with maps for registries, models
// of Java servers beside them, a virtual clock, and a network that delays, loses,
// duplicates, reorders and cuts messages as a seed says. Time passes only in
// events; a run of minutes takes milliseconds, and the same seed gives the same
// run.
//
// After every event the laws of the node concerned (laws.go) are checked against a
// ledger of what clients really did. The first violation ends the run; its error
// names the law and tells how to see it again:
//
//	go run ./hack/simulate -seed 17 -steps 80
//	go run ./hack/simulate -seed 17 -scenario    as a script, shrunk to what it takes
//
// Whatever is done to a cluster is a line of a script, so that every run is a
// scenario, and a scenario is a text that is run with Script:
//
//	members a b c            a cluster of these nodes, all running; java=j adds a model of a
//	                         Java server. What else may be set, each as name=value: seed,
//	                         every number of distro.Config by its name, the faults of
//	                         "network", streams=1 (the share of pairs that stream), reissue,
//	                         drift (clocks run too fast or too slow)
//	list a b                 the operator publishes another member list
//	register a c1 x          client c1, connected to a, publishes content x
//	end a c1                 its connection ends
//	beat 10.0.0.1:80 x       an HTTP client publishes x and beats from now on
//	silence 10.0.0.1:80      it stops without a word
//	cut a b                  nothing passes from a to b any more
//	split a b | c            nothing passes between the groups
//	flap a b 500ms           what passes from a to b is cut and mended in turns
//	mend                     everything passes again
//	network loss=0.1         the network has these faults from now on, and no others: loss,
//	                         duplicate and reorder (shares), delay, stale (how late the
//	                         second of two may be), list (how late a member list)
//	lose a b                 the next change or end of a client that a tells b, b answers and forgets
//	stream a b               a and b stream to each other from now on
//	unstream a b             they no longer do
//	slow a 2s                a's answers are that late
//	drip a 2s                a gives a load one record at a time, so far apart
//	crash a                  the node dies and forgets everything
//	restart a                it comes back as a new incarnation
//	loop a 2s                it dies and comes back five times
//	freeze a                 it is paused, with all it knows
//	thaw a                   it goes on: its clock has jumped, all its timers are due
//	clock a -1h              its wall clock is set
//	heal                     every fault ends, save that who is dead is dead
//	replay a b c1 1          b gets a's message of c1's first write once more
//	relay a b c1 1           the same as hearsay, out of a load
//	remove a b c1 2          b gets a's removal of c1 (its second write) once more
//	advance 5s               time passes
//	show                     prints what every node holds
//	complete                 fails unless all nodes know every client that lives
//	agree                    fails unless all nodes hold the same, and nothing dead
//	quiet 30s                time passes; fails if our members tell each other anything
//
// Versions are written as ordinals of the client's writes: c1@1, c1@2.
package distrotest
