package resources

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

const (
	// SidecarName is the container that holds the registry.
	SidecarName = "distro"
	consoleName = "console"

	// userID is the one of distroless's nonroot user.
	userID int64 = 65532
)

// sidecar holds the registry. It is a native sidecar: it is ready before any
// main container starts and outlives them. Leaving begins in its preStop hook,
// since a main container that is slow to stop delays its SIGTERM.
func sidecar(c *v1alpha1.NamingCluster, image string) *corev1ac.ContainerApplyConfiguration {
	needs := sidecarResources(c)
	out := corev1ac.Container().
		WithName(SidecarName).
		WithImage(image).
		WithRestartPolicy(corev1.ContainerRestartPolicyAlways).
		WithArgs(
			"serve",
			"--member-list="+membersFolder+"/"+MembersKey,
			fmt.Sprintf("--address=$(POD_NAME).%s:%d", headlessHost(c), HTTPPort),
			"--headless-service="+headlessHost(c),
			fmt.Sprintf("--admin-address=:%d", AdminPort),
			fmt.Sprintf("--drain-timeout=%ds", gracePeriod(c)/3),
		).
		WithEnv(corev1ac.EnvVar().WithName("POD_NAME").WithValueFrom(corev1ac.EnvVarSource().
			WithFieldRef(corev1ac.ObjectFieldSelector().WithAPIVersion("v1").WithFieldPath("metadata.name")))).
		WithPorts(
			containerPort("http", HTTPPort),
			containerPort("grpc", GRPCPort),
			containerPort("cluster", ClusterPort),
			containerPort("admin", AdminPort),
		).
		WithResources(as[corev1ac.ResourceRequirementsApplyConfiguration](needs)).
		WithVolumeMounts(corev1ac.VolumeMount().WithName(membersVolume).WithMountPath(membersFolder).WithReadOnly(true)).
		WithLifecycle(corev1ac.Lifecycle().WithPreStop(corev1ac.LifecycleHandler().
			WithExec(corev1ac.ExecAction().WithCommand("/distro-sidecar", "drain")))).
		WithSecurityContext(locked().WithReadOnlyRootFilesystem(true).WithRunAsUser(userID).WithRunAsGroup(userID))
	if strict := c.Spec.StrictPeers; strict != nil && !*strict { // otherwise it is by itself, since it is given a headless Service
		out.WithArgs("--strict-peers=false")
	}
	if limit, ok := needs.Limits[corev1.ResourceMemory]; ok {
		// Collect garbage harder near the limit instead of being killed at it.
		out.WithEnv(corev1ac.EnvVar().WithName("GOMEMLIMIT").WithValue(strconv.FormatInt(limit.Value()/10*9, 10)))
	}
	if len(c.Spec.Limits) > 0 {
		out.WithArgs("--limits=" + written(c.Spec.Limits))
	}
	pullAs(out, c)
	return withProbes(out)
}

// written is limits as the sidecar reads them, in order of name.
func written(l v1alpha1.Limits) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(l)) {
		all = append(all, name+"="+string(l[name]))
	}
	return strings.Join(all, ",")
}

// withProbes lets main containers start when the registry is complete (five
// minutes at most), takes the member out of the client Service while it loads
// or drains, and restarts it when it hangs.
func withProbes(c *corev1ac.ContainerApplyConfiguration) *corev1ac.ContainerApplyConfiguration {
	return c.
		WithStartupProbe(probe("/readyz").WithPeriodSeconds(1).WithTimeoutSeconds(2).WithFailureThreshold(300)).
		WithReadinessProbe(probe("/readyz").WithPeriodSeconds(2).WithTimeoutSeconds(2).WithFailureThreshold(2)).
		WithLivenessProbe(probe("/livez").WithPeriodSeconds(10).WithTimeoutSeconds(5).WithFailureThreshold(3))
}

func probe(path string) *corev1ac.ProbeApplyConfiguration {
	return corev1ac.Probe().WithHTTPGet(corev1ac.HTTPGetAction().WithPath(path).WithPort(intstr.FromString("admin")))
}

// mainContainers are the user's, or the console if there are none: a pod needs
// at least one.
func mainContainers(c *v1alpha1.NamingCluster, image string) []*corev1ac.ContainerApplyConfiguration {
	if len(c.Spec.Template.Containers) == 0 {
		return []*corev1ac.ContainerApplyConfiguration{console(c, image)}
	}
	var out []*corev1ac.ContainerApplyConfiguration
	for _, wanted := range c.Spec.Template.Containers {
		main := as[corev1ac.ContainerApplyConfiguration](wanted)
		if main.SecurityContext == nil {
			main.WithSecurityContext(locked()) // what "restricted" namespaces ask for
		}
		out = append(out, main)
	}
	return out
}

func console(c *v1alpha1.NamingCluster, image string) *corev1ac.ContainerApplyConfiguration {
	out := corev1ac.Container().
		WithName(consoleName).
		WithImage(image).
		WithArgs("console", fmt.Sprintf("--listen=:%d", ConsolePort)).
		WithPorts(containerPort(consoleName, ConsolePort)).
		WithResources(corev1ac.ResourceRequirements().
			WithRequests(corev1.ResourceList{
				corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("32Mi"),
			}).
			WithLimits(corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")})).
		WithSecurityContext(locked().WithReadOnlyRootFilesystem(true).WithRunAsUser(userID).WithRunAsGroup(userID))
	pullAs(out, c)
	return out
}

// locked is the least that the restricted Pod Security Standard asks of a container.
func locked() *corev1ac.SecurityContextApplyConfiguration {
	return corev1ac.SecurityContext().
		WithAllowPrivilegeEscalation(false).
		WithCapabilities(corev1ac.Capabilities().WithDrop("ALL"))
}

func pullAs(out *corev1ac.ContainerApplyConfiguration, c *v1alpha1.NamingCluster) {
	if c.Spec.ImagePullPolicy != "" {
		out.WithImagePullPolicy(c.Spec.ImagePullPolicy)
	}
}

func containerPort(name string, port int32) *corev1ac.ContainerPortApplyConfiguration {
	return corev1ac.ContainerPort().WithName(name).WithContainerPort(port).WithProtocol(corev1.ProtocolTCP)
}

func sidecarResources(c *v1alpha1.NamingCluster) corev1.ResourceRequirements {
	if c.Spec.Resources != nil {
		return *c.Spec.Resources
	}
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("128Mi"),
		},
		Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("512Mi")},
	}
}
