package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

// fatal are the reasons of waiting containers that time alone does not cure,
// and what does.
var fatal = map[string]string{
	"CrashLoopBackOff":           "see kubectl logs --previous",
	"ErrImagePull":               "correct the image, or let spec.imagePullSecrets name a Secret that may pull it",
	"ImagePullBackOff":           "correct the image, or let spec.imagePullSecrets name a Secret that may pull it",
	"InvalidImageName":           "correct the image",
	"ErrImageNeverPull":          "bring the image to the node, or change spec.imagePullPolicy",
	"CreateContainerConfigError": "create the Secret or ConfigMap that it refers to, or correct the reference",
	"CreateContainerError":       "correct the container",
	"RunContainerError":          "correct the container's command",
}

// telling are the reasons of events that explain why a pod cannot be made or
// does not start, and what to do about it. Others come and go with every start.
var telling = map[string]string{
	"FailedCreate":           "raise the quota or change what forbids it, or make the cluster smaller",
	"FailedMount":            "create the Secret, ConfigMap or claim that it names, or correct spec.auth, spec.tls or spec.template",
	"FailedAttachVolume":     "look at the volume's claim",
	"FailedCreatePodSandBox": "look at the node's network and runtime",
	noPullSecret:             "create that Secret in this namespace, or correct spec.imagePullSecrets",
}

// noPullSecret is the reason of the event that names a pull Secret that is not
// there. The image is asked for without it, so the container tells only that
// this was refused.
const noPullSecret = "FailedToRetrieveImagePullSecret"

// trouble says why p cannot serve, or "" if nothing is known to be wrong.
// answered: the member answers the operator; warning: what an event says of p.
func (p pod) trouble(now time.Time, answered bool, warning string) string {
	if !p.DeletionTimestamp.IsZero() || p.ready() {
		return ""
	}
	if c := p.condition(corev1.PodScheduled); c.Status == corev1.ConditionFalse {
		return "no node for it: " + c.Message + ": free or add nodes, or change spec.resources and what else chooses nodes"
	}
	for _, c := range p.containers() {
		if w := c.State.Waiting; w != nil && fatal[w.Reason] != "" {
			return fmt.Sprintf("container %s: %s: %s: %s", c.Name, w.Reason, w.Message, cure(c, warning))
		}
	}
	if warning != "" {
		return warning
	}
	if since := p.running(); !since.IsZero() && !answered && now.Sub(since) >= soon {
		return fmt.Sprintf("it runs but does not answer on port 8080: see kubectl get node %s and kubectl logs %s -c %s",
			p.Spec.NodeName, p.Name, resources.SidecarName)
	}
	if c := p.condition(corev1.PodReady); c.Status == corev1.ConditionFalse && now.Sub(c.LastTransitionTime.Time) >= patience {
		return "it has not served clients for more than two minutes: see kubectl describe pod " + p.Name
	}
	return ""
}

// cure says what to do about a container that waits for a fatal reason.
func cure(c corev1.ContainerStatus, warning string) string {
	advice := fatal[c.State.Waiting.Reason]
	ended := c.LastTerminationState.Terminated
	switch {
	case unpulled(c) && strings.HasPrefix(warning, noPullSecret):
		return warning
	case ended != nil && ended.Reason == "OOMKilled":
		return "it needed more memory than it may have: raise the limit in spec.resources"
	}
	return advice
}

// unpulled reports whether the image of c could not be pulled.
func unpulled(c corev1.ContainerStatus) bool {
	return c.State.Waiting != nil && fatal[c.State.Waiting.Reason] == fatal["ErrImagePull"]
}

// imageless reports whether p waits for an image that could not be pulled.
func (p pod) imageless() bool { return slices.ContainsFunc(p.containers(), unpulled) }

// containers are those that p has, the registry's first.
func (p pod) containers() []corev1.ContainerStatus {
	return slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses)
}

// ripening is how long it takes until the first member that shows nothing has
// had its time, or zero if there is none: then it is worth another look.
func (s *scope) ripening(now time.Time) (first time.Duration) {
	await := func(since time.Time, span time.Duration) {
		if left := span - now.Sub(since); left > 0 && (first == 0 || left < first) {
			first = left
		}
	}
	for _, m := range s.look(now) {
		if m.State == v1alpha1.MemberMissing {
			await(m.Since.Time, soon)
		}
		if m.State == v1alpha1.MemberSilent {
			await(m.Since.Time, unheard)
		}
	}
	for _, p := range s.pods {
		if since := p.running(); !since.IsZero() && !p.ready() {
			await(since, soon)
		} else if !p.ready() && p.condition(corev1.PodScheduled).Status == corev1.ConditionTrue {
			await(p.CreationTimestamp.Time, soon)
		}
	}
	return first
}

// unborn reports whether p has had time to start and none of its containers has.
func (p pod) unborn(now time.Time) bool {
	return p.DeletionTimestamp.IsZero() && !p.ready() && p.running().IsZero() &&
		p.condition(corev1.PodScheduled).Status == corev1.ConditionTrue && now.Sub(p.CreationTimestamp.Time) >= soon
}

// observeWarnings reads what events tell about members without a pod and about
// pods that do not start: a full quota and a Secret that is missing are told
// nowhere else. Events are hints: a pass does without them if it must.
func (r *Reconciler) observeWarnings(ctx context.Context, s *scope, now time.Time) {
	if s.set == nil {
		return
	}
	exists := map[string]bool{}
	for _, p := range s.pods {
		exists[p.Name] = true
		if p.unborn(now) || p.imageless() {
			r.observeWarning(ctx, s, p.UID, p.Name)
		}
	}
	for _, m := range s.cluster.Status.Members {
		if !exists[m.Name] && now.Sub(m.Since.Time) >= soon {
			r.observeWarning(ctx, s, s.set.UID, m.Name)
		}
	}
}

// observeWarning keeps the newest event about the object with the UID that
// tells something about the pod.
func (r *Reconciler) observeWarning(ctx context.Context, s *scope, about types.UID, pod string) {
	var list corev1.EventList
	err := r.Live.List(ctx, &list, client.InNamespace(s.cluster.Namespace),
		client.MatchingFields{"involvedObject.uid": string(about), "type": corev1.EventTypeWarning})
	if err != nil {
		ctrl.LoggerFrom(ctx).Info("Cannot read events", "pod", pod, "error", err.Error())
		return
	}
	var newest time.Time
	for _, e := range list.Items {
		advice, told := telling[e.Reason]
		at := latest(e)
		if !told || at.Before(newest) || about == s.set.UID && !mentions(e.Message, pod) {
			continue
		}
		newest = at
		s.warnings[pod] = fmt.Sprintf("%s: %s: %s", e.Reason, e.Message, advice)
	}
}

// latest is when e was last seen, whichever API it was written through.
func latest(e corev1.Event) time.Time {
	at := e.CreationTimestamp.Time
	for _, other := range []time.Time{e.LastTimestamp.Time, e.EventTime.Time} {
		if other.After(at) {
			at = other
		}
	}
	if e.Series != nil && e.Series.LastObservedTime.After(at) {
		at = e.Series.LastObservedTime.Time
	}
	return at
}

// mentions reports whether a sentence of the StatefulSet controller is about the pod.
func mentions(message, pod string) bool {
	for word := range strings.FieldsSeq(message) {
		if strings.Trim(word, `".,:`) == pod {
			return true
		}
	}
	return false
}
