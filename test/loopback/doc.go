// Package loopback runs members of the sidecar as real processes on 127.0.0.1,
// as a user would without Kubernetes: one cluster.conf, one process a member,
// the ports that the Nacos protocol derives from each other.
//
// The demo, the benchmark and the tests with official clients use it. It
// depends on the standard library only, so nested modules can import it.
package loopback
