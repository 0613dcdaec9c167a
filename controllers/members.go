package controllers

import (
	"cmp"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// sighting is a member as this pass sees it.
type sighting struct {
	v1alpha1.Member
	fault string // why it cannot serve and will not by itself; empty if nothing is known to be wrong
}

// holds reports whether it could serve clients, fenced or not.
func (m sighting) holds() bool {
	return m.State == v1alpha1.MemberServing || m.State == v1alpha1.MemberFenced || m.State == v1alpha1.MemberSilent
}

// look describes each member that has a pod or should have one.
func (s *scope) look(now time.Time) []sighting {
	if s.set == nil {
		return nil
	}
	var out []sighting
	next := int32(0)
	missing := func(until int32) {
		for ; next < min(until, *s.set.Spec.Replicas); next++ {
			out = append(out, s.lookForNobody(next, now))
		}
	}
	for _, p := range s.pods {
		missing(p.ordinal)
		out = append(out, s.lookAt(p, now))
		next = p.ordinal + 1
	}
	missing(*s.set.Spec.Replicas)
	return out
}

// lookForNobody describes a member without a pod.
func (s *scope) lookForNobody(o int32, now time.Time) sighting {
	m := sighting{Member: v1alpha1.Member{
		Name: resources.PodName(s.cluster, o), Address: string(resources.Address(s.cluster, o)),
		State: v1alpha1.MemberMissing, WaitsFor: "a pod",
	}}
	m.Since, m.Joined = s.sinceWhen(m.Member, now), s.joined(m.Name)
	if now.Sub(m.Since.Time) >= soon {
		m.fault = cmp.Or(s.warnings[m.Name],
			"the StatefulSet has made no pod for it: see kubectl describe statefulset "+s.cluster.Name)
		m.WaitsFor = m.fault
	}
	return m
}

// lookAt describes the member of a pod, with its own words where it answered.
func (s *scope) lookAt(p pod, now time.Time) sighting {
	said, answered := s.reports[p.address]
	m := sighting{
		Member: v1alpha1.Member{
			Name: p.Name, Address: string(p.address), Image: p.image(), Revision: p.Labels[appsv1.StatefulSetRevisionLabel],
			Fenced:     p.fenced(),
			Generation: said.Generation, Digest: said.Digest, SettingsDigest: said.SettingsDigest,
			Clients: int32(said.Clients), Services: int32(said.Services), Instances: int32(said.Instances),
		},
		fault: p.trouble(now, answered, s.warnings[p.Name]),
	}
	m.State, m.WaitsFor = s.stage(p, said, answered)
	m.Ready = m.holds() && !m.Fenced
	m.WaitsFor = cmp.Or(m.fault, m.WaitsFor)
	m.Since, m.Joined = s.sinceWhen(m.Member, now), s.joined(m.Name)
	if m.Joined == nil && m.holds() {
		m.Joined = new(m.Since)
	}
	return m
}

// stage says how far the member of p is and what it waits for in the ordinary
// course of things.
func (s *scope) stage(p pod, said report.Report, answered bool) (v1alpha1.MemberState, string) {
	switch {
	case !p.DeletionTimestamp.IsZero() || said.Draining:
		return v1alpha1.MemberDraining, "its clients to be handed over"
	case p.ready() && !answered:
		return v1alpha1.MemberSilent, "an answer on port 8080"
	case p.ready() && said.Generation != s.published.Generation():
		return s.open(p), fmt.Sprintf("generation %d of the member list", s.published.Generation())
	case p.ready():
		return s.open(p), ""
	case p.running().IsZero():
		return v1alpha1.MemberPending, "its containers to start"
	case answered && !said.Loaded:
		return v1alpha1.MemberLoading, "the registry of the other members"
	}
	return v1alpha1.MemberNotReady, "all containers to be ready"
}

// open says whether clients may use p, which is ready.
func (s *scope) open(p pod) v1alpha1.MemberState {
	if p.fenced() {
		return v1alpha1.MemberFenced
	}
	return v1alpha1.MemberServing
}

// sinceWhen is when m came into its state: as written down before, or now.
func (s *scope) sinceWhen(m v1alpha1.Member, now time.Time) metav1.Time {
	for _, before := range s.cluster.Status.Members {
		if before.Name == m.Name && before.State == m.State {
			return before.Since
		}
	}
	return metav1.NewTime(now).Rfc3339Copy()
}

// joined is when the member with the name first held the registry, as far as
// status tells, or nil.
func (s *scope) joined(name string) *metav1.Time {
	for _, before := range s.cluster.Status.Members {
		if before.Name == name {
			return before.Joined
		}
	}
	return nil
}

// cut lists the pairs of members that have served for a moment at least and do
// not reach each other: both suspect it, or one has given the other up. Whoever
// does not answer the operator either has another trouble.
func (s *scope) cut(now time.Time) []string {
	var steady []pod
	for _, p := range s.pods {
		_, answered := s.reports[p.address]
		if answered && p.ready() && now.Sub(p.condition(corev1.PodReady).LastTransitionTime.Time) >= soon {
			steady = append(steady, p)
		}
	}
	var out []string
	for i, a := range steady {
		for _, b := range steady[i+1:] {
			there, back := s.believes(a, b), s.believes(b, a)
			if there == member.Down || back == member.Down || there == member.Suspect && back == member.Suspect {
				out = append(out, fmt.Sprintf("%s and %s do not reach each other", a.Name, b.Name))
			}
		}
	}
	return out
}

// believes is the state in which a sees b; it is Up where a has not said.
func (s *scope) believes(a, b pod) member.State {
	for _, peer := range s.reports[a.address].Peers {
		if peer.Member == string(b.address) {
			return member.State(peer.State)
		}
	}
	return member.Up
}

// image is that of the registry's container.
func (p pod) image() string {
	for _, c := range p.Spec.InitContainers {
		if c.Name == resources.SidecarName {
			return c.Image
		}
	}
	return ""
}

// running is when the registry's container has started, or zero while it does not run.
func (p pod) running() time.Time {
	for _, c := range p.Status.InitContainerStatuses {
		if c.Name == resources.SidecarName && c.State.Running != nil {
			return c.State.Running.StartedAt.Time
		}
	}
	return time.Time{}
}
