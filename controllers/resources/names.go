// Package resources says which objects a NamingCluster consists of. It is
// pure: a cluster and a plan in, objects out, each of them complete and with
// exactly the fields that the operator owns. Nothing here reads the API, the
// clock or what exists already.
package resources

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/sidecar/member"
)

// Labels and annotations that the operator sets.
const (
	prefix = "naming.distro.io/"

	// ClusterLabel is on every child and pod; its value is the cluster's name.
	// Pods are selected by it alone, so it never changes.
	ClusterLabel = prefix + "cluster"

	// FencedLabel is on every pod: "false", or "true" while clients are kept from
	// it. The client Service asks for the first.
	FencedLabel = prefix + "fenced"

	// ShapeAnnotation is on every child: a hash of what was applied, so that a
	// field that is no longer wanted is noticed.
	ShapeAnnotation = prefix + "shape"
	// TemplateAnnotation is on the StatefulSet: a hash of its pod template.
	TemplateAnnotation = prefix + "template"

	// MembersGenerationAnnotation and MembersHashAnnotation are put on pods after
	// the member list changed: a pod that changes makes the kubelet refresh its
	// volumes at once instead of after a minute.
	MembersGenerationAnnotation = prefix + "members-generation"
	MembersHashAnnotation       = prefix + "members-hash"

	// TLSHashAnnotation is put on pods for the same reason, after certificates
	// changed, or how members insist on them.
	TLSHashAnnotation = prefix + "tls-hash"

	// AskedAnnotation is on Secrets that the operator makes: the last request to
	// rotate that they follow.
	AskedAnnotation = prefix + "rotated"

	managedBy = "naming-operator"
)

// Ports of a member. The gRPC ports are the HTTP port plus 1000 and 1001, as
// every Nacos client and server computes them.
const (
	HTTPPort    int32 = member.DefaultPort
	GRPCPort    int32 = HTTPPort + member.SDKOffset
	ClusterPort int32 = HTTPPort + member.ClusterOffset
	AdminPort   int32 = 8080
	ConsolePort int32 = 8081
)

// HeadlessName is the name of the Service that gives members their DNS names.
func HeadlessName(c *v1alpha1.NamingCluster) string { return c.Name + "-headless" }

// MembersName is the name of the ConfigMap that holds the member list.
func MembersName(c *v1alpha1.NamingCluster) string { return c.Name + "-members" }

// PodName is the name of the pod with ordinal o.
func PodName(c *v1alpha1.NamingCluster, o int32) string { return fmt.Sprintf("%s-%d", c.Name, o) }

// Ordinal is the inverse of PodName; ok is false for any other name.
func Ordinal(c *v1alpha1.NamingCluster, pod string) (o int32, ok bool) {
	digits, ok := strings.CutPrefix(pod, c.Name+"-")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	return int32(n), err == nil && n >= 0 && strconv.FormatInt(n, 10) == digits
}

// Address is the identity of the member with ordinal o.
func Address(c *v1alpha1.NamingCluster, o int32) member.Address {
	return member.Address(fmt.Sprintf("%s.%s:%d", PodName(c, o), headlessHost(c), HTTPPort))
}

// Endpoint is where clients reach the given port of the client Service.
func Endpoint(c *v1alpha1.NamingCluster, port int32) string {
	return fmt.Sprintf("%s.%s.svc:%d", c.Name, c.Namespace, port)
}

// Selector is what the pods of c are found by, in its string form.
func Selector(c *v1alpha1.NamingCluster) string { return ClusterLabel + "=" + c.Name }

// Replicas is the number of members that c wants.
func Replicas(c *v1alpha1.NamingCluster) int32 {
	if c.Spec.Replicas == nil {
		return 3
	}
	return *c.Spec.Replicas
}

func headlessHost(c *v1alpha1.NamingCluster) string {
	return HeadlessName(c) + "." + c.Namespace + ".svc"
}

func selector(c *v1alpha1.NamingCluster) map[string]string {
	return map[string]string{ClusterLabel: c.Name}
}

// admitted selects the pods that clients may use.
func admitted(c *v1alpha1.NamingCluster) map[string]string {
	return map[string]string{ClusterLabel: c.Name, FencedLabel: "false"}
}

func labels(c *v1alpha1.NamingCluster) map[string]string {
	return map[string]string{
		ClusterLabel:                   c.Name,
		"app.kubernetes.io/name":       "naming-cluster",
		"app.kubernetes.io/instance":   c.Name,
		"app.kubernetes.io/component":  "registry",
		"app.kubernetes.io/part-of":    "naming",
		"app.kubernetes.io/managed-by": managedBy,
	}
}

// labelsWith adds the user's labels; ours win.
func labelsWith(c *v1alpha1.NamingCluster, extra v1alpha1.Labels) map[string]string {
	out := make(map[string]string, len(extra))
	for k, v := range extra {
		out[k] = string(v)
	}
	maps.Copy(out, labels(c))
	return out
}

func controlledBy(c *v1alpha1.NamingCluster) *metav1ac.OwnerReferenceApplyConfiguration {
	return metav1ac.OwnerReference().
		WithAPIVersion(v1alpha1.SchemeGroupVersion.String()).
		WithKind("NamingCluster").
		WithName(c.Name).
		WithUID(c.UID).
		WithController(true)
}
