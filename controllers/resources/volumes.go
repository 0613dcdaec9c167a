package resources

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

const (
	membersVolume = "members"
	membersFolder = "/etc/distro/members"
)

// volumes are the member list, certificates, and what the user's containers mount. The list
// is a folder, not a single file: the kubelet replaces folders atomically and
// never updates a file that is mounted by itself.
func volumes(c *v1alpha1.NamingCluster, tls TLS) []*corev1ac.VolumeApplyConfiguration {
	out := []*corev1ac.VolumeApplyConfiguration{
		corev1ac.Volume().
			WithName(membersVolume).
			WithConfigMap(corev1ac.ConfigMapVolumeSource().WithName(MembersName(c)).WithDefaultMode(0o444)),
	}
	out = append(out, tls.volumes()...)
	for _, v := range c.Spec.Template.Volumes {
		out = append(out, as[corev1ac.VolumeApplyConfiguration](v))
	}
	return out
}

// Loose names the user's volumes that no container uses.
func Loose(c *v1alpha1.NamingCluster) (out []string) {
	for _, v := range c.Spec.Template.Volumes {
		if !slices.ContainsFunc(c.Spec.Template.Containers, func(by corev1.Container) bool {
			return slices.ContainsFunc(by.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == v.Name }) ||
				slices.ContainsFunc(by.VolumeDevices, func(d corev1.VolumeDevice) bool { return d.Name == v.Name })
		}) {
			out = append(out, v.Name)
		}
	}
	return out
}
