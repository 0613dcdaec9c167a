package controllers

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

// What the operator may do. Server-side apply of an object that may be missing
// needs both create and patch; nothing is ever deleted but a NetworkPolicy that
// is no longer wanted. Secrets are not among it: config/rbac/secrets_role.yaml is
// bound in the namespaces where clusters need it.
//
// +kubebuilder:rbac:groups=naming.distro.io,resources=namingclusters,verbs=get;list;watch
// +kubebuilder:rbac:groups=naming.distro.io,resources=namingclusters/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=configmaps;services;serviceaccounts,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=apps,resources=statefulsets,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups="",resources=pods,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups="",resources=events,verbs=list
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch
// +kubebuilder:rbac:groups=authentication.k8s.io,resources=tokenreviews,verbs=create
// +kubebuilder:rbac:groups=authorization.k8s.io,resources=subjectaccessreviews,verbs=create

const (
	concurrency = 32 // passes at the same time, each of another cluster; they mostly wait for members
	firstRetry  = 200 * time.Millisecond
	lastRetry   = time.Minute
)

// CacheOptions keep in memory only what carries the label of a cluster, not
// every ConfigMap and pod there is. No namespace means all.
func CacheOptions(namespaces ...string) (cache.Options, error) {
	ours, err := labels.NewRequirement(resources.ClusterLabel, selection.Exists, nil)
	if err != nil {
		return cache.Options{}, fmt.Errorf("select what is ours: %w", err)
	}
	only := cache.ByObject{Label: labels.NewSelector().Add(*ours)}
	// Who wrote which field is half of an object, and nothing to us.
	options := cache.Options{DefaultTransform: cache.TransformStripManagedFields(), ByObject: map[client.Object]cache.ByObject{
		&corev1.ConfigMap{}:             only,
		&corev1.Pod{}:                   {Label: only.Label, Transform: trim},
		&corev1.Service{}:               only,
		&corev1.ServiceAccount{}:        only,
		&appsv1.StatefulSet{}:           only,
		&networkingv1.NetworkPolicy{}:   only,
		&policyv1.PodDisruptionBudget{}: only,
	}}
	for _, namespace := range namespaces {
		if options.DefaultNamespaces == nil {
			options.DefaultNamespaces = map[string]cache.Config{}
		}
		options.DefaultNamespaces[namespace] = cache.Config{}
	}
	return options, nil
}

// trim takes out of a pod what no pass looks at: nearly all of its spec, which is
// most of what there is to remember about a cluster.
func trim(object any) (any, error) {
	p, ok := object.(*corev1.Pod)
	if !ok {
		return object, nil // the tombstone of one that is gone
	}
	p.ManagedFields = nil
	var registry []corev1.Container
	for _, c := range p.Spec.InitContainers {
		registry = append(registry, corev1.Container{Name: c.Name, Image: c.Image})
	}
	p.Spec = corev1.PodSpec{NodeName: p.Spec.NodeName, InitContainers: registry, Volumes: p.Spec.Volumes}
	return p, nil
}

// SetupWithManager makes the manager run r, and says what wakes it: changes of
// spec and annotations, of children, and of pods.
func (r *Reconciler) SetupWithManager(ctx context.Context, mgr ctrl.Manager) error {
	if err := mgr.GetFieldIndexer().IndexField(ctx, &corev1.Pod{}, clusterIndex, clusterName); err != nil {
		return fmt.Errorf("set up index of pods: %w", err)
	}
	wanted := predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{})
	err := ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.NamingCluster{}, builder.WithPredicates(wanted)).
		Owns(&corev1.ConfigMap{}).
		Owns(&corev1.ServiceAccount{}).
		Owns(&corev1.Service{}).
		Owns(&appsv1.StatefulSet{}).
		Owns(&networkingv1.NetworkPolicy{}).
		Owns(&policyv1.PodDisruptionBudget{}).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(clusterOf)).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: concurrency,
			RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](
				firstRetry, lastRetry),
		}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up controller: %w", err)
	}
	return nil
}

// clusterIndex finds the pods of a cluster in the cache without a look at those of
// all others.
const clusterIndex = "cluster"

// clusterName is what clusterIndex finds a pod by.
func clusterName(pod client.Object) []string {
	return []string{pod.GetLabels()[resources.ClusterLabel]}
}

// clusterOf names the cluster that a pod belongs to.
func clusterOf(_ context.Context, pod client.Object) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: types.NamespacedName{
		Namespace: pod.GetNamespace(),
		Name:      pod.GetLabels()[resources.ClusterLabel],
	}}}
}
