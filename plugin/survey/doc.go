// Package survey puts together what the members of a cluster say: which
// services and instances they list, what happened to one, in what they differ,
// and how clients could be spread. It is pure: answers in, findings out.
package survey
