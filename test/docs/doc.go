// Package docs holds what this project writes to its word: every fenced block
// of every page says what becomes of it, links lead somewhere, and commands do
// what the page shows.
//
// The mark is a comment on the line before the fence; readers do not see it.
//
//	run: local                 run, with nothing but this machine
//	run: cluster               run on the local Kubernetes, in a namespace of the page
//	run: cluster, background   goes on while the page does, and is stopped at its end
//	output                     what the run block before it printed
//	file: NAME                 becomes a file of that name for the blocks below
//	spec                       part of a NamingCluster, which the API server accepts
//	manifest                   resources, which the API server accepts
//	from: PATH                 stands in that file, which something else compiles and runs
//	shown: REASON              is not run, and why
//
// "<!-- hidden: local" or "<!-- hidden: cluster", with commands on the lines
// below until "-->", does what the page takes for granted: it waits, makes a
// cluster, cleans up.
//
// A page is one shell session from top to bottom ("set -e", variables stay), in
// a copy of the tree, so a page may write files. In outputs "…" stands for
// anything; times, ages, addresses, digests and the like are compared by their
// form. Checking marks, links and files needs nothing; running needs the build
// tag e2e ("make test-docs").
package docs
