// Package e2e sees the product as its users do: through kubectl, the Kubernetes
// API and the official Nacos SDK, on a cluster where operator and sample are
// installed ("make test-e2e" sees to that). It scales, kills, upgrades and
// breaks the sample cluster while SDK clients hold instances on it and others
// watch that none of them ever vanishes.
//
// Tests run one after the other and leave the sample as they found it. They
// wait with deadlines and assert no duration. Killing processes needs the
// node's processes to be visible here, as they are with the local cluster.
package e2e
