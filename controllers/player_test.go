//go:build envtest

package controllers

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	badImage   = "bad"   // cannot be pulled
	stuckImage = "stuck" // waits for a volume that never comes
)

// player plays the StatefulSet controller and the nodes: pods in parallel,
// updates from the highest ordinal down to the partition, one at a time, but
// those that are not ready first. A set with OnDelete is left to the test.
type player struct {
	client  client.Client
	now     func() time.Time
	mu      sync.Mutex
	updates map[string][]string // by namespace: pods that were replaced, in order
	faults  map[string][]string // by namespace: rules of the member list that were broken
	full    map[string]bool     // by namespace: a quota forbids more pods
	pods    int                 // made so far; gives each its own IP
}

func newPlayer() *player {
	return &player{now: time.Now, updates: map[string][]string{}, faults: map[string][]string{}, full: map[string]bool{}}
}

// replaced returns the pods of a namespace that were replaced, in order.
func (p *player) replaced(namespace string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.updates[namespace]
}

// broken returns what was wrong with the member list when pods came or went.
func (p *player) broken(namespace string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults[namespace]
}

// exhaust makes the quota of a namespace full, or not.
func (p *player) exhaust(namespace string, full bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.full[namespace] = full
}

func (p *player) run(ctx context.Context) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		p.step(ctx)
	}
}

// step plays a little for every set.
func (p *player) step(ctx context.Context) {
	var sets appsv1.StatefulSetList
	if p.client.List(ctx, &sets) != nil {
		return // the API server is going
	}
	for i := range sets.Items {
		p.play(ctx, &sets.Items[i])
	}
}

// play makes one step for one set. Errors are the next step's business.
func (p *player) play(ctx context.Context, set *appsv1.StatefulSet) {
	p.mu.Lock()
	defer p.mu.Unlock()
	newest, before := revision(set), set.Status.DeepCopy()
	if set.Status.CurrentRevision == "" {
		set.Status.CurrentRevision = newest
	}
	set.Status.UpdateRevision = newest
	set.Status.ObservedGeneration = set.Generation
	var list corev1.PodList
	if p.client.List(ctx, &list, client.InNamespace(set.Namespace), client.MatchingLabels(set.Spec.Selector.MatchLabels)) != nil {
		return
	}
	pods := map[string]*corev1.Pod{}
	for i := range list.Items {
		pods[list.Items[i].Name] = &list.Items[i]
	}
	ready, updated := p.fill(ctx, set, pods)
	p.condemn(ctx, set, pods)
	p.update(ctx, set, pods, ready)
	if ready == *set.Spec.Replicas && updated == ready && set.Spec.UpdateStrategy.RollingUpdate != nil {
		set.Status.CurrentRevision = newest
	}
	set.Status.Replicas, set.Status.ReadyReplicas, set.Status.UpdatedReplicas = int32(len(pods)), ready, updated
	if !equality.Semantic.DeepEqual(before, &set.Status) {
		_ = p.client.Status().Update(ctx, set)
	}
}

// fill makes missing pods and starts those that exist.
func (p *player) fill(ctx context.Context, set *appsv1.StatefulSet, pods map[string]*corev1.Pod) (ready, updated int32) {
	for o := range *set.Spec.Replicas {
		name := fmt.Sprintf("%s-%d", set.Name, o)
		pod, ok := pods[name]
		if !ok {
			p.create(ctx, set, o)
			continue
		}
		if pod.Labels[appsv1.StatefulSetRevisionLabel] == set.Status.UpdateRevision {
			updated++
		}
		if p.start(ctx, pod) {
			ready++
		}
	}
	return ready, updated
}

func (p *player) create(ctx context.Context, set *appsv1.StatefulSet, o int32) {
	name := fmt.Sprintf("%s-%d", set.Name, o)
	if p.full[set.Namespace] {
		p.warn(ctx, set, "FailedCreate",
			fmt.Sprintf("create Pod %s in StatefulSet %s failed error: pods %q is forbidden: exceeded quota: small", name, set.Name, name))
		return
	}
	p.pods++
	p.requireListed(ctx, set, name, "was made")
	pod := &corev1.Pod{ObjectMeta: *set.Spec.Template.ObjectMeta.DeepCopy(), Spec: *set.Spec.Template.Spec.DeepCopy()}
	pod.Namespace, pod.Name = set.Namespace, name
	pod.Labels[appsv1.StatefulSetRevisionLabel] = set.Status.UpdateRevision
	if rolling := set.Spec.UpdateStrategy.RollingUpdate; rolling != nil && o < *rolling.Partition {
		pod.Labels[appsv1.StatefulSetRevisionLabel] = set.Status.CurrentRevision
	}
	pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("StatefulSet"))}
	_ = p.client.Create(ctx, pod)
}

// warn tells something about an object, once.
func (p *player) warn(ctx context.Context, about client.Object, reason, message string) {
	_ = p.client.Create(ctx, &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: about.GetNamespace(), Name: about.GetName() + "." + strings.ToLower(reason)},
		InvolvedObject: corev1.ObjectReference{Namespace: about.GetNamespace(), Name: about.GetName(), UID: about.GetUID()},
		Type:           corev1.EventTypeWarning, Reason: reason, Message: message, LastTimestamp: metav1.NewTime(p.now()),
	})
}

// start makes a new pod ready, or not if its image is bad, and tells whether it serves.
func (p *player) start(ctx context.Context, pod *corev1.Pod) bool {
	if pod.Spec.InitContainers[0].Image == stuckImage {
		if len(pod.Status.Conditions) == 0 {
			pod.Status.Conditions = []corev1.PodCondition{
				{Type: corev1.PodReady, Status: corev1.ConditionFalse, LastTransitionTime: metav1.NewTime(p.now())},
				{Type: corev1.PodScheduled, Status: corev1.ConditionTrue},
			}
			_ = p.client.Status().Update(ctx, pod)
			p.warn(ctx, pod, "FailedMount", `MountVolume.SetUp failed for volume "keys" : secret "keys" not found`)
		}
		return false
	}
	if pod.Status.PodIP == "" {
		bad := pod.Spec.InitContainers[0].Image == badImage
		ip := fmt.Sprintf("10.%d.%d.%d", p.pods>>16, p.pods>>8&255, p.pods&255)
		pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}}}
		p.pods++
		condition := corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(p.now())}
		if bad {
			condition.Status = corev1.ConditionFalse
			pod.Status.Phase = corev1.PodPending
			pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "distro", State: corev1.ContainerState{
				Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "no such image"},
			}}}
		}
		pod.Status.Conditions = []corev1.PodCondition{condition}
		_ = p.client.Status().Update(ctx, pod)
		return false // seen in the next step
	}
	return pod.Status.Conditions[0].Status == corev1.ConditionTrue
}

// condemn removes pods beyond the wanted number.
func (p *player) condemn(ctx context.Context, set *appsv1.StatefulSet, pods map[string]*corev1.Pod) {
	for name, pod := range pods {
		var o int32
		if _, err := fmt.Sscanf(strings.TrimPrefix(name, set.Name+"-"), "%d", &o); err == nil && o >= *set.Spec.Replicas {
			p.requireListed(ctx, set, name, "left")
			_ = p.client.Delete(ctx, pod, client.GracePeriodSeconds(0))
		}
	}
}

func (p *player) update(ctx context.Context, set *appsv1.StatefulSet, pods map[string]*corev1.Pod, ready int32) {
	if set.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType {
		return
	}
	for o := *set.Spec.Replicas - 1; o >= *set.Spec.UpdateStrategy.RollingUpdate.Partition; o-- {
		name := fmt.Sprintf("%s-%d", set.Name, o)
		pod, ok := pods[name]
		if !ok || pod.Labels[appsv1.StatefulSetRevisionLabel] == set.Status.UpdateRevision || len(pod.Status.Conditions) == 0 {
			continue
		}
		down := pod.Status.Conditions[0].Status != corev1.ConditionTrue
		if down || ready == *set.Spec.Replicas {
			p.updates[set.Namespace] = append(p.updates[set.Namespace], name)
			_ = p.client.Delete(ctx, pod, client.GracePeriodSeconds(0))
			return
		}
	}
}

// requireListed notes a fault if a pod comes or goes that the list lacks.
func (p *player) requireListed(ctx context.Context, set *appsv1.StatefulSet, pod, when string) {
	var list corev1.ConfigMap
	err := p.client.Get(ctx, client.ObjectKey{Namespace: set.Namespace, Name: set.Name + "-members"}, &list)
	if apierrors.IsNotFound(err) || err == nil && !strings.Contains(list.Data["cluster.conf"], pod+".") {
		p.faults[set.Namespace] = append(p.faults[set.Namespace], pod+" was not listed when it "+when)
	}
}

func revision(set *appsv1.StatefulSet) string {
	return fmt.Sprintf("%s-%x", set.Name, sha256.Sum256(fmt.Append(nil, set.Spec.Template.String())))[:len(set.Name)+11]
}
