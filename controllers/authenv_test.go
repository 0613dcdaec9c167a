//go:build envtest

package controllers

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// users is what the member says of the users that its pod mounts, as if every
// kubelet were quick.
func (c *chorus) users(ctx context.Context, a member.Address) *report.Auth {
	name, _, _ := strings.Cut(a.Host(), ".")
	var pod corev1.Pod
	if c.client.Get(ctx, client.ObjectKey{Namespace: namespaceOf(a), Name: name}, &pod) != nil {
		return nil
	}
	mount := resources.AuthMountOf(pod.Spec)
	if mount.Secret == "" {
		return nil
	}
	var list corev1.ConfigMap
	cluster := strings.TrimSuffix(strings.Split(a.Host(), ".")[1], "-headless")
	_ = c.client.Get(ctx, client.ObjectKey{Namespace: namespaceOf(a), Name: cluster + "-members"}, &list)
	out := &report.Auth{Mode: cmp.Or(resources.ToldAuth(list.Data), "Required")}
	var secret corev1.Secret
	if err := c.client.Get(ctx, client.ObjectKey{Namespace: namespaceOf(a), Name: mount.Secret}, &secret); err != nil {
		out.Fault = err.Error()
	} else if fault := usable(mount.Secret, secret.Data); fault != nil {
		out.Fault = fault.text
	}
	return out
}

// guardedBy asks for auth with a Secret, or with what the operator makes.
func guardedBy(secret string) func(*v1alpha1.NamingCluster) {
	return func(c *v1alpha1.NamingCluster) {
		c.Spec.Auth = &v1alpha1.Auth{Mode: v1alpha1.AuthRequired, SecretName: secret}
	}
}

func TestAuthIsTurnedOnRotatedAndOff(t *testing.T) {
	f := ready(t)
	f.edit(guardedBy(""))
	f.reaches(v1alpha1.AuthReady, metav1.ConditionFalse, v1alpha1.ReasonSecretForbidden)
	f.told(v1alpha1.ReasonAuthNotReady)
	permitSecrets(t, f.cluster.Namespace)
	f.reaches(v1alpha1.AuthReady, metav1.ConditionTrue, v1alpha1.ReasonAuthApplied)
	f.settled()
	f.told(ReasonUsersMade)
	f.told(ReasonAuthModeChanged)
	if s := f.read().Status.Auth; s == nil || s.Mode != v1alpha1.AuthRequired || s.SecretName != "demo-auth" || s.AdminSecretName != "demo-admin" {
		t.Errorf("status.auth = %+v", s)
	}
	var admin corev1.Secret
	f.get("demo-admin", &admin)
	if admin.Type != corev1.SecretTypeBasicAuth || !metav1.IsControlledBy(&admin, f.cluster) || len(admin.Data["password"]) == 0 {
		t.Errorf("the Secret with the password is %s, owned by %v", admin.Type, admin.OwnerReferences)
	}
	replaced := len(nodes.replaced(f.cluster.Namespace))

	before := f.secret("demo-auth")
	f.annotate(v1alpha1.RotateSigningKeyAnnotation, "now")
	eventually(t, func() error {
		return differs(f.secret("demo-auth")[signingKeys], before[signingKeys])
	})
	if after := f.secret("demo-auth"); !bytes.HasSuffix(after[signingKeys], before[signingKeys]) || !bytes.Equal(after[usersKey], before[usersKey]) {
		t.Error("the key before is not kept, or the users are not")
	}
	f.settled()
	if now := len(nodes.replaced(f.cluster.Namespace)); now != replaced {
		t.Errorf("%d pods were replaced for a new key", now-replaced)
	}

	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Auth = nil })
	f.reaches(v1alpha1.AuthReady, metav1.ConditionTrue, v1alpha1.ReasonAuthDisabled)
	f.settled()
	for _, p := range f.pods() {
		if resources.AuthMountOf(p.Spec).Secret != "" {
			t.Errorf("%s still mounts users", p.Name)
		}
	}
	if broken := nodes.broken(f.cluster.Namespace); len(broken) > 0 {
		t.Error(broken)
	}
}

func differs(a, b []byte) error {
	if bytes.Equal(a, b) {
		return errors.New("it is the same")
	}
	return nil
}

func TestAGivenSecretWithUsersIsJudgedAndFollowed(t *testing.T) {
	f := ready(t)
	permitSecrets(t, f.cluster.Namespace)
	f.edit(guardedBy("theirs"))
	f.reaches(v1alpha1.AuthReady, metav1.ConditionFalse, v1alpha1.ReasonSecretNotFound)
	theirs := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.cluster.Namespace, Name: "theirs"},
		Data:       map[string][]byte{signingKeys: []byte("c2hvcnQ="), usersKey: []byte("alice:secret")},
	}
	if err := admin.Create(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	f.reaches(v1alpha1.AuthReady, metav1.ConditionFalse, v1alpha1.ReasonSecretInvalid)
	if replaced := nodes.replaced(f.cluster.Namespace); len(replaced) > 0 {
		t.Errorf("%v were replaced for a Secret that is no use", replaced)
	}
	theirs.Data[signingKeys] = []byte(strings.Repeat("A", 64))
	theirs.Data[usersKey] = []byte("alice:$2y$10$IklT1sNJU1tuBRcQKpKwHO.6K3VJb2BnhgCQOC55fOZDWj8jma3We")
	if err := admin.Update(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	f.annotate("example.org/mended", "yes") // nobody tells of Secrets
	f.reaches(v1alpha1.AuthReady, metav1.ConditionTrue, v1alpha1.ReasonAuthApplied)
	f.settled()
}

// TestANewClusterHasAuthFromTheStart: its pods never let everybody in.
func TestANewClusterHasAuthFromTheStart(t *testing.T) {
	namespace := newNamespace(t)
	permitSecrets(t, namespace)
	f := create(t, namespace, guardedBy(""))
	f.reaches(v1alpha1.AuthReady, metav1.ConditionTrue, v1alpha1.ReasonAuthApplied)
	if replaced := nodes.replaced(namespace); len(replaced) > 0 {
		t.Errorf("%v were replaced", replaced)
	}
}
