package resources

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// policed is a plan with users.
func policed(mode string) TLS {
	return TLS{Auth: Protection{Mount: Mount{Secret: "demo-auth"}, Mode: mode}}
}

func TestPodsMountUsersAndAreToldOfThemBesideTheList(t *testing.T) {
	c := readCluster(t, "testdata/minimal.in.yaml")
	for _, child := range All(c, Plan{DefaultImage: defaultImage, Replicas: 3, Members: steady(c).Members, TLS: policed("Permissive")}) {
		switch child.Kind {
		case "StatefulSet":
			spec := as[struct {
				Spec struct{ Template corev1.PodTemplateSpec }
			}](child.Object.Object).Spec.Template.Spec
			if got := AuthMountOf(spec); got.Secret != "demo-auth" {
				t.Errorf("pods mount %+v", got)
			}
			member := spec.InitContainers[0]
			for _, flag := range []string{"--auth=/etc/distro/members-auth", "--auth-policy=/etc/distro/members/auth-policy"} {
				if !slices.Contains(member.Args, flag) {
					t.Errorf("members are started with %v, without %s", member.Args, flag)
				}
			}
			if i := slices.IndexFunc(spec.Containers, func(c corev1.Container) bool {
				return slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == authVolume })
			}); i >= 0 {
				t.Error("users and keys are mounted beside the member too")
			}
		case "ConfigMap":
			data := as[corev1.ConfigMap](child.Object.Object).Data
			if got := ToldAuth(data); got != "Permissive" || data[PolicyKey] != "" {
				t.Errorf("pods are told %q by %q", got, data)
			}
		}
	}
}

func TestAnotherModeOfAuthReplacesNobody(t *testing.T) {
	c := readCluster(t, "testdata/minimal.in.yaml")
	hash := func(p TLS) string { return TemplateHash(c, defaultImage, p) }
	if hash(policed("Permissive")) != hash(policed("Required")) || hash(policed("Required")) == hash(TLS{}) {
		t.Error("the template has the mode, or has no users")
	}
	if TLSHash(policed("Permissive"), nil) == TLSHash(policed("Required"), nil) || ToldAuth(nil) != "" {
		t.Error("pods are not told of another mode")
	}
}
