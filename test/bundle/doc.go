// Package bundle judges the OLM bundle with the validators of the Operator
// Framework, which also judge what is sent to OperatorHub.
package bundle
