// Package nacoshttp speaks Nacos's HTTP API of naming, of all versions, on a
// member's main port: instances and their beats, services, lists for consoles and
// tools, members, and the health addresses, which say the truth: 503 while this
// member loads or leaves. The API of configuration is answered as by a server that
// holds none.
//
// A call goes through three steps: a form is read (package wire), an operation is
// carried out, and a dialect gives what it says the form of its version. The table
// says which operation and dialect a path has; the reference page is written from
// it.
//
// An instance registered here belongs to the client "ip:port#true", which lives
// by its beats and is owned by the member that the hash ring names. Writes that
// arrive elsewhere are forwarded there, once (gRPC page, 5.9), in all versions.
//
// What is said of services and of instances by others than their clients is kept
// by a Settings, which any member has.
//
// Texts and statuses are those that Nacos 2.5.1 was recorded to send.
package nacoshttp
