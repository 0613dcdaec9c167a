//go:build envtest

package controllers

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

// complains waits until the cluster is degraded for the reason, with all of
// the texts in the message, and the member waits for the same.
func (f *fixture) complains(reason, member string, texts ...string) {
	f.t.Helper()
	f.reaches(v1alpha1.Degraded, metav1.ConditionTrue, reason)
	eventually(f.t, func() error {
		c := f.read()
		message := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.Degraded).Message
		for _, m := range c.Status.Members {
			for _, text := range append(texts, member) {
				if m.Name == member && !strings.Contains(m.Name+m.WaitsFor, text) || !strings.Contains(message, text) {
					return fmt.Errorf("message %q, %s waits for %q, want %q in both", message, m.Name, m.WaitsFor, text)
				}
			}
		}
		return nil
	})
	f.told(reason)
}

func TestAFullQuotaIsTold(t *testing.T) {
	f := ready(t)
	nodes.exhaust(f.cluster.Namespace, true)
	f.scale(4)
	f.complains(v1alpha1.ReasonMemberDown, "demo-3", "exceeded quota: small", "raise the quota")
	if m := f.read().Status.Members[3]; m.State != v1alpha1.MemberMissing {
		t.Errorf("state of demo-3 = %s, want %s", m.State, v1alpha1.MemberMissing)
	}
	f.reaches(v1alpha1.Available, metav1.ConditionTrue, v1alpha1.ReasonAtLeastOneMemberReady)
	nodes.exhaust(f.cluster.Namespace, false)
	f.settled()
}

func TestAMissingSecretIsTold(t *testing.T) {
	f := ready(t)
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Image = stuckImage })
	f.complains(v1alpha1.ReasonRolloutStuck, "demo-2", `secret "keys" not found`, "create the Secret")
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Image = "" })
	f.settled()
}

func TestAMissingImageIsTold(t *testing.T) {
	f := create(t, newNamespace(t), func(c *v1alpha1.NamingCluster) { c.Spec.Image = badImage })
	f.complains(v1alpha1.ReasonMemberDown, "demo-0", "ImagePullBackOff", "correct the image")
}

func TestASilentMemberIsTold(t *testing.T) {
	f := ready(t)
	one := resources.Address(f.cluster, 1)
	members.hush(one, true)
	f.complains(v1alpha1.ReasonMemberUnreachable, "demo-1", "8080")
	f.reaches(v1alpha1.Ready, metav1.ConditionTrue, v1alpha1.ReasonClusterReady)
	members.hush(one, false)
	f.settled()
}

func TestMembersThatAreCutOffAreTold(t *testing.T) {
	f := ready(t)
	zero, two := resources.Address(f.cluster, 0), resources.Address(f.cluster, 2)
	members.sever(zero, two, true)
	f.reaches(v1alpha1.Degraded, metav1.ConditionTrue, v1alpha1.ReasonPeersUnreachable)
	f.told(v1alpha1.ReasonPeersUnreachable)
	members.sever(zero, two, false)
	f.settled()
}
