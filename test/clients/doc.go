// Package clients tests the sidecar with clients that it did not write: the
// official Nacos Go SDK, plain net/http, and raw gRPC with the SDK's own
// generated stubs. Every test runs three members as processes on loopback.
//
// TestMatrix runs the official clients of all languages through one list of
// scenarios. Each client is a driver, a small program in its own language (see
// drivers/), which is fetched from its registry and kept in the user's cache; all
// drivers speak package line with the test. What a client does not offer stands
// in one table, kinds, which the test holds against what it sees. Applications on top
// of a client, of Spring Cloud Alibaba and of Dubbo, are drivers too.
//
// It is a module of its own, so that the SDK's dependencies stay out of the
// product's.
package clients
