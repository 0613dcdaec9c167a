#!/usr/bin/env bash
# Uses the sample cluster through the official Nacos Go SDK: registers on
# member 0, reads from members 1 and 2, and says how to connect oneself. The
# local Kubernetes routes pod addresses to this machine; of an existing cluster
# (CONTEXT=name) the members' ports are forwarded.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -n "${CONTEXT:-}" ]; then
  kubectl=(kubectl --context "$CONTEXT")
  forwards=()
  trap 'kill "${forwards[@]}" 2>/dev/null || true' EXIT
  for i in 0 1 2; do
    "${kubectl[@]}" port-forward "pod/demo-$i" "$((18848 + 10 * i)):8848" "$((19848 + 10 * i)):9848" >/dev/null &
    forwards+=($!)
  done
  for i in 0 1 2; do
    until (: </dev/tcp/127.0.0.1/$((18848 + 10 * i))) 2>/dev/null; do sleep 0.2; done
  done
  members=(127.0.0.1:18848 127.0.0.1:18858 127.0.0.1:18868)
  service=$("${kubectl[@]}" get service demo -o jsonpath='{.metadata.name}.{.metadata.namespace}.svc'):8848
  use="alias kubectl='kubectl --context $CONTEXT'"
  stop="kubectl delete -f config/samples/demo.yaml -f dist/install.yaml"
else
  KUBECONFIG=$(go run ./hack/localcluster kubeconfig)
  PATH=$(go run ./hack/localcluster assets):$PATH
  export KUBECONFIG PATH
  members=()
  for i in 0 1 2; do members+=("$(kubectl get pod "demo-$i" -o jsonpath='{.status.podIP}'):8848"); done
  service=$(kubectl get service demo -o jsonpath='{.spec.clusterIP}'):8848
  use="export KUBECONFIG=$KUBECONFIG"
  stop="make down"
fi

go -C test/clients run ./quickstart -register "${members[0]}" -read "${members[1]},${members[2]}"

cat <<TEXT

How to connect:
  Nacos clients       $service (gRPC: the port + 1000)
  curl                curl -X POST 'http://$service/nacos/v1/ns/instance?serviceName=hello&ip=192.0.2.1&port=80'
                      curl 'http://$service/nacos/v1/ns/instance/list?serviceName=hello'
  kubectl             $use
                      kubectl get nmc demo -o yaml; kubectl scale nmc/demo --replicas=5
  console of a member kubectl port-forward pod/demo-0 8081, then http://127.0.0.1:8081
  stop                $stop
TEXT
