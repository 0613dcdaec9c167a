// Package nacoshttp speaks the part of Nacos's HTTP API that clients of the 1.x
// protocol live by, on a member's main port: registering, deregistering,
// updating and beating for an ephemeral instance, and reading them; and the
// health addresses of all versions, which say the truth: 503 while this member
// loads or leaves.
//
// An instance registered here belongs to the client "ip:port#true", which lives
// by its beats and is owned by the member that the hash ring names. Writes that
// arrive elsewhere are forwarded there, once (gRPC page, 5.9).
//
// Texts and statuses are those that Nacos 2.5.1 was recorded to send.
package nacoshttp
