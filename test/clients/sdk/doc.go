// Package sdk wraps the official Nacos Go SDK for the quick start and the
// tests: one client connects to exactly one member, keeps its files in a
// directory of its own, and delivers every pushed list in order.
package sdk
