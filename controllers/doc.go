// Package controllers makes clusters what their specs say.
//
// One pass over a NamingCluster observes everything it needs (the object, its
// children, its pods, and what the members say about themselves), decides the
// next step, builds the children that follow from it, applies those that
// differ, and reports what it saw as status. It keeps nothing between passes.
//
// Children, in the order in which they are applied: the ConfigMap with the
// member list, the ServiceAccount, the headless Service, the client Service,
// the NetworkPolicy if one is wanted, the StatefulSet, the PodDisruptionBudget.
// All are controlled by the NamingCluster and go with it; there is no finalizer. An object with the name
// of a child that somebody else made is never touched.
//
// A pass is started by a change of the spec or of an annotation of the
// NamingCluster, of any child, of any pod, and by the planner's own recheck
// while there are members to ask.
package controllers
