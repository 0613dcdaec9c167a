// Package nacosv1 replicates with members that know only the Distro of Nacos
// 1.x: whole services over HTTP (HTTP page, 6). It finds out which members those
// are, also when they change.
//
// A service is owned by the member that the hash of its name gives it to. Of the
// services of this member it sends the lists to every member of 1.x, and shows
// their checksums, so that what was lost is fetched. To a member of 1.x that owns
// a service it hands what clients of this member publish there, as an HTTP client
// would: it registers, beats and deregisters for them. What such a member lists
// becomes a record of its own in the registry (naming.DatumClient), with the
// lease of any foreign record.
//
// It keeps no list and decides nothing about expiry. Calls that fail are made
// again, ever more slowly, as long as there is a reason for them.
package nacosv1
