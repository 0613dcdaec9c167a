//go:build envtest

package scale

import (
	"context"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

const (
	few      = 50
	patience = 10 * time.Minute // for a step, however slow the machine
	quiet    = 30 * time.Second // how long it is watched at rest in a benchmark
)

func TestManyClusters(t *testing.T) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("the operator needs an API server: set KUBEBUILDER_ASSETS, as make test-envtest does")
		}
		t.Skip("NOT TESTED: the operator needs an API server; set KUBEBUILDER_ASSETS, as make test-envtest does")
	}
	count := clusters(t)
	server := &envtest.Environment{CRDDirectoryPaths: []string{"../../config/crd/bases"}, ErrorIfCRDPathMissing: true}
	server.ControlPlane.GetAPIServer().Configure().Set("service-cluster-ip-range", "10.0.0.0/16") // one for each cluster
	config, err := server.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	program, kubeconfig := build(t, config)
	l := newLab(t, config, count)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	playing := sync.WaitGroup{}
	playing.Go(func() { l.nodes.play(ctx, t) })
	defer playing.Wait()
	defer cancel()

	o := start(t, program, kubeconfig)
	l.reportsAll(t, o)
	l.rests(t, o)
	o.stop(t)

	o = start(t, program, kubeconfig)
	l.takesOver(t, o)
	l.bearsSilence(t, o)
	o.stop(t)
}

func clusters(t *testing.T) int {
	t.Helper()
	text := os.Getenv("CLUSTERS")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("CLUSTERS=%s is no number of clusters", text)
	}
	return n
}

// reportsAll makes all clusters and waits until each is reported as serving.
func (l *lab) reportsAll(t *testing.T, o *operator) {
	t.Helper()
	began := time.Now()
	l.create(t)
	made := time.Since(began)
	l.eventually(t, o, "serving", func(c *v1alpha1.NamingCluster) bool {
		return meta.IsStatusConditionTrue(c.Status.Conditions, v1alpha1.Ready) &&
			meta.IsStatusConditionTrue(c.Status.Conditions, v1alpha1.Converged) &&
			meta.IsStatusConditionFalse(c.Status.Conditions, v1alpha1.Reconciling)
	})
	t.Logf("%d clusters made in %.1f s, all reported after %.1f s (goal: 180 s for 1000)",
		l.count, made.Seconds(), time.Since(began).Seconds())
	t.Logf("then: %s (goal: 200 MB); %.0f writes, %.0f passes, %.0f of them failed",
		o.cost(t), o.writes(t), o.passes(t), o.failures(t))
}

// rests watches clusters at rest: nothing is written. A thousand are not asked
// meanwhile: metrics of thousands of conditions cost more than the passes do.
func (l *lab) rests(t *testing.T, o *operator) {
	t.Helper()
	l.until(t, "every cluster has the event that it is ready", func() bool { return l.told(t) >= l.count }) // events follow statuses
	writes, passes, cpu, began := o.writes(t), o.passes(t), o.cpu(t), time.Now()
	if l.count > few {
		<-time.After(quiet)
	}
	l.until(t, "every cluster has been looked at again", func() bool { return o.passes(t) >= passes+float64(l.count) })
	took := time.Since(began)
	t.Logf("at rest: %.1f passes/s, CPU %.1f %% of a core; %s", (o.passes(t)-passes)/took.Seconds(),
		100*(o.cpu(t)-cpu).Seconds()/took.Seconds(), o.cost(t))
	if n := o.writes(t) - writes; n != 0 {
		t.Errorf("%.0f writes at rest, want none", n)
	}
}

// takesOver waits until a new operator has looked at everything: it writes nothing.
func (l *lab) takesOver(t *testing.T, o *operator) {
	t.Helper()
	before, began := l.versions(t), time.Now()
	l.until(t, "every cluster has been looked at", func() bool {
		return o.passes(t) >= 2*float64(l.count)
	})
	t.Logf("a new operator has looked at all twice after %.1f s; %s", time.Since(began).Seconds(), o.cost(t))
	if n := o.writes(t); n != 0 {
		t.Errorf("a new operator has written %.0f times, want never", n)
	}
	if after := l.versions(t); after != before {
		t.Error("a new operator has changed objects")
	}
}

// bearsSilence has no member answer any more, each as slowly as can be.
func (l *lab) bearsSilence(t *testing.T, o *operator) {
	t.Helper()
	began := time.Now()
	l.members.silent.Store(true)
	l.eventually(t, o, "silent", func(c *v1alpha1.NamingCluster) bool {
		return meta.IsStatusConditionPresentAndEqual(c.Status.Conditions, v1alpha1.Converged, metav1.ConditionUnknown) &&
			meta.IsStatusConditionTrue(c.Status.Conditions, v1alpha1.Available)
	})
	t.Logf("%d members fall silent, all reported after %.1f s (goal: 180 s); %s",
		3*l.count, time.Since(began).Seconds(), o.cost(t))
}

// until waits for something.
func (l *lab) until(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("still not so: %s", what)
		}
	}
}

// eventually waits until something is true of all clusters.
func (l *lab) eventually(t *testing.T, o *operator, what string, is func(*v1alpha1.NamingCluster) bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		var list v1alpha1.NamingClusterList
		if err := l.api.List(t.Context(), &list); err != nil {
			t.Fatal(err)
		}
		n := 0
		for i := range list.Items {
			if is(&list.Items[i]) {
				n++
			}
		}
		if n == l.count {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d of %d clusters are reported as %s; %s", n, l.count, what, o.cost(t))
		}
	}
}
