# Two commands to know: "make up" runs it on a real local Kubernetes,
# "make test" tests it. Everything else is listed by "make help".

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS   += --no-builtin-rules --warn-undefined-variables
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VERSION   ?= v0.1.0
PLATFORMS ?= linux/$(shell go env GOARCH)
CONTEXT   ?=
FUZZTIME  ?= 30s
SEEDS     ?= 20000
RUN       ?=
FLAKY     ?=
export VERSION CONTEXT

MODULE  := github.com/distro-naming/naming-operator
GOBUILD := CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X $(MODULE)/sidecar.Version=$(VERSION) -X main.version=$(VERSION)"

# Tools are built once for each state of their module.
TOOLS := $(CURDIR)/bin/tools/$(shell sha256sum tools/go.sum | cut -c1-12)
tool_controller-gen     := sigs.k8s.io/controller-tools/cmd/controller-gen
tool_golangci-lint      := github.com/golangci/golangci-lint/v2/cmd/golangci-lint
tool_gotestsum          := gotest.tools/gotestsum
tool_protoc-gen-go      := google.golang.org/protobuf/cmd/protoc-gen-go
tool_protoc-gen-go-grpc := google.golang.org/grpc/cmd/protoc-gen-go-grpc
tool_gofumpt            := mvdan.cc/gofumpt
PROTOC_PLUGINS := $(TOOLS)/protoc-gen-go $(TOOLS)/protoc-gen-go-grpc

$(TOOLS)/%:
	@echo "building $* (once)"
	@mkdir -p $(@D)
	@go -C tools build -o $@ $(tool_$*)

# Helm comes with the module that tests the charts.
HELM := $(CURDIR)/bin/tools/$(shell sha256sum test/chart/go.sum | cut -c1-12)/helm
$(HELM):
	@echo "building helm (once)"
	@mkdir -p $(@D)
	@go -C test/chart build -o $@ helm.sh/helm/v4/cmd/helm

GOTESTSUM := $(TOOLS)/gotestsum --format pkgname-and-test-fails --hide-summary skipped --

# $(call staged,FORMAT,PACKAGES) runs tests that have programs of others or a Kubernetes in them. If FLAKY is a folder,
# up to two that fail are tried once more, and the folder says which; without it, one failure is a failure.
staged = $(TOOLS)/gotestsum --format $(1) --hide-summary skipped --packages "$(2)" $(if $(FLAKY),\
	--rerun-fails=1 --rerun-fails-max-failures=2 --rerun-fails-abort-on-data-race --rerun-fails-report $(FLAKY)/$@) --

# $(call need,PROGRAM,PACKAGE) installs a Debian package as root, or says how.
need = command -v $(1) >/dev/null || { \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends $(2) >/dev/null; \
	else echo "$(1) is missing; on Debian: apt-get install $(2)" >&2; exit 1; fi; }

##@ Start here

.PHONY: help
help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: up
up: ## run a NamingCluster on a real local Kubernetes and try it (CONTEXT=name: on that cluster)
	hack/up.sh
	hack/tour.sh

.PHONY: down
down: ## stop the local Kubernetes and leave nothing behind
	go run ./hack/localcluster down

.PHONY: demo
demo: ## three members on loopback, without Kubernetes: register, kill one, watch them agree again
	go run ./hack/demo

.PHONY: doctor
doctor: ## say what the local Kubernetes needs, and install it where possible
	go run ./hack/localcluster doctor

##@ Build

.PHONY: build
build: ## both binaries into bin/
	$(GOBUILD) -o bin/naming-operator ./cmd/manager
	$(GOBUILD) -o bin/distro-sidecar ./cmd/sidecar

.PHONY: plugin
plugin: ## kubectl naming into bin/; put it into PATH with what completes it
	cd plugin && $(GOBUILD) -o $(CURDIR)/bin/kubectl-naming ./cmd/kubectl-naming
	cp plugin/kubectl_complete-naming bin/

.PHONY: plugin-archives
plugin-archives: ## kubectl naming as archives for krew in bin/krew (PLATFORMS=linux/amd64,darwin/arm64,windows/amd64)
	@mkdir -p bin/krew
	for platform in $$(tr , ' ' <<<"$(PLATFORMS)"); do \
	  os=$${platform%/*} arch=$${platform#*/} folder=$$(mktemp -d); suffix=; [[ $$os = windows ]] && suffix=.exe; \
	  (cd plugin && GOOS=$$os GOARCH=$$arch $(GOBUILD) -o $$folder/kubectl-naming$$suffix ./cmd/kubectl-naming); \
	  cp LICENSE plugin/kubectl_complete-naming $$folder; \
	  tar -C $$folder -czf bin/krew/kubectl-naming_$${os}_$$arch.tar.gz .; rm -r $$folder; \
	done

.PHONY: image
image: ## both images as archives in bin/images, without Docker (PLATFORMS=linux/amd64,linux/arm64)
	@mkdir -p bin/images && go -C tools build -o $(CURDIR)/bin/image ./image
	for platform in $$(tr , ' ' <<<"$(PLATFORMS)"); do \
	  GOOS=linux GOARCH=$${platform#*/} $(GOBUILD) -o bin/$$platform/naming-operator ./cmd/manager; \
	  GOOS=linux GOARCH=$${platform#*/} $(GOBUILD) -o bin/$$platform/distro-sidecar ./cmd/sidecar; \
	done
	single=$(notdir $(PLATFORMS)); [[ "$(PLATFORMS)" = *,* ]] && single={arch}; \
	for name in naming-operator distro-sidecar; do \
	  bin/image -binary bin/linux/$$single/$$name -entrypoint $$name -platform $(PLATFORMS) \
	    -tag distro-naming/$$name:$(VERSION) -o bin/images/$$name-$(VERSION).tar; \
	done

.PHONY: images
images: ## both images for amd64 and arm64, as OCI archives, without a daemon and without a registry
	$(MAKE) --no-print-directory image PLATFORMS=linux/amd64,linux/arm64

.PHONY: release-artifacts
release-artifacts: images $(HELM) ## what a release consists of, into dist/release: images, charts, manifest, SBOMs, checksums
	hack/release.sh "$(VERSION)" "$(HELM)"

.PHONY: clean
clean: ## remove what was built here; the cached Kubernetes stays
	rm -rf bin dist/release

##@ Test

.PHONY: test
test: test-unit test-clients test-charts test-envtest ## everything that needs no cluster

.PHONY: test-unit
test-unit: $(TOOLS)/gotestsum ## pure parts, simulator, shells, adapters, import rules, plugin, image tool, verdicts of GitOps tools
	$(GOTESTSUM) ./...
	cd plugin && $(GOTESTSUM) ./...
	cd tools && $(GOTESTSUM) ./...
	cd hack/sbom && $(GOTESTSUM) ./...
	cd test/gitops && $(GOTESTSUM) -count=1 ./... # it reads files of other modules, which the cache does not see

.PHONY: test-sim
test-sim: $(TOOLS)/gotestsum ## a long simulation, a quarter of an hour on two cores (SEEDS=20000)
	SEEDS=$(SEEDS) $(GOTESTSUM) -count=1 -timeout 60m ./sidecar/distro/...

.PHONY: test-clients
test-clients: $(TOOLS)/gotestsum ## the official Go SDK and plain HTTP against three members on loopback
	cd test/clients && $(call staged,pkgname-and-test-fails,./...) -count=1 -skip '^TestMatrix$$' # they run a program, which the cache does not see

.PHONY: test-matrix
test-matrix: $(TOOLS)/gotestsum ## official clients of all languages and two applications, plaintext, TLS and auth, while members are killed and drained; prints a table
	@$(call need,javac,default-jdk-headless)
	@$(call need,mvn,maven)
	@$(call need,node,nodejs)
	@$(call need,npm,npm)
	@python3 -c 'import ensurepip' 2>/dev/null || $(call need,ensurepip,python3 python3-venv)
	cd test/clients && $(call staged,standard-verbose,.) -count=1 -run '^TestMatrix$$' -parallel 6 -timeout 20m | grep -v '^ *=== '

.PHONY: test-charts
test-charts: $(TOOLS)/gotestsum ## Helm charts by Helm's library, alerts and dashboards by Prometheus's, the OLM bundle by its
	cd test/chart && $(GOTESTSUM) -count=1 ./... # they read files of other modules, which the cache does not see
	cd test/rules && $(GOTESTSUM) -count=1 ./...
	cd test/bundle && $(GOTESTSUM) -count=1 ./...

.PHONY: test-interop
test-interop: $(TOOLS)/gotestsum ## members in one cluster with real Java Nacos 2.1.0 servers
	@$(call need,javac,default-jdk-headless)
	@$(call need,mvn,maven)
	cd test/interop && $(call staged,testname,./...) -count=1 -timeout 30m -parallel 2 \
	  -ldflags "-X google.golang.org/protobuf/reflect/protoregistry.conflictPolicy=ignore" # the SDK has messages of the same names

.PHONY: test-envtest
test-envtest: $(TOOLS)/gotestsum ## the operator against a real API server
	assets=$$(go run ./hack/localcluster assets); \
	KUBEBUILDER_ASSETS=$$assets $(call staged,pkgname-and-test-fails,./controllers/... ./api/... ./cmd/manager/... ./test/scale) \
	  -tags envtest -timeout 20m

.PHONY: test-race
test-race: $(TOOLS)/gotestsum ## the race detector over the sidecar and the operator
	@$(call need,gcc,gcc libc6-dev)
	SEEDS=20 CGO_ENABLED=1 $(GOTESTSUM) -race ./sidecar/... ./controllers/...

.PHONY: test-e2e
test-e2e: $(TOOLS)/gotestsum ## faults, scaling and upgrades on the local Kubernetes
	@if begun=$$(go run ./hack/localcluster kubeconfig 2>/dev/null).begun && [[ -e $$begun ]]; then \
	  echo "the last run did not come to its end, and may have left anything: starting with a new cluster"; go run ./hack/localcluster down; fi
	hack/up.sh
	touch "$$(go run ./hack/localcluster kubeconfig).begun"
	$(MAKE) --no-print-directory image VERSION=$(VERSION)-next >/dev/null
	go run ./hack/localcluster load bin/images/distro-sidecar-$(VERSION)-next.tar
	go -C test/clients build -o $(CURDIR)/bin/quickstart ./quickstart
	go build -o bin/localcluster ./hack/localcluster
	export KUBECONFIG=$$(go run ./hack/localcluster kubeconfig) PATH=$$(go run ./hack/localcluster assets):$$PATH; \
	QUICKSTART=$(CURDIR)/bin/quickstart LOCALCLUSTER=$(CURDIR)/bin/localcluster NEXT_IMAGE=distro-naming/distro-sidecar:$(VERSION)-next \
	  $(call staged,testname,./test/e2e/...) -tags e2e -count=1 -parallel 8 -timeout 40m
	$(MAKE) --no-print-directory test-e2e-plugin
	$(MAKE) --no-print-directory test-e2e-chart
	rm "$$(go run ./hack/localcluster kubeconfig).begun"

.PHONY: test-e2e-plugin
test-e2e-plugin: $(TOOLS)/gotestsum plugin ## kubectl naming against the sample that "make up" made
	go -C test/clients build -o $(CURDIR)/bin/quickstart ./quickstart
	export KUBECONFIG=$$(go run ./hack/localcluster kubeconfig) PATH=$$(go run ./hack/localcluster assets):$(CURDIR)/bin:$$PATH; \
	cd plugin && QUICKSTART=$(CURDIR)/bin/quickstart $(call staged,testname,./e2e/...) -tags e2e -count=1 -timeout 10m

.PHONY: test-e2e-chart
test-e2e-chart: $(TOOLS)/gotestsum $(HELM) ## Helm's install, test, upgrade and uninstall, on the cluster that test-e2e has prepared
	export KUBECONFIG=$$(go run ./hack/localcluster kubeconfig) PATH=$$(go run ./hack/localcluster assets):$$PATH; \
	cd test/chart && HELM=$(HELM) NEXT_TAG=$(VERSION)-next \
	  $(call staged,testname,./...) -tags e2e -count=1 -timeout 20m -run OnACluster

.PHONY: test-docs
test-docs: $(TOOLS)/gotestsum $(HELM) ## do what every page says, on loopback and on the local Kubernetes (RUN=how-to/scale: one page)
	@$(call need,jq,jq)
	@$(call need,curl,curl)
	hack/up.sh
	export KUBECONFIG=$$(go run ./hack/localcluster kubeconfig) PATH=$$(go run ./hack/localcluster assets):$(dir $(HELM)):$$PATH; \
	  $(call staged,testname,./test/docs) -tags e2e -count=1 -timeout 30m -parallel 3 -run "Pages/$(RUN)"

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME each
	grep -rl --include=*_test.go '^func Fuzz' . | sort | while read -r file; do \
	  grep -o '^func Fuzz[A-Za-z0-9]*' "$$file" | cut -c6- | while read -r name; do \
	    go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "./$$(dirname "$$file")"; \
	  done; done

.PHONY: bench
bench: ## latency, CPU, memory, joins and verification, beside their goals (RUN=heap,join: only these)
	go run ./test/bench -run "$(RUN)"

.PHONY: bench-operator
bench-operator: ## a thousand clusters on one API server: time, memory and writes of the operator, beside their goals
	CLUSTERS=1000 KUBEBUILDER_ASSETS=$$(go run ./hack/localcluster assets) \
	  go test -tags envtest -count=1 -timeout 60m -v ./test/scale

##@ Develop

.PHONY: generate
generate: proto manifests tables conditions api-docs ## everything that is generated and committed

.PHONY: manifests
manifests: $(TOOLS)/controller-gen ## CRD, RBAC, deep copies, apply configurations, install manifest
	$(TOOLS)/controller-gen object:headerFile=hack/boilerplate.go.txt \
	  applyconfiguration:headerFile=hack/boilerplate.go.txt paths=./api/...
	$(TOOLS)/controller-gen crd:maxDescLen=160 paths=./api/... output:crd:dir=config/crd/bases
	$(TOOLS)/controller-gen rbac:roleName=naming-operator paths=./controllers/... output:rbac:dir=config/rbac
	assets=$$(go run ./hack/localcluster assets); $$assets/kubectl kustomize config/default > dist/install.yaml
	$(MAKE) --no-print-directory chart-files

.PHONY: chart-files
chart-files: ## what the charts and the OLM bundle share with config/, taken from there
	cp config/crd/bases/naming.distro.io_namingclusters.yaml charts/naming-operator/files/crd.yaml
	cp config/rbac/{role,leader_election,metrics_reader,user_roles,secrets_role}.yaml charts/naming-operator/files/
	cp config/monitoring/{prometheus_rule,pod_monitor}.yaml charts/naming-operator/files/
	go run ./hack/bundle
	rm -rf charts/naming-operator/files/dashboards && cp -r config/monitoring/dashboards charts/naming-operator/files/

.PHONY: conditions
conditions: ## the reference of conditions
	go run ./hack/conditions > docs/reference/conditions.md

.PHONY: api-docs
api-docs: ## the reference of the resource
	go run ./hack/apidocs > docs/reference/api.md

.PHONY: proto
proto: $(PROTOC_PLUGINS) ## the gRPC contract
	@$(call need,protoc,protobuf-compiler libprotobuf-dev)
	PATH="$(TOOLS):$$PATH" hack/gen-proto.sh

.PHONY: tables
tables: ## the tables of docs/explanation/distro.md, by the simulator
	go run ./hack/scale -page docs/explanation/distro.md

.PHONY: golden
golden: ## rewrite expected outputs; review the difference like code
	go test -update $$(grep -rlE --include=*_test.go '/test/golden"|flag.Bool."update"' . | grep -vE '^./(plugin|test/clients)/' | xargs -n1 dirname | sort -u)
	cd plugin && go test ./command -update
	cd test/clients && go test -run TestPage -update .

.PHONY: fmt
fmt: $(TOOLS)/gofumpt ## format
	$(TOOLS)/gofumpt -w $$(git ls-files --cached --others --exclude-standard '*.go')

.PHONY: vet
vet: ## go vet, with every build tag
	go vet -tags envtest,e2e ./...
	go -C plugin vet -tags e2e ./...
	go -C test/clients vet ./...
	go -C test/interop vet ./...
	go -C test/gitops vet ./...
	go -C test/chart vet -tags e2e ./...
	go -C test/rules vet ./...
	go -C test/bundle vet ./...
	go -C hack/sbom vet ./...
	go -C tools vet ./...

.PHONY: lint
lint: $(TOOLS)/golangci-lint ## every linter of .golangci.yml
	$(TOOLS)/golangci-lint run --build-tags envtest,e2e
	cd plugin && $(TOOLS)/golangci-lint run --build-tags e2e --config $(CURDIR)/.golangci.yml
	cd test/clients && $(TOOLS)/golangci-lint run --config $(CURDIR)/.golangci.yml
	cd test/interop && $(TOOLS)/golangci-lint run --config $(CURDIR)/.golangci.yml
	cd test/gitops && $(TOOLS)/golangci-lint run --config $(CURDIR)/.golangci.yml
	cd test/chart && $(TOOLS)/golangci-lint run --build-tags e2e --config $(CURDIR)/.golangci.yml
	cd test/rules && $(TOOLS)/golangci-lint run --config $(CURDIR)/.golangci.yml
	cd test/bundle && $(TOOLS)/golangci-lint run --config $(CURDIR)/.golangci.yml
	cd hack/sbom && $(TOOLS)/golangci-lint run --config $(CURDIR)/.golangci.yml
	cd tools && $(TOOLS)/golangci-lint run --config $(CURDIR)/.golangci.yml

.PHONY: verify
verify: $(TOOLS)/controller-gen $(PROTOC_PLUGINS) ## generated files and go.mod files are up to date
	@$(call need,protoc,protobuf-compiler libprotobuf-dev)
	hack/verify-generated.sh

.PHONY: ci
ci: verify lint test test-race test-matrix test-interop test-e2e test-docs ## all of the above, as .ci/run does
