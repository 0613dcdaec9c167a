// Package e2e sees the product as its users do: through kubectl, the Kubernetes
// API and the official Nacos SDK, on a cluster where operator and sample are
// installed ("make test-e2e" sees to that). It scales, kills, upgrades and
// breaks the sample cluster, and takes its nodes, its network, its DNS and its API server
// away, while SDK clients register instances on it and others watch that none
// of them ever vanishes.
//
// Tests of the sample run one after the other and leave it as they found it; those
// of auth, settings and limits have clusters of their own, and go side by side.
// They wait with deadlines and assert no duration. Killing processes needs the
// node's processes to be visible here, as they are with the local cluster, and
// only that one can be given a second node or have its API server stopped.
package e2e
