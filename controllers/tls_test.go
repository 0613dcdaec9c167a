//go:build envtest

package controllers

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/pki"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

// permitSecrets does in a namespace what the command in TLSReady does.
func permitSecrets(t *testing.T, namespace string) {
	t.Helper()
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: secretsRole},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: secretsRole},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: "naming-operator", Namespace: "naming-system"}},
	}
	if err := admin.Create(t.Context(), binding); err != nil {
		t.Fatal(err)
	}
}

// secret reads a Secret of the cluster.
func (f *fixture) secret(name string) map[string][]byte {
	f.t.Helper()
	var found corev1.Secret
	f.get(name, &found)
	return found.Data
}

func TestWithoutRightsTheCommandIsTold(t *testing.T) {
	f := ready(t)
	f.edit(shielded)
	f.reaches(v1alpha1.TLSReady, metav1.ConditionFalse, v1alpha1.ReasonSecretForbidden)
	f.told(v1alpha1.ReasonTLSNotReady)
	message := meta.FindStatusCondition(f.read().Status.Conditions, v1alpha1.TLSReady).Message
	want := "kubectl --namespace " + f.cluster.Namespace + " create rolebinding naming-operator-secrets " +
		"--clusterrole=naming-operator-secrets --serviceaccount=naming-system:naming-operator"
	if !strings.HasSuffix(message, want) {
		t.Errorf("message %q, want it to end with %q", message, want)
	}
	if members, _ := resources.MountsOf(f.set().Spec.Template.Spec); members.Secret != "" {
		t.Error("pods are to mount what nobody could make")
	}
	permitSecrets(t, f.cluster.Namespace)
	f.reaches(v1alpha1.TLSReady, metav1.ConditionTrue, v1alpha1.ReasonTLSApplied)
	f.settled()
}

func TestTLSIsTurnedOnRotatedAndOff(t *testing.T) {
	f := ready(t)
	permitSecrets(t, f.cluster.Namespace)
	f.edit(func(c *v1alpha1.NamingCluster) { protected(c); c.Spec.Replicas = new(int32(3)) })
	f.reaches(v1alpha1.TLSReady, metav1.ConditionTrue, v1alpha1.ReasonTLSApplied)
	f.settled()
	f.told(ReasonCertificateIssued)
	f.told(ReasonTLSModeChanged)
	if s := f.read().Status.TLS; s == nil || s.Members.Mode != v1alpha1.TLSRequired || s.Members.ReadyMembers != 3 || s.Members.NotAfter == nil {
		t.Errorf("status.tls = %+v", s)
	}
	replaced := len(nodes.replaced(f.cluster.Namespace))

	before := f.secret("demo-members-tls")
	f.annotate(v1alpha1.RotateCertificatesAnnotation, "now")
	eventually(t, func() error {
		if bytes.Equal(f.secret("demo-members-tls")[pki.CertKey], before[pki.CertKey]) {
			return fmt.Errorf("the certificate is still the old one")
		}
		return nil
	})
	f.told(ReasonCertificateRenewed)
	f.settled()
	if now := len(nodes.replaced(f.cluster.Namespace)); now != replaced {
		t.Errorf("%d pods were replaced for a new certificate", now-replaced)
	}

	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.TLS = nil })
	f.reaches(v1alpha1.TLSReady, metav1.ConditionTrue, v1alpha1.ReasonTLSDisabled)
	f.settled()
	for _, p := range f.pods() {
		if members, clients := resources.MountsOf(p.Spec); members.Secret+clients.Secret != "" {
			t.Errorf("%s still mounts certificates", p.Name)
		}
	}
	if broken := nodes.broken(f.cluster.Namespace); len(broken) > 0 {
		t.Error(broken)
	}
}

func TestANewAuthorityReachesAllMembers(t *testing.T) {
	namespace := newNamespace(t)
	permitSecrets(t, namespace)
	f := create(t, namespace, shielded)
	f.reaches(v1alpha1.TLSReady, metav1.ConditionTrue, v1alpha1.ReasonTLSApplied)
	before := f.secret("demo-ca")
	f.annotate(v1alpha1.RotateAuthorityAnnotation, "now")
	f.told(v1alpha1.ReasonAuthorityRotating)
	f.told(ReasonAuthorityRotated)
	f.reaches(v1alpha1.TLSReady, metav1.ConditionTrue, v1alpha1.ReasonTLSApplied)
	after, members := f.secret("demo-ca"), f.secret("demo-members-tls")
	if bytes.Equal(before[pki.CertKey], after[pki.CertKey]) || len(after[previousKey]) > 0 || !bytes.Equal(members[pki.CAKey], after[pki.CertKey]) {
		t.Error("the old authority is still there")
	}
	if replaced := nodes.replaced(namespace); len(replaced) > 0 {
		t.Errorf("%v were replaced for a new authority", replaced)
	}
}

func TestALostCertificateIsMadeAnew(t *testing.T) {
	namespace := newNamespace(t)
	permitSecrets(t, namespace)
	f := create(t, namespace, shielded)
	f.reaches(v1alpha1.TLSReady, metav1.ConditionTrue, v1alpha1.ReasonTLSApplied)
	for _, name := range []string{"demo-members-tls", "demo-ca"} {
		lost := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
		if err := admin.Delete(t.Context(), lost); err != nil {
			t.Fatal(err)
		}
		f.annotate("example.org/lost", name) // nobody tells of Secrets
		eventually(t, func() error { return admin.Get(t.Context(), f.key(name), new(corev1.Secret)) })
		f.reaches(v1alpha1.TLSReady, metav1.ConditionTrue, v1alpha1.ReasonTLSApplied)
	}
}

func TestAForeignSecretIsNeverTouched(t *testing.T) {
	namespace := newNamespace(t)
	permitSecrets(t, namespace)
	theirs := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "demo-ca"}, Data: map[string][]byte{"theirs": []byte("yes")}}
	if err := admin.Create(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	f := create(t, namespace, shielded)
	f.reaches(v1alpha1.Stalled, metav1.ConditionTrue, v1alpha1.ReasonForeignObject)
	found := new(corev1.Secret)
	f.get("demo-ca", found)
	if found.ResourceVersion != theirs.ResourceVersion {
		t.Error("the Secret of somebody else was written")
	}
}

func TestAGivenSecretIsJudgedAndFollowed(t *testing.T) {
	f := ready(t)
	permitSecrets(t, f.cluster.Namespace)
	f.edit(func(c *v1alpha1.NamingCluster) {
		c.Spec.TLS = &v1alpha1.TLS{Members: &v1alpha1.MembersTLS{Mode: v1alpha1.TLSRequired, SecretName: "theirs"}}
	})
	f.reaches(v1alpha1.TLSReady, metav1.ConditionFalse, v1alpha1.ReasonSecretNotFound)
	theirs := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: f.cluster.Namespace, Name: "theirs"}}
	if err := admin.Create(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	f.reaches(v1alpha1.TLSReady, metav1.ConditionFalse, v1alpha1.ReasonSecretKeyMissing)
	if replaced := nodes.replaced(f.cluster.Namespace); len(replaced) > 0 {
		t.Errorf("%v were replaced for a Secret that is no use", replaced)
	}
}
