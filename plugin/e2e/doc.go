// Package e2e runs kubectl naming as users do, on a cluster where operator and
// sample are installed ("make test-e2e" sees to that). It leaves the sample as it
// found it, waits with deadlines, and asserts no duration.
package e2e
