// Package gitops judges recorded statuses of a NamingCluster as the tools do
// that people deploy with: kstatus, which Flux and others use, and Argo CD's
// health check, which the project ships. It is a module of its own, since their
// libraries are no business of the product's.
package gitops
