#!/usr/bin/env bash
# Generates the gRPC code beside each .proto file of sidecar. protoc must be installed
# (Debian: apt-get install protobuf-compiler libprotobuf-dev). The plugins are those on the PATH,
# as "make proto" sets it, or else built from the tools module, which pins them.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v protoc >/dev/null || {
  echo "gen-proto: protoc is missing; on Debian: apt-get install -y protobuf-compiler libprotobuf-dev" >&2
  exit 1
}
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
if ! command -v protoc-gen-go >/dev/null || ! command -v protoc-gen-go-grpc >/dev/null; then
  go -C tools build -o "$bin/" \
    google.golang.org/protobuf/cmd/protoc-gen-go \
    google.golang.org/grpc/cmd/protoc-gen-go-grpc
fi

for dir in sidecar/wire/nacospb sidecar/stream/streampb; do
  name=$(basename "$dir" pb)
  (
    cd "$dir"
    PATH="$bin:$PATH" protoc \
      --go_out=. --go_opt=paths=source_relative \
      --go-grpc_out=. --go-grpc_opt=paths=source_relative \
      "$name.proto"
    # The version of the protoc at hand is no property of the code.
    sed -i -E 's|^(//[[:space:]-]*protoc[[:space:]]+)v[0-9.]+$|\1(any)|' "$name.pb.go" "${name}_grpc.pb.go"
  )
done
