// Package tlsfiles turns directories of certificates, as Kubernetes mounts
// Secrets, into what the two ends of a TLS connection need, and follows them: a
// renewed certificate, another bundle of authorities and another policy are in
// use within a second, without a restart and without a connection being lost.
//
// What is not whole and valid never replaces what is: a half-written pair, a key
// of another certificate, an expired one. The old pair is kept, and the fault is
// told. Nothing is listened on or dialed here.
package tlsfiles
