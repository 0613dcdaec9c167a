package resources

import (
	"bufio"
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

const (
	membersTLS = "members-tls" // volumes, and suffixes of Secrets
	clientsTLS = "clients-tls"

	tlsFolder = "/etc/distro/"

	// PolicyKey is the key, beside the member list, that says how members insist on TLS.
	PolicyKey = "tls-policy"

	certKey = "tls.crt"
	keyKey  = "tls.key"
	caKey   = "ca.crt"
)

// TLS is how the ports of members are protected now: by certificates and, in Auth, by users and keys.
type TLS struct{ Members, Clients, Auth Protection }

// Protection is that for one use.
type Protection struct {
	Mount Mount
	Mode  string // what pods are told: Permissive, Required or, while nobody has certificates, nothing
}

// Mount says from where the pods' certificates come.
type Mount struct {
	Secret string // with tls.crt and tls.key; empty: there are none
	CA     string // with ca.crt
}

// made is what the operator makes where a spec names no Secret.
func made(c *v1alpha1.NamingCluster, suffix string) string { return c.Name + "-" + suffix }

// AuthorityName is the Secret with the cluster's own authority.
func AuthorityName(c *v1alpha1.NamingCluster) string { return made(c, "ca") }

// MembersTLSName is the Secret with the certificate that the operator makes for members.
func MembersTLSName(c *v1alpha1.NamingCluster) string { return made(c, membersTLS) }

// ClientsTLSName is the Secret with the certificate that the operator makes for clients to see.
func ClientsTLSName(c *v1alpha1.NamingCluster) string { return made(c, clientsTLS) }

// MountsOf reads from a pod, or the template of pods, what it mounts.
func MountsOf(spec corev1.PodSpec) (members, clients Mount) {
	for _, v := range spec.Volumes {
		switch {
		case v.Name == membersTLS && v.Secret != nil:
			members = Mount{Secret: v.Secret.SecretName, CA: v.Secret.SecretName}
		case v.Name == clientsTLS && v.Projected != nil:
			for i, source := range v.Projected.Sources {
				switch {
				case source.Secret == nil:
				case i == 0:
					clients.Secret = source.Secret.Name
				default:
					clients.CA = source.Secret.Name
				}
			}
		}
	}
	return members, clients
}

// volumes are folders, which the kubelet replaces as a whole. Clients are asked
// for a certificate if theirs has ca.crt, so it has one only where that is wanted.
func (t TLS) volumes() (out []*corev1ac.VolumeApplyConfiguration) {
	if m := t.Members.Mount; m.Secret != "" {
		out = append(out, corev1ac.Volume().WithName(membersTLS).WithSecret(corev1ac.SecretVolumeSource().
			WithSecretName(m.Secret).WithDefaultMode(0o444).WithItems(items(certKey, keyKey, caKey)...)))
	}
	if m := t.Clients.Mount; m.Secret != "" {
		projected := corev1ac.ProjectedVolumeSource().WithDefaultMode(0o444).WithSources(projection(m.Secret, certKey, keyKey))
		if m.CA != "" {
			projected.WithSources(projection(m.CA, caKey))
		}
		out = append(out, corev1ac.Volume().WithName(clientsTLS).WithProjected(projected))
	}
	return append(out, t.authVolumes()...)
}

func projection(secret string, keys ...string) *corev1ac.VolumeProjectionApplyConfiguration {
	return corev1ac.VolumeProjection().WithSecret(corev1ac.SecretProjection().WithName(secret).WithItems(items(keys...)...))
}

func items(keys ...string) (out []*corev1ac.KeyToPathApplyConfiguration) {
	for _, key := range keys {
		out = append(out, corev1ac.KeyToPath().WithKey(key).WithPath(key))
	}
	return out
}

// protect gives the sidecar its certificates. What it is told is no part of the
// template, so that it changes without a restart.
func protect(c *corev1ac.ContainerApplyConfiguration, t TLS) *corev1ac.ContainerApplyConfiguration {
	for _, use := range []struct{ volume, secret string }{
		{membersTLS, t.Members.Mount.Secret}, {clientsTLS, t.Clients.Mount.Secret},
	} {
		if use.secret != "" {
			flag, _, _ := strings.Cut(use.volume, "-")
			c.WithArgs("--tls-" + flag + "=" + tlsFolder + use.volume).
				WithVolumeMounts(corev1ac.VolumeMount().WithName(use.volume).WithMountPath(tlsFolder + use.volume).WithReadOnly(true))
		}
	}
	authorize(c, t.Auth)
	if t.Members.Mount.Secret+t.Clients.Mount.Secret != "" {
		c.WithArgs("--tls-policy=" + membersFolder + "/" + PolicyKey)
	}
	return c
}

// policy is what pods are told; nothing where nobody has certificates.
func (t TLS) policy() map[string]string {
	var text strings.Builder
	if t.Members.Mode != "" {
		text.WriteString("members=" + t.Members.Mode + "\n")
	}
	if t.Clients.Mode != "" {
		text.WriteString("clients=" + t.Clients.Mode + "\n")
	}
	out := map[string]string{}
	if text.Len() > 0 {
		out[PolicyKey] = text.String()
	}
	if t.Auth.Mode != "" {
		out[AuthPolicyKey] = authLine + t.Auth.Mode + "\n"
	}
	return out
}

// Told reads what pods have been told from the data of the member list.
func Told(data map[string]string) (members, clients string) {
	lines := bufio.NewScanner(strings.NewReader(data[PolicyKey]))
	for lines.Scan() {
		use, mode, _ := strings.Cut(lines.Text(), "=")
		switch use {
		case "members":
			members = mode
		case "clients":
			clients = mode
		}
	}
	return members, clients
}

// TLSHash changes whenever pods have to read something anew; shown has what is
// public of the Secrets that they mount. It is empty while nobody has certificates.
func TLSHash(t TLS, shown []string) string {
	if t == (TLS{}) {
		return ""
	}
	if t.Auth.Mode != "" {
		shown = append(shown, t.Auth.Mode)
	}
	return hash(encode(append(shown, t.Members.Mode, t.Clients.Mode)))
}

// Secret is one that the operator makes.
type Secret struct {
	Name  string
	Data  map[string][]byte
	Asked string            // the last request to rotate that it follows
	Type  corev1.SecretType // default: TLS
}

func secret(c *v1alpha1.NamingCluster, s Secret) *corev1ac.SecretApplyConfiguration {
	out := corev1ac.Secret(s.Name, c.Namespace).
		WithLabels(labels(c)).
		WithOwnerReferences(controlledBy(c)).
		WithType(cmp.Or(s.Type, corev1.SecretTypeTLS)).
		WithData(s.Data)
	if s.Asked != "" {
		out.WithAnnotations(map[string]string{AskedAnnotation: s.Asked})
	}
	return out
}

// MemberNames are the names of all members: of those that are there, and of
// those to come.
func MemberNames(c *v1alpha1.NamingCluster, domain string) []string {
	return []string{"*." + headlessHost(c), "*." + headlessHost(c) + "." + domain, "localhost"}
}

// ClientNames are the names that clients may use: of the client Service, of single
// members, and of what leads to them from outside.
func ClientNames(c *v1alpha1.NamingCluster, domain string, outside []string) []string {
	host := c.Name + "." + c.Namespace
	names := append(MemberNames(c, domain), c.Name, host, host+".svc", host+".svc."+domain, "127.0.0.1")
	slices.Sort(outside)
	return append(names, slices.Compact(outside)...)
}
