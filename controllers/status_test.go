package controllers

import (
	"errors"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/controllers/rollout"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/test/golden"
)

const statusImage = "distro-sidecar:v1"

// grown is a scope whose list is published and whose cluster is at its second
// generation, after a change.
func grown(change func(*scope)) *scope {
	s := seen()
	s.children = map[string]client.Object{}
	s.cluster.Generation = 2
	s.cluster.TypeMeta = metav1.TypeMeta{APIVersion: v1alpha1.SchemeGroupVersion.String(), Kind: "NamingCluster"}
	var addresses []member.Address
	for _, p := range s.pods {
		addresses = append(addresses, p.address)
	}
	s.published = member.NewList(1, addresses, nil)
	s.set.Spec.UpdateStrategy.RollingUpdate.Partition = new(int32(3))
	change(s)
	s.wishes = wishesOf(s.cluster)
	return s
}

// settled makes the set one whose template is what the spec says.
func (s *scope) settled() {
	s.set.Annotations = map[string]string{resources.TemplateAnnotation: resources.TemplateHash(s.cluster, statusImage, s.tls.plan)}
}

// outdated makes the last pod the only one with the newest template.
func (s *scope) outdated() {
	s.settled()
	s.set.Status.CurrentRevision, s.set.Status.UpdateRevision = "old", "new"
	for i, p := range s.pods {
		p.Labels = map[string]string{appsv1.StatefulSetRevisionLabel: "old"}
		if i == 2 {
			p.Labels[appsv1.StatefulSetRevisionLabel] = "new"
		}
	}
}

// TestGoldenStatus writes down whole statuses; test/gitops reads the files with
// the libraries of the tools that judge them.
func TestGoldenStatus(t *testing.T) {
	tests := map[string]struct {
		change func(*scope)
		err    error
	}{
		"ready":    {(*scope).settled, nil},
		"rolling":  {(*scope).outdated, nil},
		"stalled":  {(*scope).settled, errForeign},
		"retrying": {(*scope).settled, errors.New("apply Service demo: no connection")},
		"zero": {func(s *scope) {
			s.cluster.Spec.Replicas = new(int32)
			s.settled()
			s.set.Spec.Replicas, s.pods = new(int32), nil
			s.set.Spec.UpdateStrategy.RollingUpdate.Partition = new(int32)
		}, nil},
		"paused": {func(s *scope) {
			s.cluster.Spec.Paused = true
			s.outdated()
		}, nil},
		"held": {func(s *scope) {
			s.cluster.Spec.UpdateStrategy.RollingUpdate = &v1alpha1.RollingUpdate{Partition: 2}
			s.outdated()
		}, nil},
		"stuck": {func(s *scope) {
			s.outdated()
			s.pods[2].Status = waiting("ImagePullBackOff")
			s.cluster.Status.Conditions = []metav1.Condition{yes(v1alpha1.Ready, v1alpha1.ReasonClusterReady, "before")}
		}, nil},
		"starting": {func(s *scope) {
			s.settled()
			for _, p := range s.pods {
				p.Status = corev1.PodStatus{}
			}
		}, nil},
		"fenced": {func(s *scope) {
			s.cluster.Annotations = map[string]string{v1alpha1.FencedAnnotation: `["demo-1"]`}
			s.settled()
			s.pods[1].Labels = map[string]string{resources.FencedLabel: "true"}
		}, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := grown(tc.change)
			f := s.facts(statusImage, noon)
			s.cluster.Status = statusFor(s, f, rollout.Decide(f), tc.err, noon)
			checkStatus(t, name, s.cluster)
		})
	}
	t.Run("first", func(t *testing.T) {
		s := grown(func(*scope) {})
		s.cluster.Status = firstStatus(s.cluster, noon)
		checkStatus(t, "first", s.cluster)
	})
}

func checkStatus(t *testing.T, name string, c *v1alpha1.NamingCluster) {
	t.Helper()
	raw, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/status/"+name+".yaml", raw)
}
