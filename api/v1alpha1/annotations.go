package v1alpha1

// Annotations of a NamingCluster by which users steer the operator. A value
// that is not understood changes nothing and shows as Degraded, InvalidAnnotation.
const (
	// PauseAnnotation "true" stops the operator as spec.paused does.
	PauseAnnotation = "naming.distro.io/pause-reconciliation"

	// SkipCheckAnnotation "true" lets members be replaced and removed although
	// they do not hold the same registry. For emergencies: what only the
	// replaced member holds is lost until its clients register again.
	SkipCheckAnnotation = "naming.distro.io/skip-convergence-check"

	// FencedAnnotation names the members that clients are kept from, as a JSON
	// list of pods: ["demo-1"], or ["*"] for all. They stay members.
	FencedAnnotation = "naming.distro.io/fenced-members"

	// RotateCertificatesAnnotation asks, by a new value, for new certificates
	// where the operator makes them. No member restarts.
	RotateCertificatesAnnotation = "naming.distro.io/rotate-certificates"

	// RotateAuthorityAnnotation asks, by a new value, for a new authority and
	// certificates by it. The old one is trusted until nobody needs it.
	RotateAuthorityAnnotation = "naming.distro.io/rotate-authority"

	// RotateSigningKeyAnnotation makes a new signing key where the operator makes them, whenever
	// it gets another value. The one before is still accepted.
	RotateSigningKeyAnnotation = "naming.distro.io/rotate-signing-key"

	// RestartedAnnotation is copied to the pods, so that a new value restarts
	// them one after another.
	RestartedAnnotation = "kubectl.kubernetes.io/restartedAt"
)
