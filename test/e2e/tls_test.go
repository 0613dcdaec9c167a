//go:build e2e

package e2e

import (
	"context"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// TestTLSIsTurnedOnRenewedAndOff goes all the way under load: members get
// certificates of the operator's own authority and insist on them, get new ones
// without being replaced, and give them back. Clients stay as they are.
func TestTLSIsTurnedOnRenewedAndOff(t *testing.T) {
	requireSettled(t, members)
	permitSecrets(t, demo.Namespace)
	a := gather(t, "protected", serviceAddress(t))
	l := grow(t, "protected-grown")

	setTLS(t, `{"members":{"mode":"Required"},"clients":{"mode":"Permissive"}}`)
	requireTLS(t, v1alpha1.ReasonTLSApplied)
	before := requireSettled(t, members)
	use := before.Status.TLS.Members
	if use.Mode != v1alpha1.TLSRequired || use.ReadyMembers != members {
		t.Errorf("status.tls.members = %+v, want all members to insist", use)
	}
	pods := uidsOf(t, demo, members)

	kubectl(t, "annotate", "nmc", demo.Name, v1alpha1.RotateCertificatesAnnotation+"="+time.Now().Format(time.RFC3339), "--overwrite")
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
	if now := uidsOf(t, demo, members); !slices.Equal(now, pods) {
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
