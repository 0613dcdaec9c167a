package controllers

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/pki"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// certified is a cluster of three that has TLS of its own making everywhere, as
// its spec wants.
func certified(t *testing.T) *scope {
	t.Helper()
	s := seen()
	s.children, s.secrets = map[string]client.Object{}, map[string]secretRead{}
	s.cluster.UID = "u"
	s.cluster.Spec.TLS = &v1alpha1.TLS{
		Members: &v1alpha1.MembersTLS{Mode: v1alpha1.TLSRequired}, Clients: &v1alpha1.ClientsTLS{Mode: v1alpha1.TLSPermissive},
	}
	for range 2 { // with Permissive first
		s.decide(t)
		s.keep()
		s.mount()
	}
	return s
}

// decide takes the decision of a pass about certificates.
func (s *scope) decide(t *testing.T) certificates {
	t.Helper()
	if err := s.protect(rand.Reader, "cluster.local", noon); err != nil {
		t.Fatal(err)
	}
	return s.tls
}

// keep stores what is decided, as a pass does.
func (s *scope) keep() {
	for _, made := range s.tls.secrets {
		s.give(made.Name, made.Data)
	}
	s.children["ConfigMap demo-members"] = &corev1.ConfigMap{
		ObjectMeta: s.owned("demo-members"),
		Data:       map[string]string{resources.PolicyKey: "members=" + s.tls.plan.Members.Mode + "\nclients=" + s.tls.plan.Clients.Mode},
	}
}

func (s *scope) give(name string, data map[string][]byte) {
	s.secrets[name] = secretRead{found: &corev1.Secret{ObjectMeta: s.owned(name), Data: data}}
}

func (s *scope) owned(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, OwnerReferences: []metav1.OwnerReference{
		*metav1.NewControllerRef(s.cluster, v1alpha1.SchemeGroupVersion.WithKind("NamingCluster")),
	}}
}

// mount lets the set and all pods have, use and follow what is planned.
func (s *scope) mount() {
	var volumes []corev1.Volume
	if m := s.tls.plan.Members.Mount; m.Secret != "" {
		volumes = append(volumes, corev1.Volume{Name: "members-tls", VolumeSource: corev1.VolumeSource{
			Secret: &corev1.SecretVolumeSource{SecretName: m.Secret},
		}})
	}
	if m := s.tls.plan.Clients.Mount; m.Secret != "" {
		volumes = append(volumes, corev1.Volume{Name: "clients-tls", VolumeSource: corev1.VolumeSource{
			Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
				{Secret: &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: m.Secret}}},
			}},
		}})
	}
	s.set.Spec.Template.Spec.Volumes = volumes
	for _, p := range s.pods {
		p.Spec.Volumes = volumes
		p.Status.Phase, p.Status.PodIP = corev1.PodRunning, "10.0.0.1"
		s.shows(p, nil)
	}
}

// shows lets a member report what it mounts, with a change.
func (s *scope) shows(p pod, change func(*report.TLS)) {
	said := s.reports[p.address]
	said.TLS = &report.TLS{}
	if name := s.tls.plan.Members.Mount.Secret; name != "" {
		data := s.secrets[name].found.Data
		said.TLS.Members = &report.TLSUse{
			Mode: s.tls.plan.Members.Mode, Issuer: pki.Fingerprint(data[pki.CAKey]), NotAfter: new(pki.LifeOf(data[pki.CertKey]).Until),
		}
	}
	if name := s.tls.plan.Clients.Mount.Secret; name != "" {
		said.TLS.Clients = &report.TLSUse{
			Mode: s.tls.plan.Clients.Mode, NotAfter: new(pki.LifeOf(s.secrets[name].found.Data[pki.CertKey]).Until),
		}
	}
	if change != nil {
		change(said.TLS)
	}
	s.reports[p.address] = said
}

// given makes the spec name a Secret for members, which a test can damage.
func given(damage func(map[string][]byte)) func(*testing.T, *scope) {
	return func(_ *testing.T, s *scope) {
		data := s.secrets["demo-members-tls"].found.Data
		damage(data)
		s.give("theirs", data)
		s.cluster.Spec.TLS.Members.SecretName = "theirs"
	}
}

var refused = apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "demo-ca", nil)

// later gives members a certificate of somebody else that has the time left.
func later(left time.Duration) func(*testing.T, *scope) {
	return func(t *testing.T, s *scope) {
		t.Helper()
		made, err := pki.State{}.Next(rand.Reader, pki.Want{
			Name: "x", Members: resources.MemberNames(s.cluster, "cluster.local"),
		}, pki.Seen{}, noon.Add(left-pki.LeafLife))
		if err != nil {
			t.Fatal(err)
		}
		s.give("demo-members-tls", map[string][]byte{
			pki.CertKey: made.Members.Cert, pki.KeyKey: made.Members.Key, pki.CAKey: made.Members.Bundle,
		})
		given(func(map[string][]byte) {})(t, s)
	}
}

// verdicts are changes of a certified cluster, and what TLSReady says of it.
var verdicts = map[string]struct {
	change func(*testing.T, *scope)
	status metav1.ConditionStatus
	reason string
	says   string
}{
	"everything is as wanted": {func(*testing.T, *scope) {}, metav1.ConditionTrue, v1alpha1.ReasonTLSApplied, "members: Required"},
	"off": {
		func(t *testing.T, s *scope) {
			t.Helper()

			s.cluster.Spec.TLS, s.tls = nil, certificates{}
			s.mount()
		}, metav1.ConditionTrue, v1alpha1.ReasonTLSDisabled, "plaintext",
	},
	"a new authority": {
		func(t *testing.T, s *scope) {
			t.Helper()

			s.cluster.Annotations = map[string]string{v1alpha1.RotateAuthorityAnnotation: "now"}
		},
		metav1.ConditionTrue, v1alpha1.ReasonAuthorityRotating, "not trusted yet by demo-0, demo-1, demo-2",
	},
	"one without certificates": {
		func(t *testing.T, s *scope) {
			t.Helper()

			s.pods[1].Spec.Volumes, s.reports[s.pods[1].address] = nil, report.Report{}
		},
		metav1.ConditionFalse, v1alpha1.ReasonMembersPlaintext, "2 of 3 members use the certificates; not yet demo-1",
	},
	"one that has not followed": {
		func(t *testing.T, s *scope) {
			t.Helper()

			s.shows(s.pods[2], func(r *report.TLS) { r.Members.Mode = "Permissive" })
		},
		metav1.ConditionFalse, v1alpha1.ReasonTLSSwitching, "followed yet by demo-2",
	},
	"certificates are taken away": {
		func(t *testing.T, s *scope) {
			t.Helper()
			s.cluster.Spec.TLS = nil
		}, metav1.ConditionFalse, v1alpha1.ReasonTLSSwitching, "taken from demo-0",
	},
	"a Secret that is not there": {
		func(t *testing.T, s *scope) {
			t.Helper()
			s.cluster.Spec.TLS.Members.SecretName = "none"
		},
		metav1.ConditionFalse, v1alpha1.ReasonSecretNotFound, "Secret none does not exist: create it",
	},
	"a Secret that may not be read": {
		func(t *testing.T, s *scope) {
			t.Helper()

			s.secrets["demo-ca"] = secretRead{forbidden: permit("prod", refused.Error())}
		},
		metav1.ConditionFalse, v1alpha1.ReasonSecretForbidden,
		"kubectl --namespace prod create rolebinding naming-operator-secrets --clusterrole=naming-operator-secrets",
	},
	"a Secret without a key": {
		given(func(d map[string][]byte) { delete(d, pki.CAKey) }), metav1.ConditionFalse, v1alpha1.ReasonSecretKeyMissing, "ca.crt",
	},
	"a Secret with nonsense": {
		given(func(d map[string][]byte) { d[pki.CertKey] = []byte("x") }), metav1.ConditionFalse, v1alpha1.ReasonCertificateInvalid, "PEM",
	},
	"a Secret with the key of another": {
		func(t *testing.T, s *scope) {
			t.Helper()

			other := s.secrets["demo-clients-tls"].found.Data[pki.KeyKey]
			given(func(d map[string][]byte) { d[pki.KeyKey] = other })(t, s)
		}, metav1.ConditionFalse, v1alpha1.ReasonKeyMismatch, "Secret theirs",
	},
	"a certificate that is not for members": {
		func(t *testing.T, s *scope) {
			t.Helper()

			other := s.secrets["demo-clients-tls"].found.Data
			s.cluster.Spec.TLS.Members.SecretName = "theirs"
			s.cluster.Name = "else"
			s.give("theirs", other)
		}, metav1.ConditionFalse, v1alpha1.ReasonNamesNotCovered, "issue it for *.else-headless.prod.svc",
	},
	"a certificate that has expired": {later(-time.Hour), metav1.ConditionFalse, v1alpha1.ReasonCertificateExpired, "renew it"},
	"a certificate that expires soon": {
		func(t *testing.T, s *scope) {
			t.Helper()

			later(5*24*time.Hour)(t, s)
			for range 4 { // to Permissive, to the other certificates, and to Required
				s.decide(t)
				s.keep()
				s.mount()
			}
		},
		metav1.ConditionTrue, v1alpha1.ReasonCertificateExpiring, "Secret theirs expires at 2026-11-30",
	},
	"a member that refuses what it has": {
		func(t *testing.T, s *scope) {
			t.Helper()

			s.shows(s.pods[0], func(r *report.TLS) { r.Clients.Fault = "expired: renew it" })
		},
		metav1.ConditionFalse, v1alpha1.ReasonCertificateRefused, "demo-0: expired: renew it",
	},
}

func TestTLSReady(t *testing.T) {
	for name, tc := range verdicts {
		t.Run(name, func(t *testing.T) {
			s := certified(t)
			tc.change(t, s)
			v := with(func(v *view) { v.tls = s.decide(t).judge(noon) })
			got := v.tlsReady()
			if got.Status != tc.status || got.Reason != tc.reason || !strings.Contains(got.Message, tc.says) {
				t.Errorf("TLSReady = %s, %s (%s), want %s, %s with %q", got.Status, got.Reason, got.Message, tc.status, tc.reason, tc.says)
			}
			note(t, got)
			if helpless := v.degraded().Reason != v1alpha1.ReasonTLSNotReady; v.tls.help == helpless {
				t.Errorf("Degraded = %s, want it to ask for help: %t", v.degraded().Reason, v.tls.help)
			}
			note(t, v.degraded())
		})
	}
}

func TestWhoIsPermittedIsWhoWasRefused(t *testing.T) {
	for refusal, want := range map[string]string{
		`secrets "a" is forbidden: User "system:serviceaccount:ops:their-operator" cannot get resource "secrets"`: "ops:their-operator",
		`secrets "a" is forbidden`: "naming-system:naming-operator",
	} {
		if got := permit("prod", refusal); !strings.HasSuffix(got, "--serviceaccount="+want) {
			t.Errorf("command = %s, want it to be about %s", got, want)
		}
	}
}

func TestWhatPodsHaveToRead(t *testing.T) {
	s := certified(t)
	before := s.decide(t).hash
	if s.decide(t).hash != before {
		t.Error("the hash changes by itself")
	}
	tests := map[string]func(*scope){
		"a new certificate": func(s *scope) {
			s.cluster.Annotations = map[string]string{v1alpha1.RotateCertificatesAnnotation: "now"}
		},
		"another mode": func(s *scope) { s.cluster.Spec.TLS.Members.Mode = v1alpha1.TLSPermissive },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			s := certified(t)
			before := s.decide(t).hash
			change(s)
			if after := s.decide(t); after.hash == before {
				t.Error("pods are not told")
			} else if hash := resources.TemplateHash(s.cluster, "i", after.plan); hash != resources.TemplateHash(s.cluster, "i", certified(t).tls.plan) {
				t.Error("pods are replaced")
			}
		})
	}
}

func TestAPausedClusterKeepsItsCertificates(t *testing.T) {
	s := certified(t)
	s.cluster.Annotations = map[string]string{v1alpha1.RotateCertificatesAnnotation: "now"}
	s.cluster.Spec.Paused = true
	s.wishes = wishesOf(s.cluster)
	if got := s.decide(t); len(got.secrets) != 0 || got.judge(noon).reason != v1alpha1.ReasonTLSApplied {
		t.Errorf("%d Secrets are to be written, verdict %+v", len(got.secrets), got.judge(noon))
	}
}

func TestNamesFromOutsideAreInTheCertificate(t *testing.T) {
	s := certified(t)
	s.children["Service demo"] = &corev1.Service{ObjectMeta: s.owned("demo"), Status: corev1.ServiceStatus{
		LoadBalancer: corev1.LoadBalancerStatus{Ingress: []corev1.LoadBalancerIngress{{Hostname: "lb.example.org"}, {IP: "192.0.2.7"}}},
	}}
	data := s.decide(t).secrets[2].Data
	_, fault := pki.CheckMembers(data, []string{"lb.example.org", "192.0.2.7", "demo.prod.svc", "demo-4.demo-headless.prod.svc"}, noon)
	if fault != nil {
		t.Error(fault.Text)
	}
}

// A set that is not there is no reason to speak plaintext.
func TestANewClusterHasItsCertificatesFromTheStart(t *testing.T) {
	s := certified(t)
	s.set, s.pods, s.secrets = (*appsv1.StatefulSet)(nil), nil, map[string]secretRead{}
	got := s.decide(t)
	if got.plan.Members.Mode != "Required" || got.plan.Members.Mount.Secret != "demo-members-tls" || len(got.secrets) != 3 {
		t.Errorf("plan = %+v with %d Secrets", got.plan, len(got.secrets))
	}
}
