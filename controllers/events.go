package controllers

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

// Reasons of events that are not reasons of conditions.
const (
	// ReasonRepaired: a child that somebody had changed or removed is as it should be again.
	ReasonRepaired = "Repaired"
	// ReasonRecovered: the cluster is no longer degraded.
	ReasonRecovered = "Recovered"
	// ReasonResumed: the operator acts again.
	ReasonResumed = "Resumed"
	// ReasonCertificateIssued: the operator has made a certificate.
	ReasonCertificateIssued = "CertificateIssued"
	// ReasonCertificateRenewed: the operator has made a certificate in place of another.
	ReasonCertificateRenewed = "CertificateRenewed"
	// ReasonAuthorityRotated: nobody needs the operator's old authority any more.
	ReasonAuthorityRotated = "AuthorityRotated"
	// ReasonTLSModeChanged: members are told to insist on TLS in another way.
	ReasonTLSModeChanged = "TLSModeChanged"
	// ReasonUsersMade: the operator has made users and keys, or a new one of them.
	ReasonUsersMade = "UsersMade"
	// ReasonAuthModeChanged: members are told to insist on rights in another way.
	ReasonAuthModeChanged = "AuthModeChanged"
	// ReasonFenced: clients are kept from a member, as an annotation asks.
	ReasonFenced = "Fenced"
	// ReasonUnfenced: clients may use a member again.
	ReasonUnfenced = "Unfenced"
)

// event is one thing that users are told.
type event struct {
	kind   string // corev1.EventTypeNormal or Warning
	reason string
	action string
	note   string
}

// tellTransitions emits an event for each change between two sets of conditions
// that a user would want to hear of.
func (r *Reconciler) tellTransitions(c *v1alpha1.NamingCluster, before, after []metav1.Condition) {
	r.tell(c, transitions(before, after)...)
}

func (r *Reconciler) tell(c *v1alpha1.NamingCluster, events ...event) {
	for _, e := range events {
		r.Events.Eventf(c, nil, e.kind, e.reason, e.action, "%s", e.note)
	}
}

// tellWritten emits the events of a child that has just been written; was is what
// had to be done about it.
func (r *Reconciler) tellWritten(s *scope, child resources.Child, was state) {
	switch child.Kind {
	case "Secret":
		r.tell(s.cluster, s.issued(child.Name)...)
	case "ConfigMap":
		r.tell(s.cluster, s.tls.switched()...)
	}
	if s.repairs(child, was) {
		r.tell(s.cluster, event{
			corev1.EventTypeWarning, ReasonRepaired, "Apply", child.String() + " had been changed or removed and is as it should be again",
		})
	}
}

// repairs reports whether others had changed or removed a child that was written. One
// that is missing may also be one that the spec has only come to ask for.
func (s *scope) repairs(child resources.Child, was state) bool {
	status := s.cluster.Status
	switch {
	case was != absent:
		return was == drifted
	case child.Kind == "Secret":
		return false // made anew, which is told as such
	case child.Kind == "NetworkPolicy" && status.ObservedGeneration != s.cluster.Generation:
		return false
	}
	return status.MembersGeneration > 0
}

// tellFence says what happened to the fence around a member.
func (r *Reconciler) tellFence(c *v1alpha1.NamingCluster, pod, fenced string) {
	reason, note := ReasonUnfenced, "clients may use %s again"
	if fenced == "true" {
		reason, note = ReasonFenced, "clients are kept from %s, which stays a member"
	}
	r.Events.Eventf(c, nil, corev1.EventTypeNormal, reason, "Fence", note, pod)
}

// news says what users are told when a condition turns True or no longer is.
// An empty kind is no event, an empty reason that of the condition.
type news struct {
	action                   string
	kindTrue                 string
	kindFalse, reasonIfFalse string
}

// tidings has the conditions whose turns are worth an event.
var tidings = map[string]news{
	v1alpha1.Ready:       {action: "Observe", kindTrue: corev1.EventTypeNormal, kindFalse: corev1.EventTypeWarning},
	v1alpha1.Progressing: {action: "Rollout", kindTrue: corev1.EventTypeNormal},
	v1alpha1.Degraded: {
		action: "Observe", kindTrue: corev1.EventTypeWarning, kindFalse: corev1.EventTypeNormal, reasonIfFalse: ReasonRecovered,
	},
	v1alpha1.Stalled: {action: "Apply", kindTrue: corev1.EventTypeWarning},
	v1alpha1.Paused: {
		action: "Pause", kindTrue: corev1.EventTypeNormal, kindFalse: corev1.EventTypeNormal, reasonIfFalse: ReasonResumed,
	},
}

// transitions lists the events between two sets of conditions, in a fixed
// order. Conditions that stay as they are give none.
func transitions(before, after []metav1.Condition) []event {
	var out []event
	for _, kind := range v1alpha1.ConditionTypes {
		was, is := meta.FindStatusCondition(before, kind), meta.FindStatusCondition(after, kind)
		if is == nil {
			continue
		}
		had, has, tell := isTrue(was), isTrue(is), tidings[kind]
		e := event{kind: tell.kindTrue, reason: is.Reason, action: tell.action, note: is.Message}
		if !has {
			e.kind, e.reason = tell.kindFalse, cmp.Or(tell.reasonIfFalse, is.Reason)
		}
		if e.kind != "" && (had != has || has && heldUp(was, is)) {
			out = append(out, e)
		}
	}
	return out
}

// heldUp reports whether a rollout has come to wait for members to agree. Its
// other steps are not news.
func heldUp(was, is *metav1.Condition) bool {
	return is.Reason == v1alpha1.ReasonWaitingForConvergence && was.Reason != is.Reason
}

func isTrue(c *metav1.Condition) bool { return c != nil && c.Status == metav1.ConditionTrue }
