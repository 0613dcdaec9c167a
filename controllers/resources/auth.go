package resources

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

const (
	authVolume = "members-auth"
	authFolder = "/etc/distro/" + authVolume
	authLine   = "auth="

	// AuthPolicyKey is the key, beside the member list, that says how members insist
	// on rights.
	AuthPolicyKey = "auth-policy"
)

// AuthName is the Secret with users and keys that the operator makes.
func AuthName(c *v1alpha1.NamingCluster) string { return made(c, "auth") }

// AdminName is the Secret with the name and the password of its first user.
func AdminName(c *v1alpha1.NamingCluster) string { return made(c, "admin") }

// AuthMountOf reads from a pod, or the template of pods, from where its users come.
func AuthMountOf(spec corev1.PodSpec) Mount {
	for _, v := range spec.Volumes {
		if v.Name == authVolume && v.Secret != nil {
			return Mount{Secret: v.Secret.SecretName}
		}
	}
	return Mount{}
}

// ToldAuth reads what pods have been told from the data of the member list.
func ToldAuth(data map[string]string) string {
	return strings.TrimSpace(strings.TrimPrefix(data[AuthPolicyKey], authLine))
}

// authVolumes is a folder, which the kubelet replaces as a whole. Permissions are a
// key that may be missing, so all keys are in it.
func (t TLS) authVolumes() []*corev1ac.VolumeApplyConfiguration {
	if t.Auth.Mount.Secret == "" {
		return nil
	}
	return []*corev1ac.VolumeApplyConfiguration{corev1ac.Volume().WithName(authVolume).WithSecret(
		corev1ac.SecretVolumeSource().WithSecretName(t.Auth.Mount.Secret).WithDefaultMode(0o444))}
}

// authorize gives the sidecar users and keys. What it is told is no part of the
// template, so that it changes without a restart.
func authorize(c *corev1ac.ContainerApplyConfiguration, auth Protection) {
	if auth.Mount.Secret == "" {
		return
	}
	c.WithArgs("--auth="+authFolder, "--auth-policy="+membersFolder+"/"+AuthPolicyKey).
		WithVolumeMounts(corev1ac.VolumeMount().WithName(authVolume).WithMountPath(authFolder).WithReadOnly(true))
}
