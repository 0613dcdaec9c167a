package controllers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/controllers/resources"
)

func TestPodsAreRememberedWithoutWhatNobodyAsks(t *testing.T) {
	full := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "demo-0", Labels: map[string]string{"a": "b"}, ManagedFields: []metav1.ManagedFieldsEntry{{}}},
		Spec: corev1.PodSpec{
			NodeName:       "n",
			InitContainers: []corev1.Container{{Name: resources.SidecarName, Image: "i", Args: []string{"serve"}}},
			Containers:     []corev1.Container{{Name: "console"}},
			Volumes:        []corev1.Volume{{Name: "v"}},
		},
		Status: corev1.PodStatus{PodIP: "10.0.0.1"},
	}
	want := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "demo-0", Labels: map[string]string{"a": "b"}},
		Spec: corev1.PodSpec{
			NodeName:       "n",
			InitContainers: []corev1.Container{{Name: resources.SidecarName, Image: "i"}},
			Volumes:        []corev1.Volume{{Name: "v"}},
		},
		Status: corev1.PodStatus{PodIP: "10.0.0.1"},
	}
	got, err := trim(full)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("trim (-want +got):\n%s", diff)
	}
	if image := (pod{Pod: got.(*corev1.Pod)}).image(); image != "i" {
		t.Errorf("image = %q, want i", image)
	}
	var other client.Object = &corev1.Service{}
	if got, err := trim(other); got != other || err != nil {
		t.Errorf("trim of something else = %v, %v, want it as it is", got, err)
	}
}
