package controllers

import (
	"context"
	"errors"
	"io"
	"time"

	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/controllers/rollout"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

const (
	// fieldOwner owns the fields that this operator applies.
	fieldOwner = client.FieldOwner("naming-operator")

	// poll is how often members are asked while they have to agree.
	poll = 5 * time.Second

	// stalledRecheck is how often a cluster is looked at that waits for a human:
	// what stands in its way is nobody we watch.
	stalledRecheck = time.Minute
)

// Prober asks members how they are. A member that does not answer in time is
// absent from the result.
type Prober interface {
	Probe(ctx context.Context, pods map[member.Address]string) map[member.Address]report.Report
}

// Reconciler makes the children of NamingClusters follow their specs. It holds
// no state: a new one continues where another stopped.
type Reconciler struct {
	Client client.Client        // reads from a cache that may hold only what carries our label
	Live   client.Reader        // reads from the API server; asked where the cache has nothing
	Prober Prober               // asks members
	Events events.EventRecorder // tells users what changed
	Image  string               // of the sidecar, where a spec names none
	Now    func() time.Time     // the clock
	Random io.Reader            // of cryptographic quality: keys are made from it
	Domain string               // of the cluster's DNS, such as cluster.local
}

// Reconcile brings the children of one NamingCluster in line with its spec and
// writes down what it saw, whether or not that worked.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	now := r.Now()
	s, err := r.observe(ctx, req.NamespacedName, now)
	if err != nil || s == nil { // nil: the cluster is gone or going, its children follow by owner reference
		return ctrl.Result{}, err
	}
	if s.firstSight() {
		// Before anything else: tools take an object without conditions for a finished one.
		if err := r.writeStatus(ctx, s, firstStatus(s.cluster, now)); err != nil {
			return ending(err)
		}
	}
	if err := s.protect(r.Random, r.Domain, now); err != nil {
		return ctrl.Result{}, err
	}
	facts := s.facts(r.Image, now)
	decision := rollout.Decide(facts)
	plan := resources.Plan{
		DefaultImage: r.Image,
		Replicas:     decision.Replicas,
		Partition:    decision.Partition,
		Members:      s.list(decision.Replicas),
		TLS:          s.tls.plan,
		Secrets:      s.tls.secrets,
	}
	if s.wishes.paused == "" {
		err = r.apply(ctx, s, plan)
	}
	unsaid := error(nil)
	if !old(err) { // or the status would be old as well
		unsaid = r.writeStatus(ctx, s, statusFor(s, facts, decision, err, now))
	}
	if err := errors.Join(err, unsaid); err != nil {
		return ending(err)
	}
	recheck := s.recheck(decision.Recheck)
	if sooner := s.ripening(now); sooner > 0 && recheck > 0 {
		recheck = min(recheck, sooner)
	}
	return ctrl.Result{RequeueAfter: recheck}, nil
}

// ending says when to look again after a pass that went wrong.
func ending(err error) (ctrl.Result, error) {
	switch {
	case old(err):
		return ctrl.Result{RequeueAfter: firstRetry}, nil
	case stalled(err):
		return ctrl.Result{RequeueAfter: stalledRecheck}, nil // said in status; trying harder is of no use
	}
	return ctrl.Result{}, err
}
