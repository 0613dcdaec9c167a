// Package clients tests the sidecar with clients that it did not write: the
// official Nacos Go SDK, plain net/http, and raw gRPC with the SDK's own
// generated stubs. Every test runs three members as processes on loopback.
//
// It is a module of its own, so that the SDK's dependencies stay out of the
// product's.
package clients
