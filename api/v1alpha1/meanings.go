package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Meaning is what the type, status and reason of a condition together tell a
// user. The reference of conditions is made from these.
//
// +kubebuilder:object:generate=false
type Meaning struct {
	Type   string
	Status metav1.ConditionStatus
	Reason string
	Means  string
	Do     string // what to do about it; empty: nothing
}

// Questions has, for each condition type, the question that it answers.
var Questions = map[string]string{
	Ready: "Has the cluster its members, and does it serve clients? " +
		"It turns True when all members serve, and stays True while at most one of those that have served is missing: " +
		"members that are being added are told by AllReplicasReady and Progressing.",
	Available:         "Does at least one member serve clients?",
	AllReplicasReady:  "Does every wanted member serve clients?",
	MembershipCurrent: "Does every member that is ready run on the newest member list?",
	Converged:         "Do all members that are ready hold the same registry and settings?",
	TLSReady:          "Are certificates good, and do members insist on TLS as the spec asks?",
	AuthReady:         "Are users and keys good, and do members insist on rights as the spec asks?",
	Progressing:       "Is the operator changing the cluster, and what does it wait for?",
	Degraded: "Does something need attention although the operator goes on? " +
		"The reason is the gravest; the message has them all.",
	Reconciling: "For tools that follow kstatus: is the newest spec not reached yet?",
	Stalled:     "For tools that follow kstatus: will nothing happen until a human acts?",
	Paused:      "Does the operator only watch?",
}

const (
	asStalled = "As for Stalled."
	asPaused  = "As for Paused."
	lookAtPod = "`kubectl describe nmc` names the members and what they wait for; then `kubectl logs POD -c distro`."
)

// Meanings has a row for every condition that the operator writes, in order of
// ConditionTypes.
var Meanings = []Meaning{
	{Ready, metav1.ConditionTrue, ReasonClusterReady, "The cluster has its members and serves clients.", ""},
	{
		Ready, metav1.ConditionFalse, ReasonMembersNotReady, "More members are missing than the cluster tolerates.",
		lookAtPod,
	},
	{
		Ready, metav1.ConditionFalse, ReasonMemberLagging, "A new cluster's members do not all run on the newest list yet.",
		"Wait, or as for MembershipCurrent.",
	},
	{
		Ready, metav1.ConditionFalse, ReasonScaledToZero, "No members are wanted.",
		"Raise `spec.replicas` to have members.",
	},

	{Available, metav1.ConditionTrue, ReasonAtLeastOneMemberReady, "Clients are served.", ""},
	{Available, metav1.ConditionFalse, ReasonNoMemberReady, "Nobody serves clients.", lookAtPod},
	{
		Available, metav1.ConditionFalse, ReasonScaledToZero, "No members are wanted.",
		"Raise `spec.replicas` to have members.",
	},

	{AllReplicasReady, metav1.ConditionTrue, ReasonAllPodsAreReady, "Every wanted member serves clients.", ""},
	{AllReplicasReady, metav1.ConditionTrue, ReasonScaledToZero, "No members are wanted.", ""},
	{
		AllReplicasReady, metav1.ConditionFalse, ReasonNotAllPodsReady,
		"Some wanted members do not serve clients; the message names them.",
		lookAtPod,
	},
	{
		AllReplicasReady, metav1.ConditionFalse, ReasonMembersFenced, "All members are ready, but clients are kept from some.",
		"Take them out of the annotation `naming.distro.io/fenced-members`.",
	},

	{
		MembershipCurrent, metav1.ConditionTrue, ReasonListApplied, "Every member that is ready runs on the newest list.",
		"",
	},
	{
		MembershipCurrent, metav1.ConditionFalse, ReasonMemberLagging, "A member that is ready runs on an older list.",
		"It comes within seconds. If it stays: the message says whether the member refuses the list, and why.",
	},
	{
		MembershipCurrent, metav1.ConditionUnknown, ReasonMemberUnreachable,
		"A member that is ready did not answer the operator.",
		"As for Degraded, MemberUnreachable.",
	},
	{MembershipCurrent, metav1.ConditionUnknown, ReasonNoMemberReady, "There is nobody to ask.", ""},

	{
		Converged, metav1.ConditionTrue, ReasonDigestsMatch,
		"All members that are ready report the same digests, of their registry and of what is set by the API.", "",
	},
	{Converged, metav1.ConditionTrue, ReasonSingleMember, "One member is ready, and it agrees with itself.", ""},
	{
		Converged, metav1.ConditionFalse, ReasonDigestsDiffer,
		"Members report different digests of their registries, the same as at the look before; the message names the minority.",
		"If it lasts, as for Degraded, DivergedTooLong.",
	},
	{
		Converged, metav1.ConditionFalse, ReasonSettingsDiffer,
		"Members hold the same registry, but [what is set by the API](../explanation/settings.md) of services and instances is " +
			"not the same on all, as at the look before: they may answer other weights, metadata or health. " +
			"The message names the minority.",
		"Members tell each other within five seconds. If it lasts, `kubectl naming diff` says what it is; " +
			"as for Degraded, DivergedTooLong.",
	},
	{
		Converged, metav1.ConditionUnknown, ReasonRegistryChanging,
		"Registries change faster than members can be asked, so they were never seen to be equal for a quarter of a minute.",
		"Normal while many clients register. If it lasts, compare `naming_replication_lag_seconds` of the members.",
	},
	{
		Converged, metav1.ConditionUnknown, ReasonMemberUnreachable, "A member that is ready did not answer the operator.",
		"As for Degraded, MemberUnreachable.",
	},
	{Converged, metav1.ConditionUnknown, ReasonNoMemberReady, "There is nobody to ask.", ""},

	{TLSReady, metav1.ConditionTrue, ReasonTLSDisabled, "The spec asks for no TLS, and nobody has certificates.", ""},
	{TLSReady, metav1.ConditionTrue, ReasonTLSApplied, "Certificates are good, and members insist on TLS as the spec asks.", ""},
	{
		TLSReady, metav1.ConditionTrue, ReasonAuthorityRotating, "Certificates move from one authority of the operator to the next.",
		"Wait. The message says for whom; see [TLS](../how-to/tls.md#renewal-and-rotation).",
	},
	{
		TLSReady, metav1.ConditionTrue, ReasonCertificateExpiring, "A certificate that the operator does not renew expires soon.",
		"Renew it, or find out why who should has not; the message has the day.",
	},
	{
		TLSReady, metav1.ConditionFalse, ReasonMembersPlaintext, "TLS was turned on, and some members have no certificates yet.",
		"Wait for the rollout; what holds it up is in Progressing.",
	},
	{
		TLSReady, metav1.ConditionFalse, ReasonTLSSwitching, "Members do not all insist on TLS as the spec asks yet.",
		"Wait; the message names the members that have not followed.",
	},
	{
		TLSReady, metav1.ConditionFalse, ReasonSecretNotFound, "A Secret that the spec names does not exist.",
		"Create it, or correct the name.",
	},
	{
		TLSReady, metav1.ConditionFalse, ReasonSecretForbidden, "The operator may not use Secrets in this namespace.",
		"Run the command in the message; see [TLS](../how-to/tls.md#before-you-begin).",
	},
	{
		TLSReady, metav1.ConditionFalse, ReasonSecretKeyMissing, "A Secret lacks a key.",
		"Add the key that the message names.",
	},
	{
		TLSReady, metav1.ConditionFalse, ReasonCertificateInvalid,
		"A certificate or key cannot be read, or does not come from the authorities beside it.",
		"Replace it; the message has the cause.",
	},
	{
		TLSReady, metav1.ConditionFalse, ReasonKeyMismatch, "`tls.key` is not the key of `tls.crt`.",
		"Write both of one pair.",
	},
	{
		TLSReady, metav1.ConditionFalse, ReasonCertificateExpired, "A certificate has expired, or is not valid yet.",
		"Renew it, or correct the clock.",
	},
	{
		TLSReady, metav1.ConditionFalse, ReasonNamesNotCovered, "The certificate of the members is not good for all their names.",
		"Issue one for the names in the message.",
	},
	{
		TLSReady, metav1.ConditionFalse, ReasonCertificateRefused, "A member refuses what is mounted and goes on with what it had.",
		"As the message says.",
	},

	{AuthReady, metav1.ConditionTrue, ReasonAuthDisabled, "The spec asks for no auth: everybody may do everything.", ""},
	{
		AuthReady, metav1.ConditionTrue, ReasonAuthApplied,
		"Users and keys are good, and members insist on rights as the spec asks.", "",
	},
	{
		AuthReady, metav1.ConditionFalse, ReasonMembersOpen, "Auth was turned on, and some members have no users and keys yet.",
		"Wait for the rollout; what holds it up is in Progressing.",
	},
	{
		AuthReady, metav1.ConditionFalse, ReasonAuthSwitching, "Members do not all insist on rights as the spec asks yet.",
		"Wait; the message names the members that have not followed.",
	},
	{
		AuthReady, metav1.ConditionFalse, ReasonSecretNotFound, "The Secret that the spec names does not exist.",
		"Create it, or correct the name.",
	},
	{
		AuthReady, metav1.ConditionFalse, ReasonSecretForbidden, "The operator may not use Secrets in this namespace.",
		"Run the command in the message; see [Auth](../how-to/auth.md#before-you-begin).",
	},
	{
		AuthReady, metav1.ConditionFalse, ReasonSecretKeyMissing, "The Secret lacks a key.",
		"Add the key that the message names.",
	},
	{
		AuthReady, metav1.ConditionFalse, ReasonSecretInvalid,
		"Users, permissions or signing keys cannot be used. Members go on with those that they have.",
		"Correct the line that the message names.",
	},
	{
		AuthReady, metav1.ConditionFalse, ReasonSecretRefused, "A member refuses what is mounted and goes on with what it had.",
		"As the message says.",
	},

	{Progressing, metav1.ConditionTrue, ReasonScalingUp, "Members are being added.", ""},
	{
		Progressing, metav1.ConditionTrue, ReasonDraining, "A member is leaving and hands its clients over.",
		"It takes at most `spec.terminationGracePeriodSeconds`.",
	},
	{Progressing, metav1.ConditionTrue, ReasonRollingUpdate, "Members are being replaced one at a time.", ""},
	{
		Progressing, metav1.ConditionTrue, ReasonWaitingForMembers, "The next step waits until all members serve clients.",
		lookAtPod,
	},
	{
		Progressing, metav1.ConditionTrue, ReasonWaitingForConvergence,
		"The next step waits until all members hold the same registry and settings and run on the newest list.",
		"If it lasts, see Converged and MembershipCurrent. In an emergency: `naming.distro.io/skip-convergence-check: \"true\"`.",
	},
	{
		Progressing, metav1.ConditionTrue, ReasonSettling, "The next step waits until they have for `spec.minConvergedSeconds`.",
		"",
	},
	{
		Progressing, metav1.ConditionTrue, ReasonWaitingForStatefulSet,
		"The update strategy is OnDelete, and the StatefulSet has not taken up its newest shape.",
		"Wait a moment before you delete a pod: it may come back as it was. If it lasts, look at kube-controller-manager.",
	},
	{Progressing, metav1.ConditionFalse, ReasonIdle, "The cluster has the wanted shape.", ""},
	{
		Progressing, metav1.ConditionFalse, ReasonRolloutPaused, "No further member is replaced.",
		"Set `spec.updateStrategy.rollingUpdate.paused` to false to go on.",
	},
	{
		Progressing, metav1.ConditionFalse, ReasonPartitionReached,
		"All members are replaced but those that the partition keeps.",
		"Lower `spec.updateStrategy.rollingUpdate.partition` to go on.",
	},
	{
		Progressing, metav1.ConditionFalse, ReasonWaitingForDeletion,
		"The update strategy is OnDelete, and some members run an older template.",
		"Delete their pods, one at a time.",
	},
	{Progressing, metav1.ConditionFalse, ReasonPausedBySpec, asPaused, ""},
	{Progressing, metav1.ConditionFalse, ReasonPausedByAnnotation, asPaused, ""},
	{Progressing, metav1.ConditionFalse, ReasonForeignObject, asStalled, ""},
	{Progressing, metav1.ConditionFalse, ReasonInvalidSpec, asStalled, ""},

	{
		Degraded, metav1.ConditionTrue, ReasonRolloutStuck,
		"The member that was updated first cannot start; the others were left alone.",
		"Correct the spec as the message says; the stuck pod is replaced at once.",
	},
	{
		Degraded, metav1.ConditionTrue, ReasonMemberDown, "A member has no pod, cannot start or keeps failing.",
		"The message has the cause and what to do.",
	},
	{
		Degraded, metav1.ConditionTrue, ReasonPeersUnreachable, "Members that serve clients do not reach each other.",
		"Check the network between their pods, port 9849, and NetworkPolicies. `/v1/status` of each has the last error.",
	},
	{
		Degraded, metav1.ConditionTrue, ReasonMemberUnreachable,
		"A member that is ready has not answered the operator for a while. Clients may be served all the same.",
		"Look at its node and its log, and whether NetworkPolicies let the operator reach port 8080.",
	},
	{
		Degraded, metav1.ConditionTrue, ReasonDivergedTooLong,
		"Members have held different registries or settings for more than two minutes.",
		"Compare `/v1/status` of the members that the message names with the others': pending changes, last errors.",
	},
	{
		Degraded, metav1.ConditionTrue, ReasonMassLoss,
		"Services lost so many instances at once that members keep them listed, as unhealthy, for a minute.",
		"Look at what lies between clients and the members that the message names: nodes, networks, load balancers.",
	},
	{
		Degraded, metav1.ConditionTrue, ReasonTLSNotReady, "Something is wrong with certificates, or one expires soon.",
		"As for TLSReady.",
	},
	{
		Degraded, metav1.ConditionTrue, ReasonAuthNotReady, "Something is wrong with users or signing keys.",
		"As for AuthReady.",
	},
	{
		Degraded, metav1.ConditionTrue, ReasonInvalidAnnotation,
		"An annotation that steers the operator cannot be understood and changes nothing.",
		"Correct it as the message says.",
	},
	{
		Degraded, metav1.ConditionTrue, ReasonConvergenceCheckSkipped, "Members are replaced and removed without having agreed.",
		"Remove the annotation `naming.distro.io/skip-convergence-check` when the emergency is over.",
	},
	{Degraded, metav1.ConditionFalse, ReasonHealthy, "Nothing needs attention.", ""},

	{Reconciling, metav1.ConditionTrue, ReasonScalingUp, "As for Progressing.", ""},
	{Reconciling, metav1.ConditionTrue, ReasonDraining, "As for Progressing.", ""},
	{Reconciling, metav1.ConditionTrue, ReasonRollingUpdate, "As for Progressing.", ""},
	{Reconciling, metav1.ConditionTrue, ReasonWaitingForMembers, "As for Progressing.", ""},
	{Reconciling, metav1.ConditionTrue, ReasonWaitingForConvergence, "As for Progressing.", ""},
	{Reconciling, metav1.ConditionTrue, ReasonSettling, "As for Progressing.", ""},
	{Reconciling, metav1.ConditionTrue, ReasonWaitingForStatefulSet, "As for Progressing.", ""},
	{
		Reconciling, metav1.ConditionTrue, ReasonApplyFailed, "A child object could not be written; the operator tries again.",
		"If it lasts, the message says what the API server answered.",
	},
	{
		Reconciling, metav1.ConditionFalse, ReasonUpToDate, "The newest spec is reached, as far as users have not held it back.",
		"",
	},
	{Reconciling, metav1.ConditionFalse, ReasonPausedBySpec, asPaused, ""},
	{Reconciling, metav1.ConditionFalse, ReasonPausedByAnnotation, asPaused, ""},
	{Reconciling, metav1.ConditionFalse, ReasonForeignObject, asStalled, ""},
	{Reconciling, metav1.ConditionFalse, ReasonInvalidSpec, asStalled, ""},

	{
		Stalled, metav1.ConditionTrue, ReasonForeignObject,
		"An object with the name of a child belongs to somebody else and is left alone.",
		"Remove or rename that object, or give the cluster another name.",
	},
	{
		Stalled, metav1.ConditionTrue, ReasonInvalidSpec, "The API server refused a child made from this spec.",
		"Correct the spec; the message has the API server's words.",
	},
	{Stalled, metav1.ConditionFalse, ReasonProceeding, "Nothing needs a human.", ""},

	{
		Paused, metav1.ConditionTrue, ReasonPausedBySpec, "`spec.paused` is true: nothing is changed, status is reported.",
		"Set it to false to go on.",
	},
	{
		Paused, metav1.ConditionTrue, ReasonPausedByAnnotation,
		"The annotation `naming.distro.io/pause-reconciliation` is \"true\": nothing is changed, status is reported.",
		"Remove it to go on.",
	},
	{Paused, metav1.ConditionFalse, ReasonNotPaused, "The operator acts.", ""},
}
