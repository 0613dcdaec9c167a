package controllers

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	v1alpha1ac "github.com/distro-naming/naming-operator/api/v1alpha1/applyconfiguration/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/controllers/rollout"
	"github.com/distro-naming/naming-operator/sidecar/member"
)

// firstStatus is what a new object gets before anything is done: every
// condition is there and unknown.
func firstStatus(c *v1alpha1.NamingCluster, now time.Time) v1alpha1.NamingClusterStatus {
	status := v1alpha1.NamingClusterStatus{ObservedGeneration: c.Generation, Selector: resources.Selector(c)}
	for _, kind := range v1alpha1.ConditionTypes {
		status.Conditions = append(status.Conditions, metav1.Condition{
			Type: kind, Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonFirstSeen,
			Message:            "the operator has seen this object and is about to work on it",
			ObservedGeneration: c.Generation,
			LastTransitionTime: metav1.NewTime(now),
		})
	}
	return status
}

// statusFor returns what is to be said after a pass: what was read, what was
// decided, and how applying it went. It is pure; now is the time of the pass.
func statusFor(
	s *scope, f rollout.Facts, d rollout.Decision, applyErr error, now time.Time,
) v1alpha1.NamingClusterStatus {
	v := newView(s, f, d, applyErr, now)
	status := v1alpha1.NamingClusterStatus{
		ObservedGeneration: s.cluster.Generation,
		Conditions:         slices.Clone(s.cluster.Status.Conditions),
		Replicas:           int32(len(s.pods)),
		ReadyReplicas:      int32(len(v.serving)),
		UpdatedReplicas:    v.updated,
		Selector:           resources.Selector(s.cluster),
		MembersGeneration:  s.cluster.Status.MembersGeneration,
		Convergence:        s.convergence(f.Agree(), v.changing, now),
		Endpoints:          s.endpoints(),
		TLS:                s.tls.status(),
		Auth:               s.tls.auth.authStatus(),
	}
	if s.set != nil { // before that nobody reads the list, and not all is made that is to be
		status.MembersGeneration = max(status.MembersGeneration, s.published.Generation())
	}
	if applyErr == nil && s.wishes.paused == "" {
		status.MembersGeneration = s.list(d.Replicas).Generation()
	}
	for _, m := range s.look(now) {
		status.Members = append(status.Members, m.Member)
	}
	for _, c := range v.conditions() {
		c.ObservedGeneration = s.cluster.Generation
		c.LastTransitionTime = metav1.NewTime(now) // kept by SetStatusCondition unless the status differs
		meta.SetStatusCondition(&status.Conditions, c)
	}
	return status
}

// endpoints says where the client Service is reached.
func (s *scope) endpoints() *v1alpha1.Endpoints {
	port := resources.ServicePort(s.cluster)
	out := &v1alpha1.Endpoints{
		HTTP: resources.Endpoint(s.cluster, port),
		GRPC: resources.Endpoint(s.cluster, port+member.SDKOffset),
	}
	service, ok := s.children["Service "+s.cluster.Name].(*corev1.Service)
	if !ok || !s.owns(service) {
		return out
	}
	for _, at := range service.Status.LoadBalancer.Ingress {
		out.External = append(out.External, net.JoinHostPort(cmp.Or(at.Hostname, at.IP), strconv.Itoa(int(port))))
	}
	return out
}

// writeStatus stores the status if it differs from the one that was read, and
// tells users about the transitions in it. The API server refuses it if the cluster is
// no longer the one that was read: what status remembers, such as since when
// members agree, would go back.
func (r *Reconciler) writeStatus(ctx context.Context, s *scope, status v1alpha1.NamingClusterStatus) error {
	if equality.Semantic.DeepEqual(s.cluster.Status, status) {
		return nil
	}
	content, err := statusConfiguration(status)
	if err != nil {
		return err
	}
	config := v1alpha1ac.NamingCluster(s.cluster.Name, s.cluster.Namespace).
		WithUID(s.cluster.UID). // not to be written to a successor of the same name
		WithResourceVersion(s.cluster.ResourceVersion).
		WithStatus(content)
	err = r.Client.Status().Apply(ctx, config, fieldOwner, client.ForceOwnership)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("apply status: %w", err)
	}
	r.tellTransitions(s.cluster, s.cluster.Status.Conditions, status.Conditions)
	s.cluster.Status = status
	if config.ResourceVersion != nil { // the answer's
		s.cluster.ResourceVersion = *config.ResourceVersion
	}
	return nil
}

// statusConfiguration leaves out conditions that others have added: they stay theirs.
func statusConfiguration(status v1alpha1.NamingClusterStatus) (*v1alpha1ac.NamingClusterStatusApplyConfiguration, error) {
	status.Conditions = slices.DeleteFunc(slices.Clone(status.Conditions), func(c metav1.Condition) bool {
		return !slices.Contains(v1alpha1.ConditionTypes, c.Type)
	})
	raw, err := json.Marshal(status)
	if err != nil {
		return nil, fmt.Errorf("encode status: %w", err)
	}
	config := v1alpha1ac.NamingClusterStatus()
	if err := json.Unmarshal(raw, config); err != nil {
		return nil, fmt.Errorf("decode status: %w", err)
	}
	return config, nil
}
