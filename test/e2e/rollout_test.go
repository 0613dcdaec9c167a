//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestImageChangeRollsOneMemberAtATime watches all pods while the image
// changes and changes back.
func TestImageChangeRollsOneMemberAtATime(t *testing.T) {
	requireSettled(t, members)
	a := gather(t, "rolled", serviceAddress(t))
	l := grow(t, "rolled-grown")
	stop := countUnready(t)

	setImage(t, fmt.Sprintf("%q", nextImage))
	requireSettled(t, members)
	for i := range members {
		if got := pod(t, i).Spec.InitContainers[0].Image; got != nextImage {
			t.Errorf("image of member %d = %s, want %s", i, got, nextImage)
		}
	}
	setImage(t, "null")
	requireSettled(t, members)

	if most := stop(); most > 1 {
		t.Errorf("%d members were away at once, want at most 1", most)
	}
	l.settle(t, addresses(t)...)
	a.dismiss(t)
}

func setImage(t *testing.T, image string) {
	t.Helper()
	kubectl(t, "patch", "nmc", demo.Name, "--type=merge", "-p", `{"spec":{"image":`+image+`}}`)
}

// countUnready follows the pods until the returned function is called, which
// gives the largest number of members that were not ready at one moment.
func countUnready(t *testing.T) (stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	labels := client.MatchingLabels(selector(t))
	w, err := k8s.Watch(ctx, &corev1.PodList{}, client.InNamespace(demo.Namespace), labels)
	if err != nil {
		t.Fatalf("watch pods: %v", err)
	}
	state, most, done := map[string]bool{}, 0, make(chan struct{})
	go func() {
		defer close(done)
		for event := range w.ResultChan() {
			p, ok := event.Object.(*corev1.Pod)
			if !ok {
				continue
			}
			state[p.Name] = ready(p) && event.Type != "DELETED"
			away := 0
			for _, up := range state {
				if !up {
					away++
				}
			}
			if len(state) == members {
				most = max(most, away)
			}
		}
	}()
	return func() int {
		w.Stop()
		cancel()
		<-done
		return most
	}
}
