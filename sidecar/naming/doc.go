// Package naming is the domain: services, the instances published in them, the
// clients that publish, the records by which they are replicated, and the views
// that readers get.
//
//   - A service is named by namespace, group and name (ServiceKey).
//   - An instance is one published endpoint.
//   - A client is one SDK connection, or one ip:port that sends beats over
//     HTTP; when it dies its instances go with it.
//   - A record is all that one client publishes, with its Stamp; it is the unit
//     of replication. A mark is a record without its content.
//   - A view is the immutable answer for one service.
//
// The package is single-threaded, reads no clock, does no I/O and knows no wire
// format. Values that are handed out are never changed again, only replaced.
package naming
