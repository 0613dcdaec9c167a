#!/usr/bin/env bash
# Says whether the committed generated files and module files are what their
# sources give. It works on a copy, so nothing in the tree is changed, whether
# or not the tree is clean.
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

# The tree as it is, without what git ignores; bin holds the tools already built.
git ls-files --cached --others --exclude-standard -z |
  while IFS= read -r -d '' file; do [ -e "$file" ] && printf '%s\0' "$file"; done |
  tar --null -T - -cf - | tar -xf - -C "$copy"
[ -d bin/tools ] && mkdir -p "$copy/bin" && cp -r bin/tools "$copy/bin/tools"
cp -r "$copy" "$copy.before"
trap 'rm -rf "$copy" "$copy.before"' EXIT

make --no-print-directory -C "$copy" generate >/dev/null
for module in . plugin tools test/clients test/gitops test/interop test/chart test/rules test/bundle hack/k8s hack/sbom; do
  go -C "$copy/$module" mod tidy -diff >/dev/null || {
    echo "$module/go.mod: run 'go -C $module mod tidy'" >&2
    exit 1
  }
done

if ! diff -ru --exclude=bin "$copy.before" "$copy"; then
  echo "generated files differ from their sources: run 'make generate' and commit" >&2
  exit 1
fi
echo "generated files and module files are up to date"
