package v1alpha1

// Condition types. Every one is present after the first pass and each carries
// the generation of the spec that it is about.
const (
	// Ready sums up: the cluster has its members and serves clients. It turns
	// True when all members serve, and stays True while at most one of those that
	// have served is missing.
	Ready = "Ready"
	// Available says whether at least one member serves clients.
	Available = "Available"
	// AllReplicasReady says whether every wanted member serves clients.
	AllReplicasReady = "AllReplicasReady"
	// MembershipCurrent says whether every serving member runs on the newest member list.
	MembershipCurrent = "MembershipCurrent"
	// Converged says whether all serving members hold the same registry and settings.
	Converged = "Converged"
	// TLSReady says whether certificates are good and members insist on TLS as the spec asks.
	TLSReady = "TLSReady"
	// AuthReady says whether users and keys are good and members insist on rights as the spec asks.
	AuthReady = "AuthReady"
	// Progressing says whether the operator is changing the cluster, and what it waits for.
	Progressing = "Progressing"
	// Degraded says whether something needs attention although the operator goes on.
	Degraded = "Degraded"
	// Reconciling says, for tools that follow kstatus, that the newest spec is not reached yet.
	Reconciling = "Reconciling"
	// Stalled says, for tools that follow kstatus, that nothing will happen until a human acts.
	Stalled = "Stalled"
	// Paused says whether the operator only watches.
	Paused = "Paused"
)

// ConditionTypes lists every condition type that the operator sets, in order.
var ConditionTypes = []string{
	Ready, Available, AllReplicasReady, MembershipCurrent, Converged, TLSReady, AuthReady,
	Progressing, Degraded, Reconciling, Stalled, Paused,
}

// Reasons that several conditions use.
const (
	// ReasonFirstSeen: the object is new; nothing has been looked at yet.
	ReasonFirstSeen = "FirstSeen"
	// ReasonScaledToZero: no members are wanted, so none serve.
	ReasonScaledToZero = "ScaledToZero"
	// ReasonMemberUnreachable: a serving member did not answer the operator, so its state is unknown.
	ReasonMemberUnreachable = "MemberUnreachable"
	// ReasonNoMemberReady: no member serves clients.
	ReasonNoMemberReady = "NoMemberReady"
)

// Reasons of Ready, Available and AllReplicasReady.
const (
	// ReasonClusterReady: the cluster has its members and serves clients.
	ReasonClusterReady = "ClusterReady"
	// ReasonMembersNotReady: more members are missing than the cluster tolerates.
	ReasonMembersNotReady = "MembersNotReady"
	// ReasonAtLeastOneMemberReady: clients are served.
	ReasonAtLeastOneMemberReady = "AtLeastOneMemberReady"
	// ReasonAllPodsAreReady: every wanted member serves clients.
	ReasonAllPodsAreReady = "AllPodsAreReady"
	// ReasonNotAllPodsReady: some wanted members do not serve clients.
	ReasonNotAllPodsReady = "NotAllPodsReady"
	// ReasonMembersFenced: all wanted members are ready, but an annotation keeps clients from some.
	ReasonMembersFenced = "MembersFenced"
)

// Reasons of MembershipCurrent and Converged.
const (
	// ReasonListApplied: every serving member runs on the newest member list.
	ReasonListApplied = "ListApplied"
	// ReasonMemberLagging: a serving member still runs on an older member list.
	ReasonMemberLagging = "MemberLagging"
	// ReasonDigestsMatch: all serving members report the same digests.
	ReasonDigestsMatch = "DigestsMatch"
	// ReasonRegistryChanging: registries change so fast that members asked one after the other are never seen to be equal.
	ReasonRegistryChanging = "RegistryChanging"
	// ReasonDigestsDiffer: serving members report different digests, the same as at the last look; the message names the minority.
	ReasonDigestsDiffer = "DigestsDiffer"
	// ReasonSettingsDiffer: serving members report the same registry, but different settings of services and instances, the
	// same as at the last look; the message names the minority.
	ReasonSettingsDiffer = "SettingsDiffer"
	// ReasonSingleMember: one member serves, and it agrees with itself.
	ReasonSingleMember = "SingleMember"
)

// Reasons of TLSReady.
const (
	// ReasonTLSDisabled: the spec asks for no TLS, and nobody has certificates.
	ReasonTLSDisabled = "TLSDisabled"
	// ReasonTLSApplied: certificates are good, and members insist on TLS as the spec asks.
	ReasonTLSApplied = "TLSApplied"
	// ReasonAuthorityRotating: certificates move from one authority of the operator to the next.
	ReasonAuthorityRotating = "AuthorityRotating"
	// ReasonCertificateExpiring: a certificate that the operator does not renew expires soon.
	ReasonCertificateExpiring = "CertificateExpiring"
	// ReasonMembersPlaintext: some members have no certificates yet.
	ReasonMembersPlaintext = "MembersPlaintext"
	// ReasonTLSSwitching: members do not all insist on TLS as the spec asks yet.
	ReasonTLSSwitching = "TLSSwitching"
	// ReasonSecretNotFound: a Secret does not exist.
	ReasonSecretNotFound = "SecretNotFound"
	// ReasonSecretForbidden: the operator may not read or write Secrets in this namespace.
	ReasonSecretForbidden = "SecretForbidden"
	// ReasonSecretKeyMissing: a Secret lacks a key.
	ReasonSecretKeyMissing = "SecretKeyMissing"
	// ReasonCertificateInvalid: a certificate or key in a Secret cannot be used.
	ReasonCertificateInvalid = "CertificateInvalid"
	// ReasonKeyMismatch: the key in a Secret is not that of the certificate.
	ReasonKeyMismatch = "KeyMismatch"
	// ReasonCertificateExpired: a certificate is not valid now.
	ReasonCertificateExpired = "CertificateExpired"
	// ReasonNamesNotCovered: the certificate of the members is not good for the names of all of them.
	ReasonNamesNotCovered = "NamesNotCovered"
	// ReasonCertificateRefused: a member refuses what is mounted.
	ReasonCertificateRefused = "CertificateRefused"
)

// Reasons of AuthReady, beside those of TLSReady about Secrets.
const (
	// ReasonAuthDisabled: the spec asks for no auth, and nobody has users.
	ReasonAuthDisabled = "AuthDisabled"
	// ReasonAuthApplied: users and keys are good, and members insist on rights as the spec asks.
	ReasonAuthApplied = "AuthApplied"
	// ReasonMembersOpen: some members have no users and keys yet, and let everybody do everything.
	ReasonMembersOpen = "MembersOpen"
	// ReasonAuthSwitching: members do not all insist on rights as the spec asks yet.
	ReasonAuthSwitching = "AuthSwitching"
	// ReasonSecretInvalid: users, permissions or keys in a Secret cannot be used.
	ReasonSecretInvalid = "SecretInvalid"
	// ReasonSecretRefused: a member refuses what is mounted.
	ReasonSecretRefused = "SecretRefused"
)

// Reasons of Progressing; they say what the operator does or waits for.
const (
	// ReasonIdle: the cluster has the wanted shape.
	ReasonIdle = "Idle"
	// ReasonScalingUp: members are being added.
	ReasonScalingUp = "ScalingUp"
	// ReasonDraining: a member is leaving and hands its clients over.
	ReasonDraining = "Draining"
	// ReasonRollingUpdate: one member is being replaced by one with the newest template.
	ReasonRollingUpdate = "RollingUpdate"
	// ReasonWaitingForMembers: the next step waits until all members serve clients.
	ReasonWaitingForMembers = "WaitingForMembers"
	// ReasonWaitingForConvergence: the next step waits until all members hold the same registry and settings.
	ReasonWaitingForConvergence = "WaitingForConvergence"
	// ReasonSettling: the next step waits until all members have held the same for spec.minConvergedSeconds.
	ReasonSettling = "Settling"
	// ReasonRolloutPaused: spec.updateStrategy.rollingUpdate.paused holds the next member back.
	ReasonRolloutPaused = "RolloutPaused"
	// ReasonPartitionReached: all members are replaced but those that spec.updateStrategy.rollingUpdate.partition keeps.
	ReasonPartitionReached = "PartitionReached"
	// ReasonWaitingForStatefulSet: the update strategy is OnDelete, and the StatefulSet has not taken up its newest shape yet.
	ReasonWaitingForStatefulSet = "WaitingForStatefulSet"
	// ReasonWaitingForDeletion: members are replaced when a user deletes their pods, since the update strategy is OnDelete.
	ReasonWaitingForDeletion = "WaitingForDeletion"
)

// Reasons of Degraded.
const (
	// ReasonHealthy: nothing needs attention.
	ReasonHealthy = "Healthy"
	// ReasonMemberDown: a member cannot start or keeps failing; the message has the cause.
	ReasonMemberDown = "MemberDown"
	// ReasonRolloutStuck: the member that was updated first cannot start; the others were left alone.
	ReasonRolloutStuck = "RolloutStuck"
	// ReasonDivergedTooLong: members have held different registries or settings for more than two minutes.
	ReasonDivergedTooLong = "DivergedTooLong"
	// ReasonMassLoss: a member holds instances of services that lost many at once, as unhealthy.
	ReasonMassLoss = "MassLoss"
	// ReasonPeersUnreachable: members that serve clients cannot reach each other.
	ReasonPeersUnreachable = "PeersUnreachable"
	// ReasonTLSNotReady: something is wrong with certificates; TLSReady has the cause.
	ReasonTLSNotReady = "TLSNotReady"
	// ReasonAuthNotReady: something is wrong with users or keys; AuthReady has the cause.
	ReasonAuthNotReady = "AuthNotReady"
	// ReasonInvalidAnnotation: an annotation that users steer the operator with cannot be understood and changes nothing.
	ReasonInvalidAnnotation = "InvalidAnnotation"
	// ReasonConvergenceCheckSkipped: an annotation lets members be replaced and removed without having agreed.
	ReasonConvergenceCheckSkipped = "ConvergenceCheckSkipped"
)

// Reasons of Reconciling, Stalled and Paused.
const (
	// ReasonUpToDate: the newest spec is reached.
	ReasonUpToDate = "UpToDate"
	// ReasonApplyFailed: a child object could not be written; the operator tries again.
	ReasonApplyFailed = "ApplyFailed"
	// ReasonForeignObject: an object with the name of a child belongs to somebody else and is left alone.
	ReasonForeignObject = "ForeignObject"
	// ReasonInvalidSpec: the API server refused a child object made from this spec.
	ReasonInvalidSpec = "InvalidSpec"
	// ReasonProceeding: nothing needs a human.
	ReasonProceeding = "Proceeding"
	// ReasonPausedBySpec: spec.paused is true.
	ReasonPausedBySpec = "PausedBySpec"
	// ReasonPausedByAnnotation: the annotation naming.distro.io/pause-reconciliation is "true".
	ReasonPausedByAnnotation = "PausedByAnnotation"
	// ReasonNotPaused: the operator acts.
	ReasonNotPaused = "NotPaused"
)
