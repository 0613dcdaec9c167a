package controllers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

// errOld says that a pass has decided on a copy that is no longer the newest.
var errOld = errors.New("the copy that was read is old")

// old reports whether a pass ended because what it had read was no longer so: the
// next one reads it anew, and there is nothing to say about this one.
func old(err error) bool { return apierrors.IsConflict(err) || errors.Is(err, errOld) }

// confirm reads the cluster and its pods from the API server if the set is to be
// changed, which moves pods, and fails if they are not what this pass has read. Each
// kind's copy in the cache has an age of its own, and the API server refuses only what
// was decided on an old copy of what is written. A gate that is closed for a pod which
// has just gone would bring it back as it was, and one that is opened on an old
// status would cut spec.minConvergedSeconds short.
func (r *Reconciler) confirm(ctx context.Context, s *scope, children []resources.Child, states []state) error {
	set := slices.IndexFunc(children, func(c resources.Child) bool { return c.Kind == "StatefulSet" })
	if states[set] == same {
		return nil
	}
	now := new(v1alpha1.NamingCluster)
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(s.cluster), now); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("confirm NamingCluster: %w", err)
	}
	if now.UID != s.cluster.UID || now.ResourceVersion != s.cluster.ResourceVersion {
		return fmt.Errorf("confirm NamingCluster: %w", errOld)
	}
	if s.set == nil {
		return nil // it has no pods
	}
	pods, err := readPods(ctx, r.Live, s, client.MatchingLabels{resources.ClusterLabel: s.cluster.Name})
	if err != nil {
		return err
	}
	if !maps.Equal(versions(pods), versions(s.pods)) {
		return fmt.Errorf("confirm pods: %w", errOld)
	}
	return nil
}

// versions are those of pods, by name. No two pods are ever at the same.
func versions(pods []pod) map[string]string {
	out := make(map[string]string, len(pods))
	for _, p := range pods {
		out[p.Name] = p.ResourceVersion
	}
	return out
}
