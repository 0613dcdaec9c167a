#!/usr/bin/env bash
# Gathers what a release consists of into dist/release: the images that "make
# images" has built, the charts, the manifest, what each program is made of, and
# checksums of all. Nothing is published.
#
#   hack/release.sh v0.1.0 path/to/helm
set -euo pipefail
cd "$(dirname "$0")/.."

version=$1 helm=$2 out=dist/release
rm -rf "$out" && mkdir -p "$out"

cp bin/images/*-"$version".tar "$out"
cp dist/install.yaml "$out/install-$version.yaml"

go -C hack/sbom build -o "$PWD/bin/sbom" .
for arch in amd64 arm64; do
  for program in naming-operator distro-sidecar; do
    bin/sbom -binary "bin/linux/$arch/$program" -name "$program" -version "$version" \
      >"$out/$program-$version-linux-$arch.spdx.json"
  done
done

for chart in charts/*/; do
  "$helm" package "$chart" --version "${version#v}" --app-version "$version" --destination "$out" >/dev/null
done

(cd "$out" && sha256sum -- * >SHA256SUMS)
cat "$out/SHA256SUMS"
