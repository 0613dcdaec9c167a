package reach

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// Fenced returns the members that the annotation of c names; all of them for "*".
func (c *Cluster) Fenced() ([]string, error) {
	text := c.Annotations[v1alpha1.FencedAnnotation]
	if text == "" {
		return nil, nil
	}
	var names []string
	if err := json.Unmarshal([]byte(text), &names); err != nil {
		return nil, fmt.Errorf("the annotation %s of %s is no JSON list: correct it by hand, it is %s: %w",
			v1alpha1.FencedAnnotation, c.Name, text, err)
	}
	if slices.Contains(names, "*") {
		names = nil
		for _, m := range c.Members {
			names = append(names, m.Name)
		}
	}
	return names, nil
}

// Fence makes the annotation of c name these members, as long as nobody else
// changed c meanwhile.
func (c *Client) Fence(ctx context.Context, cluster *Cluster, names []string) error {
	var value any // null takes the annotation away
	if len(names) > 0 {
		text, err := json.Marshal(names)
		if err != nil {
			return fmt.Errorf("write the list of fenced members: %w", err)
		}
		value = string(text)
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"resourceVersion": cluster.ResourceVersion,
		"annotations":     map[string]any{v1alpha1.FencedAnnotation: value},
	}})
	if err != nil {
		return fmt.Errorf("write the list of fenced members: %w", err)
	}
	_, err = c.Dynamic.Resource(Clusters).Namespace(c.Namespace).
		Patch(ctx, cluster.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "kubectl-naming"})
	switch {
	case apierrors.IsForbidden(err):
		return fmt.Errorf("you may not patch namingclusters in namespace %q: ask for the role edit there: %w", c.Namespace, err)
	case apierrors.IsConflict(err):
		return fmt.Errorf("somebody else changed %s at the same time: run the command again: %w", cluster.Name, err)
	case err != nil:
		return fmt.Errorf("annotate %s: %w", cluster.Name, err)
	}
	return nil
}
