package controllers

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/sidecar/auth"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// policed is a cluster of three with users of the operator's making, as its spec
// wants.
func policed(t *testing.T) *scope {
	t.Helper()
	s := seen()
	s.children, s.secrets = map[string]client.Object{}, map[string]secretRead{}
	s.cluster.UID = "u"
	s.cluster.Spec.Auth = &v1alpha1.Auth{Mode: v1alpha1.AuthRequired}
	for range 2 { // with Permissive first
		s.decide(t)
		s.obey()
	}
	return s
}

// obey stores what is decided, and lets the set and all pods have and follow it.
func (s *scope) obey() {
	for _, made := range s.tls.secrets {
		s.give(made.Name, made.Data)
	}
	plan := s.tls.plan.Auth
	s.children["ConfigMap demo-members"] = &corev1.ConfigMap{
		ObjectMeta: s.owned("demo-members"), Data: map[string]string{resources.AuthPolicyKey: "auth=" + plan.Mode + "\n"},
	}
	var volumes []corev1.Volume
	if plan.Mount.Secret != "" {
		volumes = append(volumes, corev1.Volume{Name: "members-auth", VolumeSource: corev1.VolumeSource{
			Secret: &corev1.SecretVolumeSource{SecretName: plan.Mount.Secret},
		}})
	}
	s.set.Spec.Template.Spec.Volumes = volumes
	for _, p := range s.pods {
		p.Spec.Volumes = volumes
		p.Status.Phase, p.Status.PodIP = corev1.PodRunning, "10.0.0.1"
		said := s.reports[p.address]
		if said.Auth = nil; plan.Mount.Secret != "" {
			said.Auth = &report.Auth{Mode: plan.Mode}
		}
		s.reports[p.address] = said
	}
}

// theirs makes the spec name a Secret, which a test can damage.
func theirs(damage func(map[string][]byte)) func(*scope) {
	return func(s *scope) {
		data := s.secrets["demo-auth"].found.Data
		damage(data)
		s.give("theirs", data)
		s.cluster.Spec.Auth.SecretName = "theirs"
	}
}

// orders are changes of a policed cluster, and what AuthReady says of it.
var orders = map[string]struct {
	change func(*scope)
	status metav1.ConditionStatus
	reason string
	says   string
}{
	"everything is as wanted": {
		func(*scope) {}, metav1.ConditionTrue, v1alpha1.ReasonAuthApplied,
		"Required; users and keys are in Secret demo-auth, the password of admin in demo-admin",
	},
	"off": {
		func(s *scope) { s.cluster.Spec.Auth, s.tls = nil, certificates{}; s.obey() },
		metav1.ConditionTrue, v1alpha1.ReasonAuthDisabled, "everything",
	},
	"disabled": {
		func(s *scope) { s.cluster.Spec.Auth.Mode, s.tls = v1alpha1.AuthDisabled, certificates{}; s.obey() },
		metav1.ConditionTrue, v1alpha1.ReasonAuthDisabled, "everything",
	},
	"turned off": {
		func(s *scope) { s.cluster.Spec.Auth = nil }, metav1.ConditionFalse, v1alpha1.ReasonAuthSwitching, "taken from demo-0, demo-1, demo-2",
	},
	"one member has none": {
		func(s *scope) { s.pods[1].Spec.Volumes = nil }, metav1.ConditionFalse, v1alpha1.ReasonMembersOpen,
		"2 of 3 members have the users; not yet demo-1",
	},
	"one member does not follow": {
		func(s *scope) { s.reports[s.pods[2].address].Auth.Mode = "Permissive" },
		metav1.ConditionFalse, v1alpha1.ReasonAuthSwitching, "told Required, but not followed yet by demo-2",
	},
	"one member refuses": {
		func(s *scope) { s.reports[s.pods[0].address].Auth.Fault = "users, line 3: no" },
		metav1.ConditionFalse, v1alpha1.ReasonSecretRefused, "demo-0: users, line 3: no",
	},
	"a Secret that is not there": {
		func(s *scope) { s.cluster.Spec.Auth.SecretName = "none" }, metav1.ConditionFalse, v1alpha1.ReasonSecretNotFound, "Secret none does not exist",
	},
	"no rights": {
		func(s *scope) { s.secrets["demo-admin"] = secretRead{forbidden: permit("prod", refused.Error())} },
		metav1.ConditionFalse, v1alpha1.ReasonSecretForbidden, "--clusterrole=naming-operator-secrets",
	},
	"a Secret without keys": {
		theirs(func(d map[string][]byte) { delete(d, signingKeys) }), metav1.ConditionFalse, v1alpha1.ReasonSecretKeyMissing, "signing-keys is missing",
	},
	"a Secret with a short key": {
		theirs(func(d map[string][]byte) { d[signingKeys] = []byte("c2hvcnQ=") }), metav1.ConditionFalse, v1alpha1.ReasonSecretInvalid,
		"Secret theirs: signing-keys: line 1: it has fewer than 32 bytes",
	},
	"a Secret with Nacos's key": {
		theirs(func(d map[string][]byte) {
			d[signingKeys] = []byte("SecretKey012345678901234567890123456789012345678901234567890123456789")
		}), metav1.ConditionFalse, v1alpha1.ReasonSecretInvalid, "published in Nacos's own files",
	},
	"rights of nobody": {
		theirs(func(d map[string][]byte) { d[permissions] = []byte("bob * r") }), metav1.ConditionFalse, v1alpha1.ReasonSecretInvalid, `no user "bob"`,
	},
}

func TestAuthReady(t *testing.T) {
	for name, tc := range orders {
		t.Run(name, func(t *testing.T) {
			s := policed(t)
			tc.change(s)
			v := with(func(v *view) { v.auth = s.decide(t).auth.judgeAuth() })
			got := v.authReady()
			if got.Status != tc.status || got.Reason != tc.reason || !strings.Contains(got.Message, tc.says) {
				t.Errorf("AuthReady = %s, %s (%s), want %s, %s with %q", got.Status, got.Reason, got.Message, tc.status, tc.reason, tc.says)
			}
			note(t, got)
			if helpless := v.degraded().Reason != v1alpha1.ReasonAuthNotReady; v.auth.help == helpless {
				t.Errorf("Degraded = %s, want it to ask for help: %t", v.degraded().Reason, v.auth.help)
			}
			note(t, v.degraded())
		})
	}
}

// TestTheOperatorMakesUsersThatMembersTake logs the first user in.
func TestTheOperatorMakesUsersThatMembersTake(t *testing.T) {
	s := policed(t)
	files, admin := s.secrets["demo-auth"].found.Data, s.secrets["demo-admin"].found.Data
	all, err := auth.ParseUsers(string(files[usersKey]), string(files[permissions]))
	if err != nil {
		t.Fatal(err)
	}
	u, err := all.Check(string(admin[corev1.BasicAuthUsernameKey]), string(admin[corev1.BasicAuthPasswordKey]))
	if err != nil || !u.May(auth.Need{Right: auth.Admin}) {
		t.Errorf("the first user is %+v, %v", u, err)
	}
	if keys, err := auth.ParseKeys(string(files[signingKeys])); err != nil || len(keys) != 1 {
		t.Errorf("%d keys, %v", len(keys), err)
	}
	if n := len(admin[corev1.BasicAuthPasswordKey]); n != 32 {
		t.Errorf("the password has %d letters", n)
	}
	if got := s.tls.auth.authStatus(); got.SecretName != "demo-auth" || got.AdminSecretName != "demo-admin" || got.ReadyMembers != 3 {
		t.Errorf("status.auth = %+v", got)
	}
}

// decided is the data of what is to be written.
func decided(s *scope, name string) map[string][]byte {
	i := slices.IndexFunc(s.tls.secrets, func(m resources.Secret) bool { return m.Name == name })
	if i < 0 {
		return nil
	}
	return s.tls.secrets[i].Data
}

func TestWhatUsersWriteStays(t *testing.T) {
	s := policed(t)
	data := s.secrets["demo-auth"].found.Data
	was := bytes.Clone(data[usersKey])
	data[usersKey] = append(data[usersKey], was[bytes.IndexByte(was, ':'):]...)
	data[usersKey] = bytes.Replace(data[usersKey], []byte("\n:"), []byte("\nalice:"), 1)
	data[permissions] = append(data[permissions], "alice public rw"...) // without an end
	s.decide(t)
	if got := decided(s, "demo-auth"); !bytes.Equal(got[usersKey], data[usersKey]) || !bytes.Equal(got[permissions], data[permissions]) {
		t.Errorf("users become %s, permissions %s", got[usersKey], got[permissions])
	}
}

func TestALostPasswordIsMadeAnew(t *testing.T) {
	for _, lost := range []string{"demo-admin", "demo-auth"} {
		s := policed(t)
		before := s.secrets["demo-admin"].found.Data[corev1.BasicAuthPasswordKey]
		delete(s.secrets, lost)
		s.decide(t)
		s.obey()
		files, admin := s.secrets["demo-auth"].found.Data, s.secrets["demo-admin"].found.Data
		all, err := auth.ParseUsers(string(files[usersKey]), string(files[permissions]))
		if err != nil {
			t.Fatal(err)
		}
		password := admin[corev1.BasicAuthPasswordKey]
		if _, err := all.Check(firstUser, string(password)); err != nil || len(all) != 1 {
			t.Errorf("without %s: %v, %d users", lost, err, len(all))
		}
		if bytes.Equal(password, before) != (lost == "demo-auth") {
			t.Errorf("without %s the password changed, or not", lost)
		}
	}
}

func TestANewKeyIsPutFirstAndTheOldOneStays(t *testing.T) {
	s := policed(t)
	key := func() text { return lines(s.secrets["demo-auth"].found.Data[signingKeys]) }
	first := key()
	for i, asked := range []string{"now", "later"} {
		before := key()
		s.cluster.Annotations = map[string]string{v1alpha1.RotateSigningKeyAnnotation: asked}
		s.decide(t)
		s.obey()
		s.secrets["demo-auth"].found.Annotations = map[string]string{resources.AskedAnnotation: asked}
		if after := key(); len(after) != 2 || after[0] == before[0] || after[1] != before[0] || i == 1 && slices.Contains(after, first[0]) {
			t.Errorf("asked %s: %d keys, of which the second is the one before: %t", asked, len(after), after[1] == before[0])
		}
		if s.decide(t); !bytes.Equal(decided(s, "demo-auth")[signingKeys], key().text()) {
			t.Error("another key is made without being asked for")
		}
		if s.tls.plan.Auth.Mode != "Required" {
			t.Errorf("members are told %s", s.tls.plan.Auth.Mode)
		}
	}
}

// TestAuthIsInsistedOnWhenAllHaveIt goes the way of a cluster that runs.
func TestAuthIsInsistedOnWhenAllHaveIt(t *testing.T) {
	s := policed(t)
	wanted := s.cluster.Spec.Auth
	s.cluster.Spec.Auth, s.tls = nil, certificates{}
	s.obey()
	delete(s.children, "ConfigMap demo-members")
	s.cluster.Spec.Auth = wanted
	if got := s.decide(t).plan.Auth; got.Mode != "Permissive" || got.Mount.Secret != "demo-auth" {
		t.Fatalf("at first: %+v", got)
	}
	s.obey()
	if got := s.decide(t).plan.Auth; got.Mode != "Required" {
		t.Errorf("when all have it: %+v", got)
	}
	s.obey()
	s.cluster.Spec.Auth = nil
	if got := s.decide(t).plan.Auth; got.Mode != "Permissive" || got.Mount.Secret != "demo-auth" {
		t.Errorf("on the way off: %+v", got)
	}
	s.obey()
	if got := s.decide(t).plan.Auth; got.Mount.Secret != "" {
		t.Errorf("when nobody insists: %+v", got)
	}
}

func TestAPausedClusterKeepsItsUsers(t *testing.T) {
	s := policed(t)
	s.cluster.Annotations = map[string]string{v1alpha1.RotateSigningKeyAnnotation: "now"}
	s.cluster.Spec.Paused = true
	s.wishes = wishesOf(s.cluster)
	if s.decide(t); len(s.tls.secrets) != 0 || s.tls.auth.judgeAuth().reason != v1alpha1.ReasonAuthApplied {
		t.Errorf("%d Secrets are to be written, verdict %+v", len(s.tls.secrets), s.tls.auth.judgeAuth())
	}
}

func TestPodsAreTouchedForNewUsers(t *testing.T) {
	s := policed(t)
	before := s.decide(t).hash
	if s.decide(t).hash != before || before == "" {
		t.Error("the hash changes by itself, or there is none")
	}
	data := s.secrets["demo-auth"].found.Data
	data[permissions] = append(data[permissions], "admin * r\n"...)
	if s.decide(t).hash == before {
		t.Error("pods are not told of another permission")
	}
}

// TestNoSecretIsTold looks at all that the operator says in public.
func TestNoSecretIsTold(t *testing.T) {
	s := policed(t)
	s.cluster.Spec.Auth.SecretName = ""
	key, err := draw(rand.Reader, keyBytes, base64.StdEncoding)
	if err != nil {
		t.Fatal(err)
	}
	s.secrets["demo-auth"].found.Data[usersKey] = []byte("alice:cleartext-password\n" + key + "\n")
	s.decide(t)
	said := s.tls.auth.judgeAuth().text + s.tls.hash
	for _, secret := range []string{"cleartext-password", key, string(s.secrets["demo-admin"].found.Data[corev1.BasicAuthPasswordKey])} {
		if strings.Contains(said, secret) {
			t.Errorf("it says %s", said)
		}
	}
	if !strings.Contains(said, "users, line") {
		t.Errorf("it says nothing of the fault: %s", said)
	}
}
