package census

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// reader lists what it is given, or fails.
type reader struct {
	client.Reader
	clusters []v1alpha1.NamingCluster
	err      error
}

func (r reader) List(_ context.Context, into client.ObjectList, _ ...client.ListOption) error {
	list, ok := into.(*v1alpha1.NamingClusterList)
	if !ok {
		return errors.New("only clusters are asked for")
	}
	list.Items = r.clusters
	return r.err
}

func cluster(namespace, name string, wanted, ready int32, conditions ...metav1.Condition) v1alpha1.NamingCluster {
	return v1alpha1.NamingCluster{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       v1alpha1.NamingClusterSpec{Replicas: &wanted},
		Status:     v1alpha1.NamingClusterStatus{ReadyReplicas: ready, UpdatedReplicas: wanted, Conditions: conditions},
	}
}

func TestEveryClusterIsCounted(t *testing.T) {
	counted := New(reader{clusters: []v1alpha1.NamingCluster{
		cluster("default", "demo", 3, 2,
			metav1.Condition{Type: v1alpha1.Ready, Status: metav1.ConditionTrue, Reason: "ClusterReady"},
			metav1.Condition{Type: v1alpha1.Degraded, Status: metav1.ConditionTrue, Reason: "MemberDown"}),
		cluster("payments", "demo", 1, 0), // seen by nobody yet
	}})
	want := `
# HELP naming_cluster_condition 1 for the present status and reason of each condition of a NamingCluster.
# TYPE naming_cluster_condition gauge
naming_cluster_condition{cluster_name="demo",cluster_namespace="default",reason="ClusterReady",status="True",type="Ready"} 1
naming_cluster_condition{cluster_name="demo",cluster_namespace="default",reason="MemberDown",status="True",type="Degraded"} 1
# HELP naming_cluster_spec_replicas Members that a NamingCluster wants.
# TYPE naming_cluster_spec_replicas gauge
naming_cluster_spec_replicas{cluster_name="demo",cluster_namespace="default"} 3
naming_cluster_spec_replicas{cluster_name="demo",cluster_namespace="payments"} 1
# HELP naming_cluster_status_ready_replicas Members of a NamingCluster that serve clients.
# TYPE naming_cluster_status_ready_replicas gauge
naming_cluster_status_ready_replicas{cluster_name="demo",cluster_namespace="default"} 2
naming_cluster_status_ready_replicas{cluster_name="demo",cluster_namespace="payments"} 0
# HELP naming_cluster_status_updated_replicas Members of a NamingCluster that run the newest template.
# TYPE naming_cluster_status_updated_replicas gauge
naming_cluster_status_updated_replicas{cluster_name="demo",cluster_namespace="default"} 3
naming_cluster_status_updated_replicas{cluster_name="demo",cluster_namespace="payments"} 1
`
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(counted)
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), answer.Body.String()); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func TestUnknownIsNotNone(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(New(reader{err: errors.New("the cache is not filled")}))
	if _, err := registry.Gather(); err == nil || !strings.Contains(err.Error(), "not filled") {
		t.Errorf("Gather = %v, want the cause", err)
	}
}

func TestEveryMetricIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/reference/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	described := make(chan *prometheus.Desc, 16)
	New(nil).Describe(described)
	close(described)
	for d := range described {
		name := strings.Split(d.String(), `"`)[1]
		if !strings.Contains(string(text), "| `"+name+"` |") {
			t.Errorf("metrics.md does not tell of %s", name)
		}
	}
}
