// Package nacosgrpc speaks Nacos's gRPC protocol on two ports: to clients on
// the main port + 1000 and to members on the main port + 1001; Peers is the
// calling side of the second. It translates, limits and answers; it holds no
// registry, only the open connections.
//
// One TCP connection is one client. It is a client of the registry from its
// ConnectionSetupRequest until its stream or its connection ends, and then it
// is disconnected exactly once. One that was sent to another member, and any
// while this member leaves, departs instead: what it published stays listed
// until it is published through another member, or for some time.
//
// What a user can cause is answered with a failure of the request's own kind;
// an ErrorResponse makes an SDK call again and doubt its connection, so it is
// kept for faults of the protocol (gRPC page, 2.7).
package nacosgrpc
