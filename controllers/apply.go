package controllers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/sidecar/member"
)

// errForeign says that an object with the name of a child is not ours.
var errForeign = errors.New("belongs to somebody else")

// apply writes the children that differ from the plan, in order, and stops at
// the first failure, since later ones rely on earlier ones. Nothing is written
// if any child's name is taken by somebody else. What each brings is told as soon as it
// is written: the next pass finds it as it should be, and would say nothing.
func (r *Reconciler) apply(ctx context.Context, s *scope, plan resources.Plan) error {
	children := resources.All(s.cluster, plan)
	states, err := s.compare(children)
	if err != nil {
		return err
	}
	if err := r.confirm(ctx, s, children, states); err != nil {
		return err
	}
	if err := r.fence(ctx, s); err != nil { // before a Service asks for what it writes
		return err
	}
	for i, child := range children {
		if states[i] == same {
			continue
		}
		err := r.Client.Apply(ctx, over(child, s.children[child.String()]), fieldOwner, client.ForceOwnership)
		if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
			return nil // the cluster is about to go as well
		}
		if err != nil {
			return fmt.Errorf("apply %s: %w", child, err)
		}
		r.tellWritten(s, child, states[i])
	}
	if err := r.unshield(ctx, s); err != nil {
		return err
	}
	return r.touch(ctx, s, plan.Members, s.tls.hash)
}

// compare says of each child what has to be done about it.
func (s *scope) compare(children []resources.Child) ([]state, error) {
	var out []state
	for _, child := range children {
		found, ok := s.children[child.String()]
		if ok && !s.owns(found) {
			return nil, fmt.Errorf("apply %s: the one that exists %w%s", child, errForeign, controllerOf(found))
		}
		out = append(out, compare(child, found))
	}
	return out, nil
}

// over is what is sent to make found what child wants, or to make it anew if
// found is nil. The API server refuses it if found is no longer the newest, or
// if its name has got to another object: what was decided on an old copy is
// never carried out.
func over(child resources.Child, found client.Object) runtime.ApplyConfiguration {
	object := child.Object.DeepCopy()
	if found != nil {
		object.SetUID(found.GetUID())
		object.SetResourceVersion(found.GetResourceVersion())
	}
	return client.ApplyConfigurationFromUnstructured(object)
}

// unshield removes the NetworkPolicy that is no longer wanted: this very one,
// not a successor of its name.
func (r *Reconciler) unshield(ctx context.Context, s *scope) error {
	if s.shield == nil {
		return nil
	}
	err := r.Client.Delete(ctx, s.shield, client.Preconditions{UID: &s.shield.UID})
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete NetworkPolicy %s: %w", s.shield.Name, err)
	}
	return nil
}

// fence puts on each pod whether clients may use it. The API server refuses it if
// the pod is no longer as it was read: it may carry the label by now, which has been told.
func (r *Reconciler) fence(ctx context.Context, s *scope) error {
	for _, p := range s.pods {
		was, is := p.Labels[resources.FencedLabel], s.wishes.fence.around(p)
		if was == is {
			continue
		}
		patch := fmt.Appendf(nil, `{"metadata":{"resourceVersion":%q,"labels":{%q:%q}}}`, p.ResourceVersion, resources.FencedLabel, is)
		err := r.patchPod(ctx, p, patch)
		if apierrors.IsNotFound(err) {
			continue // it has gone
		}
		if err != nil {
			return fmt.Errorf("fence pod %s: %w", p.Name, err)
		}
		if was != "" || is == "true" { // a pod that never carried the label was never fenced
			r.tellFence(s.cluster, p.Name, is)
		}
	}
	return nil
}

// patchPod changes the metadata of a pod.
func (r *Reconciler) patchPod(ctx context.Context, p pod, patch []byte) error {
	target := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name}}
	return r.Client.Patch(ctx, target, client.RawPatch(types.MergePatchType, patch), fieldOwner)
}

// stalled reports whether trying again is of no use until a human acts.
func stalled(err error) bool {
	return errors.Is(err, errForeign) || apierrors.IsInvalid(err) || apierrors.IsBadRequest(err)
}

func controllerOf(object client.Object) string {
	if owner := metav1.GetControllerOf(object); owner != nil {
		return ": " + owner.Kind + " " + owner.Name
	}
	return ""
}

// state is how an object that exists relates to the child that is wanted.
type state int

const (
	absent   state = iota
	outdated       // it is as we made it, but something else is wanted now
	drifted        // somebody changed what we made
	same
)

// compare says what has to be done about a child. found is nil if there is none.
func compare(wanted resources.Child, found client.Object) state {
	if found == nil {
		return absent
	}
	if found.GetAnnotations()[resources.ShapeAnnotation] != wanted.Object.GetAnnotations()[resources.ShapeAnnotation] {
		return outdated
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(found)
	if err != nil {
		return drifted // cannot happen to an API type; to apply it again is harmless
	}
	for key, value := range wanted.Object.Object {
		if key != "apiVersion" && key != "kind" && !within(value, content[key]) {
			return drifted
		}
	}
	return same
}

// within reports whether found has everything that wanted has. What others
// and the API server's defaults have added to objects is left alone.
func within(wanted, found any) bool {
	switch wanted := wanted.(type) {
	case map[string]any:
		found, ok := found.(map[string]any)
		for key, value := range wanted {
			ok = ok && within(value, found[key])
		}
		return ok
	case []any:
		found, ok := found.([]any)
		ok = ok && len(found) == len(wanted)
		for i := range wanted {
			ok = ok && within(wanted[i], found[i])
		}
		return ok
	default:
		return wanted == found
	}
}

// touch notes the published list, and a hash of what there is of TLS, on each pod
// that does not carry them yet. A pod that changes makes its kubelet refresh what
// it mounts at once.
func (r *Reconciler) touch(ctx context.Context, s *scope, list member.List, tls string) error {
	generation, hash := strconv.FormatInt(list.Generation(), 10), resources.MembersHash(list)
	notes := map[string]string{
		resources.MembersGenerationAnnotation: generation, resources.MembersHashAnnotation: hash,
	}
	if tls != "" {
		notes[resources.TLSHashAnnotation] = tls
	}
	text, err := json.Marshal(notes)
	if err != nil {
		return fmt.Errorf("touch pods: %w", err)
	}
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":%s}}`, text)
	for _, p := range s.pods {
		if carries(p, notes) {
			continue
		}
		if err := r.patchPod(ctx, p, patch); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("touch pod %s: %w", p.Name, err)
		}
	}
	return nil
}

func carries(p pod, notes map[string]string) bool {
	for key, value := range notes {
		if p.Annotations[key] != value {
			return false
		}
	}
	return true
}
