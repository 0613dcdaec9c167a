#!/usr/bin/env bash
# Fills a cluster "demo" in a namespace "shop" of the local Kubernetes, records
# what it answers for the tests of this package, and removes it. QUICKSTART is the
# built test/clients/quickstart.
set -euo pipefail
cd "$(dirname "$0")/.."

cleanup() {
  kill "$held" "$watching" 2>/dev/null || true
  kubectl delete namespace shop --wait=false >/dev/null
}
held= watching=
kubectl create namespace shop >/dev/null
trap cleanup EXIT
kubectl apply --namespace shop --filename ../../config/samples/demo.yaml
kubectl wait --namespace shop --for=condition=Ready namingcluster/demo --timeout 3m

address() { kubectl get pod "demo-$1" --namespace shop --output 'jsonpath={.status.podIP}'; }
instance() { curl -sf -X "$1" "http://$2:8848/nacos/v1/ns/instance?$3" >/dev/null; }

members=$(address 0):8848,$(address 1):8848,$(address 2):8848
"$QUICKSTART" hold -member "$members" -service greeter -count 5 -clients 4 >/dev/null &
held=$!
"$QUICKSTART" watch -member "$(address 2):8848" -service awaited -count 1 >/dev/null 2>&1 &
watching=$!
instance POST "$(address 1)" 'serviceName=gone&ip=10.0.0.9&port=8080'
instance DELETE "$(address 1)" 'serviceName=gone&ip=10.0.0.9&port=8080'
until curl -sf "http://$(address 2):8848/nacos/v1/ns/instance/list?serviceName=greeter" | grep -q '"port"'; do sleep 0.5; done
kubectl wait --namespace shop --for=condition=Converged namingcluster/demo --timeout 3m
sleep 5 # the operator looks again
instance POST "$(address 0)" 'serviceName=payments@@ledger&ip=10.0.0.7&port=8080&metadata=%7B%22zone%22%3A%22a%22%7D'
sleep 1
go test -count=1 -run TestAll . -record -update
go test -count=1 . -update
