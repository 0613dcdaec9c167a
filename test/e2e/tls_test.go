//go:build e2e

package e2e

import (
	"context"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// TestTLSIsTurnedOnRenewedAndOff goes all the way under load: members get
// certificates of the operator's own authority and insist on them, get new ones
// without being replaced, and give them back. Clients stay as they are.
func TestTLSIsTurnedOnRenewedAndOff(t *testing.T) {
	requireSettled(t, members)
	kubectl(t, "create", "rolebinding", "naming-operator-secrets", "--namespace", demo.Namespace,
		"--clusterrole=naming-operator-secrets", "--serviceaccount=naming-system:naming-operator")
	t.Cleanup(func() {
		binding := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: demo.Namespace, Name: "naming-operator-secrets"}}
		if err := k8s.Delete(context.WithoutCancel(t.Context()), binding); err != nil {
			t.Error(err)
		}
	})
	a := gather(t, "protected", serviceAddress(t))
	l := grow(t, "protected-grown")

	setTLS(t, `{"members":{"mode":"Required"},"clients":{"mode":"Permissive"}}`)
	requireTLS(t, v1alpha1.ReasonTLSApplied)
	before := requireSettled(t, members)
	use := before.Status.TLS.Members
	if use.Mode != v1alpha1.TLSRequired || use.ReadyMembers != members {
		t.Errorf("status.tls.members = %+v, want all members to insist", use)
	}
	pods := uids(t)

	kubectl(t, "annotate", "nmc", demo.Name, v1alpha1.RotateCertificatesAnnotation+"=e2e", "--overwrite")
	eventually(t, "members use new certificates", func(ctx context.Context) error {
		var now v1alpha1.NamingCluster
		if err := k8s.Get(ctx, demo, &now); err != nil {
			return err
		}
		if s := now.Status.TLS; s == nil || s.Members == nil || !s.Members.NotAfter.After(use.NotAfter.Time) || s.Members.ReadyMembers != members {
			return notYet("status.tls = %+v", s)
		}
		return nil
	})
	requireSettled(t, members)
	if now := uids(t); now != pods {
		t.Errorf("pods were replaced for new certificates: %v, before %v", now, pods)
	}

	kubectl(t, "annotate", "nmc", demo.Name, v1alpha1.RotateCertificatesAnnotation+"-")
	setTLS(t, "null")
	requireTLS(t, v1alpha1.ReasonTLSDisabled)
	requireSettled(t, members)
	l.settle(t, addresses(t)...)
	a.dismiss(t)
}

func setTLS(t *testing.T, tls string) {
	t.Helper()
	kubectl(t, "patch", "nmc", demo.Name, "--type=merge", "-p", `{"spec":{"tls":`+tls+`}}`)
}

// requireTLS waits until TLS is as it is wanted, for that reason.
func requireTLS(t *testing.T, reason string) {
	t.Helper()
	eventually(t, "TLSReady says "+reason, func(ctx context.Context) error {
		var c v1alpha1.NamingCluster
		if err := k8s.Get(ctx, demo, &c); err != nil {
			return err
		}
		found := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.TLSReady)
		if found == nil || found.Reason != reason || found.ObservedGeneration != c.Generation {
			return notYet("%+v", found)
		}
		return nil
	})
}

func uids(t *testing.T) (all [members]types.UID) {
	t.Helper()
	for i := range all {
		all[i] = pod(t, i).UID
	}
	return all
}
