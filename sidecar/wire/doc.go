// Package wire turns the bytes of Nacos's protocol into the domain and back:
// the JSON bodies of the gRPC messages, the content that Distro carries in
// them, and the forms and bodies of the HTTP API. It opens no socket.
//
// The rules of the format (gRPC page, 2.3 and 4.8), each kept here once:
//
//   - null is never written: a member is there with a value or not at all;
//   - success is said three ways (resultCode, errorCode, success), as clients
//     differ in which they read; answers that we read are judged by resultCode;
//   - a weight has a decimal point or an exponent, as Java prints a double, and
//     a revision is a whole number that fits 32 bits: Java casts by the form;
//   - arrays and maps that Java walks are written even when empty;
//   - unknown members are ignored.
//
// Java's words (ServiceInfo, ClientSyncData, DistroData) end in this package.
package wire
