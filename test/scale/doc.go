// Package scale runs the operator's program beside a real API server with many
// NamingClusters at once: whether all are reported, whether a look at what is
// already right writes anything, and what that costs.
//
// Pods and members are stand-ins. Each pod has an address of its own on
// loopback, where a member answers, or holds the line and says nothing.
//
// The tests assert what must be so on any machine. Numbers are printed beside
// their goals and never asserted. CLUSTERS is how many clusters there are:
// fifty, or a thousand with "make bench-operator".
package scale
