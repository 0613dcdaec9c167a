// Package pki makes the certificates of a cluster, says when they are to be
// renewed, and judges those that others have made. It is pure: what exists, what
// running members say and the time go in, what should exist comes out. It knows
// no Kubernetes and stores nothing.
//
// Laws, each with a test: a certificate is renewed at two thirds of its life;
// members show certificates of a new authority only when all that run trust it;
// the old authority is trusted until all that run show certificates of the new
// one; whatever is lost is made anew without a moment in which members distrust
// each other, as long as anything of it is left.
package pki
