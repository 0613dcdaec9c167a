#!/usr/bin/env bash
# Brings up a cluster with the operator and the sample, as a user would: the
# manifest and the sample are those of a release.
#
#   hack/up.sh           start the local Kubernetes, load the images, install
#   CONTEXT=name hack/up.sh    use an existing cluster instead, which must be
#                              able to pull the images that the manifest names
#
# VERSION is the images' tag. Calling it again is harmless: what was rebuilt
# under the same tag is rolled out, what is up to date stays.
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=${VERSION:-v0.1.0}
started=$SECONDS
step() { printf '%4d s  %s\n' $((SECONDS - started)) "$*"; }
replaced= # names of images that running pods may have an older version of
kubectl() { command kubectl ${CONTEXT:+--context "$CONTEXT"} "$@"; }

# explain shows what is wrong to whoever waited in vain.
explain() {
  local code=$?
  ((code)) && kubectl version >/dev/null 2>&1 || return 0
  {
    echo "--- it did not come up; this is what there is:"
    kubectl get namingclusters,pods --all-namespaces --output wide || true
    kubectl get namingcluster demo --output \
      'jsonpath={range .status.conditions[*]}{.type}={.status} {.reason}: {.message}{"\n"}{end}' || true
    kubectl get events --sort-by=.lastTimestamp | tail -n 15 || true
    kubectl --namespace naming-system logs deployment/naming-operator --tail 20 || true
  } >&2
}
trap explain EXIT

# restart_members asks the operator for a rolling restart that carries the given
# time, and waits until every pod does and is ready.
restart_members() {
  local deadline=$((SECONDS + 300)) carried
  kubectl annotate namingcluster/demo --overwrite "kubectl.kubernetes.io/restartedAt=$1" >/dev/null
  until
    carried=$(kubectl get pods --selector naming.distro.io/cluster=demo --output \
      'jsonpath={range .items[*]}{.metadata.annotations.kubectl\.kubernetes\.io/restartedAt}{"\n"}{end}' | sort -u)
    [ "$carried" = "$1" ]
  do
    ((SECONDS < deadline)) || { echo "the members were not restarted in five minutes" >&2; exit 1; }
    sleep 1
  done
  kubectl wait --for=condition=Ready pods --selector naming.distro.io/cluster=demo --timeout 5m >/dev/null
}

if [ -z "${CONTEXT:-}" ]; then
  step "local Kubernetes"
  go run ./hack/localcluster up
  KUBECONFIG=$(go run ./hack/localcluster kubeconfig)
  PATH=$(go run ./hack/localcluster assets):$PATH # its own kubectl
  export KUBECONFIG PATH
  step "images (without Docker)"
  make --no-print-directory image VERSION="$VERSION" >/dev/null
  replaced=$(go run ./hack/localcluster load bin/images/*-"$VERSION".tar | sed -n 's/^replaced //p')
fi

step "operator, from dist/install.yaml"
kubectl apply --server-side --force-conflicts --filename dist/install.yaml >/dev/null
if [[ $replaced = *naming-operator* ]]; then
  step "the operator was rebuilt: restarting it"
  kubectl --namespace naming-system rollout restart deployment/naming-operator >/dev/null
fi
kubectl --namespace naming-system rollout status deployment/naming-operator --timeout 5m

step "sample NamingCluster"
kubectl apply --server-side --force-conflicts --filename config/samples/demo.yaml
if [[ $replaced = *distro-sidecar* ]]; then
  step "the sidecar was rebuilt: restarting the members one by one"
  restart_members "$(date -u +%FT%TZ)"
fi
kubectl wait --for=condition=Ready namingcluster/demo --timeout 5m
kubectl get namingcluster demo
step "ready"
