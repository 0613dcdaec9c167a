package controllers

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

// wantedService is the headless Service of a cluster called demo.
func wantedService(t *testing.T) resources.Child {
	t.Helper()
	c := &v1alpha1.NamingCluster{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "prod", UID: "u"}}
	for _, child := range resources.All(c, resources.Plan{}) {
		if child.Name == resources.HeadlessName(c) {
			return child
		}
	}
	t.Fatal("no headless Service among the children")
	return resources.Child{}
}

func TestCompare(t *testing.T) {
	tests := map[string]struct {
		change func(*corev1.Service)
		want   state
	}{
		"what we made":                    {func(*corev1.Service) {}, same},
		"what the API server has filled":  {func(s *corev1.Service) { s.Spec.SessionAffinity = corev1.ServiceAffinityNone }, same},
		"what others have labelled":       {func(s *corev1.Service) { s.Labels["team"] = "payments" }, same},
		"a selector that was changed":     {func(s *corev1.Service) { s.Spec.Selector[resources.ClusterLabel] = "other" }, drifted},
		"a label that was removed":        {func(s *corev1.Service) { delete(s.Labels, resources.ClusterLabel) }, drifted},
		"a port that was removed":         {func(s *corev1.Service) { s.Spec.Ports = s.Spec.Ports[1:] }, drifted},
		"an owner that was removed":       {func(s *corev1.Service) { s.OwnerReferences = nil }, drifted},
		"something that we made long ago": {func(s *corev1.Service) { s.Annotations[resources.ShapeAnnotation] = "0" }, outdated},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			wanted := wantedService(t)
			found := new(corev1.Service)
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(wanted.Object.DeepCopy().Object, found); err != nil {
				t.Fatal(err)
			}
			tc.change(found)
			if got := compare(wanted, found); got != tc.want {
				t.Errorf("compare = %d, want %d", got, tc.want)
			}
		})
	}
	if got := compare(wantedService(t), nil); got != absent {
		t.Errorf("compare with nothing = %d, want %d", got, absent)
	}
}
