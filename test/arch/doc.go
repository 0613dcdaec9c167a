// Package arch holds the rules about the shape of this module, as tests: which
// package may import which and why, what the binaries link, how packages are
// called and how long files and functions may grow.
//
// It reads sources with go/parser, so it needs no build and runs in a second;
// only the rule about linked packages asks the go command.
package arch
