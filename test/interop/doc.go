// Package interop tests the sidecar as a member of a cluster together with real
// Java Nacos 2.1.0 servers, which it starts as processes on loopback. They are
// made from artifacts of Maven Central with a main class of our own (see java/)
// and know naming only. They replicate over gRPC, as Nacos 2.x does, or, in other
// tests, as Nacos 1.x does.
//
// Where auth is on they ask a plugin of ours for rights, as Nacos's own is not among those
// artifacts; who asks it, and when, is Nacos's.
//
// Clients are plain net/http, raw gRPC and the official Go SDK. At the end of each step all members
// must list the same set, read over HTTP from each of them. Nothing is asserted
// about how long anything takes.
//
// It needs a JDK and Maven, and is a module of its own so that go test ./... does
// not come here.
package interop
