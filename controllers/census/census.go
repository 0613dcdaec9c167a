// Package census tells Prometheus how all NamingClusters are, as their status
// says. It reads the operator's cache when it is asked, so nothing is kept and
// a cluster that is gone is gone from the metrics too. It never writes, and
// never asks the API server.
package census

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// patience bounds a look at the cache, which may not be filled yet.
const patience = 2 * time.Second

// Labels have other names than those that a scrape adds, since a cluster is
// seldom in the namespace of the operator that reports it.
var (
	who       = []string{"cluster_namespace", "cluster_name"}
	condition = prometheus.NewDesc("naming_cluster_condition",
		"1 for the present status and reason of each condition of a NamingCluster.",
		append([]string{"type", "status", "reason"}, who...), nil)
	wanted = prometheus.NewDesc("naming_cluster_spec_replicas",
		"Members that a NamingCluster wants.", who, nil)
	serving = prometheus.NewDesc("naming_cluster_status_ready_replicas",
		"Members of a NamingCluster that serve clients.", who, nil)
	updated = prometheus.NewDesc("naming_cluster_status_updated_replicas",
		"Members of a NamingCluster that run the newest template.", who, nil)
)

// Census is a collector over everything that clusters lists.
type Census struct {
	clusters client.Reader
}

// New returns a census of the clusters that are read there.
func New(clusters client.Reader) *Census { return &Census{clusters: clusters} }

// Describe implements prometheus.Collector.
func (c *Census) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{condition, wanted, serving, updated} {
		out <- d
	}
}

// Collect implements prometheus.Collector. A cache that cannot be read fails
// the scrape: no clusters and unknown clusters are not the same.
func (c *Census) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), patience) //nolint:forbidigo // collectors are given no context
	defer cancel()
	var list v1alpha1.NamingClusterList
	if err := c.clusters.List(ctx, &list); err != nil {
		out <- prometheus.NewInvalidMetric(condition, err)
		return
	}
	for i := range list.Items {
		count(&list.Items[i], out)
	}
}

func count(c *v1alpha1.NamingCluster, out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, append(labels, c.Namespace, c.Name)...)
	}
	for _, k := range c.Status.Conditions {
		gauge(condition, 1, k.Type, string(k.Status), k.Reason)
	}
	if c.Spec.Replicas != nil {
		gauge(wanted, float64(*c.Spec.Replicas))
	}
	gauge(serving, float64(c.Status.ReadyReplicas))
	gauge(updated, float64(c.Status.UpdatedReplicas))
}
