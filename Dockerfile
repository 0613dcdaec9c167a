# Both images, for those who have Docker; make image does without.
#
#   docker build --target manager -t distro-naming/naming-operator:v0.1.0 .
#   docker build --target sidecar -t distro-naming/distro-sidecar:v0.1.0 .
ARG GO_VERSION=1.26

# Compiles on the machine's own platform for the one that was asked for.
FROM --platform=$BUILDPLATFORM golang:${GO_VERSION} AS builder
ARG TARGETOS=linux
ARG TARGETARCH
ARG VERSION=v0.1.0
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY api/ api/
COPY cmd/ cmd/
COPY controllers/ controllers/
COPY sidecar/ sidecar/
ENV CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH
RUN go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/naming-operator ./cmd/manager \
 && go build -trimpath -ldflags "-s -w -X github.com/distro-naming/naming-operator/sidecar.Version=$VERSION" -o /out/distro-sidecar ./cmd/sidecar

# The programs are static and need nothing beside them. The user is numeric so
# that a kubelet can check runAsNonRoot.
FROM scratch AS manager
LABEL org.opencontainers.image.title="naming-operator" \
      org.opencontainers.image.source="https://github.com/distro-naming/naming-operator" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=builder /out/naming-operator /naming-operator
USER 65532:65532
ENTRYPOINT ["/naming-operator"]

FROM scratch AS sidecar
LABEL org.opencontainers.image.title="distro-sidecar" \
      org.opencontainers.image.source="https://github.com/distro-naming/naming-operator" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=builder /out/distro-sidecar /distro-sidecar
USER 65532:65532
ENTRYPOINT ["/distro-sidecar"]
