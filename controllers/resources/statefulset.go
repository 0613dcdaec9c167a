package resources

import (
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// statefulSet gives every member its name and moves no pod by itself: which
// ordinals may change is the plan's partition. Pods start in parallel, since
// members load from each other in any order.
func statefulSet(c *v1alpha1.NamingCluster, p Plan) *appsv1ac.StatefulSetApplyConfiguration {
	template := podTemplate(c, p.DefaultImage, p.TLS)
	return appsv1ac.StatefulSet(c.Name, c.Namespace).
		WithLabels(labels(c)).
		WithAnnotations(map[string]string{TemplateAnnotation: hash(encode(template))}).
		WithOwnerReferences(controlledBy(c)).
		WithSpec(appsv1ac.StatefulSetSpec().
			WithReplicas(p.Replicas).
			WithServiceName(HeadlessName(c)).
			WithPodManagementPolicy(appsv1.ParallelPodManagement).
			WithRevisionHistoryLimit(5).
			WithUpdateStrategy(updateStrategy(c, p)).
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(selector(c))).
			WithTemplate(template))
}

// updateStrategy lets the set replace what the plan has opened, or what users delete.
func updateStrategy(c *v1alpha1.NamingCluster, p Plan) *appsv1ac.StatefulSetUpdateStrategyApplyConfiguration {
	if OnDelete(c) {
		return appsv1ac.StatefulSetUpdateStrategy().WithType(appsv1.OnDeleteStatefulSetStrategyType)
	}
	return appsv1ac.StatefulSetUpdateStrategy().
		WithType(appsv1.RollingUpdateStatefulSetStrategyType).
		WithRollingUpdate(appsv1ac.RollingUpdateStatefulSetStrategy().WithPartition(p.Partition))
}

// OnDelete reports whether users choose which members are replaced, by deleting their pods.
func OnDelete(c *v1alpha1.NamingCluster) bool {
	return c.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType
}

// TemplateHash is what the StatefulSet's TemplateAnnotation should say.
func TemplateHash(c *v1alpha1.NamingCluster, defaultImage string, tls TLS) string {
	return hash(encode(podTemplate(c, defaultImage, tls)))
}

func podTemplate(c *v1alpha1.NamingCluster, defaultImage string, tls TLS) *corev1ac.PodTemplateSpecApplyConfiguration {
	annotations := map[string]string{"kubectl.kubernetes.io/default-container": SidecarName}
	maps.Copy(annotations, c.Spec.Template.Metadata.Annotations)
	if at, ok := c.Annotations[v1alpha1.RestartedAnnotation]; ok {
		annotations[v1alpha1.RestartedAnnotation] = at
	}
	return corev1ac.PodTemplateSpec().
		WithLabels(labelsWith(c, c.Spec.Template.Metadata.Labels)).
		WithLabels(admitted(c)). // a new member needs nobody's leave to serve
		WithAnnotations(annotations).
		WithSpec(podSpec(c, defaultImage, tls))
}

func podSpec(c *v1alpha1.NamingCluster, defaultImage string, tls TLS) *corev1ac.PodSpecApplyConfiguration {
	image := c.Spec.Image
	if image == "" {
		image = defaultImage
	}
	spec := corev1ac.PodSpec().
		WithServiceAccountName(c.Name).
		WithAutomountServiceAccountToken(false).
		WithEnableServiceLinks(false).
		WithTerminationGracePeriodSeconds(gracePeriod(c)).
		WithSecurityContext(corev1ac.PodSecurityContext().
			WithRunAsNonRoot(true).
			WithSeccompProfile(corev1ac.SeccompProfile().WithType(corev1.SeccompProfileTypeRuntimeDefault))).
		WithInitContainers(protect(sidecar(c, image), tls)).
		WithContainers(mainContainers(c, image)...).
		WithVolumes(volumes(c, tls)...)
	for _, secret := range c.Spec.ImagePullSecrets {
		spec.WithImagePullSecrets(corev1ac.LocalObjectReference().WithName(secret.Name))
	}
	schedule(spec, c)
	return spec
}

// schedule places the pods: as the user says and, if nothing is said about
// spreading, on different nodes where possible.
func schedule(spec *corev1ac.PodSpecApplyConfiguration, c *v1alpha1.NamingCluster) {
	if c.Spec.Affinity != nil {
		spec.WithAffinity(as[corev1ac.AffinityApplyConfiguration](c.Spec.Affinity))
	}
	for _, t := range c.Spec.Tolerations {
		spec.WithTolerations(as[corev1ac.TolerationApplyConfiguration](t))
	}
	if len(c.Spec.NodeSelector) > 0 {
		spec.WithNodeSelector(c.Spec.NodeSelector)
	}
	if c.Spec.PriorityClassName != "" {
		spec.WithPriorityClassName(c.Spec.PriorityClassName)
	}
	ours := metav1ac.LabelSelector().WithMatchLabels(selector(c))
	for _, constraint := range c.Spec.TopologySpreadConstraints {
		spread := as[corev1ac.TopologySpreadConstraintApplyConfiguration](constraint)
		if spread.LabelSelector == nil {
			spread.WithLabelSelector(ours)
		}
		spec.WithTopologySpreadConstraints(spread)
	}
	if len(c.Spec.TopologySpreadConstraints) == 0 {
		spec.WithTopologySpreadConstraints(corev1ac.TopologySpreadConstraint().
			WithMaxSkew(1).
			WithTopologyKey(corev1.LabelHostname).
			WithWhenUnsatisfiable(corev1.ScheduleAnyway).
			WithLabelSelector(ours))
	}
}

func gracePeriod(c *v1alpha1.NamingCluster) int64 {
	if c.Spec.TerminationGracePeriodSeconds == nil {
		return 60
	}
	return *c.Spec.TerminationGracePeriodSeconds
}
