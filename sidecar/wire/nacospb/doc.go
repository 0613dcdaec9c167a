// Package nacospb is the protobuf contract of Nacos's gRPC (gRPC page, 2.1):
// one envelope, two services. nacos.proto is its source and hack/gen-proto.sh
// its generator; everything else in the package is generated.
package nacospb
