// Package nacosudp pushes lists of instances over UDP to clients of the 1.x
// protocol, which ask for it with every list that they read (HTTP page, 3.5 to
// 3.7). A packet that is not acknowledged is sent once more, and then again with
// what is newest, ever more seldom, until the client has not asked for a while.
//
// It is a help and no promise: who is pushed nothing asks again within seconds.
// It never sends to an address that did not itself ask, keeps no queue, and is
// bounded in subscribers and in packets.
package nacosudp
