// Package chart tests the Helm charts with Helm's own library: they lint
// without a warning, refuse values that mean nothing, and give the manifests
// in testdata. With the tag e2e it installs, tests, upgrades and uninstalls
// the operator's chart on a cluster.
package chart
