package resources

import (
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
