package resources

import (
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/sidecar/member"
)

// MembersKey is the key of the member list in its ConfigMap, and the name of
// the file in the pods.
const MembersKey = "cluster.conf"

// memberList publishes the list in one key, so that a member never reads half
// of a change, and how to insist on TLS in another.
func memberList(c *v1alpha1.NamingCluster, list member.List, tls TLS) *corev1ac.ConfigMapApplyConfiguration {
	return corev1ac.ConfigMap(MembersName(c), c.Namespace).
		WithLabels(labels(c)).
		WithOwnerReferences(controlledBy(c)).
		WithData(map[string]string{MembersKey: member.Format(list)}).
		WithData(tls.policy())
}

// MembersHash changes whenever the published text does, hints included.
func MembersHash(list member.List) string { return hash([]byte(member.Format(list))) }

// NextList returns the list to publish: the members with ordinals below n.
// Its generation is the published one while the members stay the same, and
// higher than any before when they change. published is the empty list if none
// is readable; seen is the last generation that status has recorded, so that a
// lost ConfigMap does not make generations start anew.
//
// A cluster without members keeps its first one listed: a list is never empty.
func NextList(
	c *v1alpha1.NamingCluster, n int32, hints map[member.Address]member.Hint, published member.List, seen int64,
) member.List {
	addresses := make([]member.Address, 0, n)
	for o := range max(n, 1) {
		addresses = append(addresses, Address(c, o))
	}
	generation := max(published.Generation(), seen)
	list := member.NewList(generation, addresses, hints)
	if published.Len() > 0 && list.SameMembers(published) {
		return list
	}
	return member.NewList(generation+1, addresses, hints)
}
