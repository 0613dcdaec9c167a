package wire

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Service is what is known of a service, for those who look after it.
type Service struct {
	Key      naming.ServiceKey
	Settings naming.Settings
	Hosts    []naming.Instance // all, enabled or not
}

// clusters returns the names of the clusters, in order.
func (s Service) clusters() []string {
	names := map[string]struct{}{}
	for _, h := range s.Hosts {
		names[h.Cluster] = struct{}{}
	}
	for name := range s.Settings.Clusters {
		names[name] = struct{}{}
	}
	return slices.Sorted(maps.Keys(names))
}

func (s Service) in(cluster string) (hosts []naming.Instance) {
	for _, h := range s.Hosts {
		if h.Cluster == cluster {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

func (s Service) healthy() (n int) {
	for _, h := range s.Hosts {
		if h.Healthy {
			n++
		}
	}
	return n
}

// selector is a Selector as Nacos writes it.
type selector struct {
	Type       string `json:"type"`
	Expression string `json:"expression,omitempty"`
	Context    string `json:"contextType"`
}

func selectorOf(s naming.Selector) selector {
	if s.Type == "" || s.Type == "none" {
		return selector{Type: "none", Context: "NONE"}
	}
	return selector{Type: s.Type, Expression: s.Expression, Context: "CMDB"}
}

// checker is a health checker as JSON.
func checker(c naming.ClusterSettings) json.RawMessage {
	if c.HealthChecker == "" {
		return json.RawMessage(`{"type":"TCP"}`)
	}
	return json.RawMessage(c.HealthChecker)
}

// cluster is a cluster of a service's detail in v1.
type cluster struct {
	Name     string          `json:"name"`
	Checker  json.RawMessage `json:"healthChecker"`
	Metadata texts           `json:"metadata"`
}

// ServiceDetail is the detail of a service in v1.
func ServiceDetail(s Service) []byte {
	list := []cluster{}
	for _, name := range s.clusters() {
		c := s.Settings.Clusters[name]
		list = append(list, cluster{name, checker(c), c.Metadata})
	}
	return object(struct {
		Namespace string    `json:"namespaceId"`
		Group     string    `json:"groupName"`
		Name      string    `json:"name"`
		Threshold double    `json:"protectThreshold"`
		Metadata  texts     `json:"metadata"`
		Selector  selector  `json:"selector"`
		Clusters  []cluster `json:"clusters"`
	}{
		s.Key.Namespace, s.Key.Group, s.Key.Name, double(s.Settings.ProtectThreshold), s.Settings.Metadata,
		selectorOf(s.Settings.Selector), list,
	})
}

// clusterInfo is a cluster of a service's detail in v2 and v3.
type clusterInfo struct {
	Name     string          `json:"clusterName"`
	Checker  json.RawMessage `json:"healthChecker"`
	Port     int             `json:"healthyCheckPort"`
	UsePort  bool            `json:"useInstancePortForCheck"`
	Metadata texts           `json:"metadata"`
	Hosts    json.RawMessage `json:"hosts"`
}

func (s Service) clusterMap(hosts bool) map[string]clusterInfo {
	out := map[string]clusterInfo{}
	for _, name := range s.clusters() {
		c, known := s.Settings.Clusters[name]
		info := clusterInfo{name, checker(c), c.CheckPort, c.UseInstancePort || !known, c.Metadata, nil}
		if hosts {
			info.Hosts = Instances(s.Key, s.in(name))
		}
		out[name] = info
	}
	return out
}

// detailed is the detail of a service in v2 and v3, but for its namespace, whose
// name differs.
type detailed struct {
	Name      string                 `json:"serviceName"`
	Group     string                 `json:"groupName"`
	Clusters  map[string]clusterInfo `json:"clusterMap"`
	Metadata  texts                  `json:"metadata"`
	Threshold double                 `json:"protectThreshold"`
	Selector  selector               `json:"selector"`
	Ephemeral bool                   `json:"ephemeral"`
}

func (s Service) detailed() detailed {
	return detailed{
		s.Key.Name, s.Key.Group, s.clusterMap(true), s.Settings.Metadata, double(s.Settings.ProtectThreshold),
		selectorOf(s.Settings.Selector), s.Settings.Ephemeral || len(s.Hosts) > 0,
	}
}

// ServiceDetailV2 is the detail of a service in v2.
func ServiceDetailV2(s Service) []byte {
	return object(struct {
		Namespace string `json:"namespace"`
		detailed
	}{s.Key.Namespace, s.detailed()})
}

// ServiceDetailV3 is the detail of a service in v3.
func ServiceDetailV3(s Service) []byte {
	return object(struct {
		Namespace string `json:"namespaceId"`
		detailed
	}{s.Key.Namespace, s.detailed()})
}

// summary is a service in a list of services.
type summary struct {
	Name     string `json:"name"`
	Group    string `json:"groupName"`
	Clusters int    `json:"clusterCount"`
	IPs      int    `json:"ipCount"`
	Healthy  int    `json:"healthyInstanceCount"`
	Trigger  string `json:"triggerFlag"`
}

func summaries(list []Service) []summary {
	out := make([]summary, 0, len(list))
	for _, s := range list {
		few := len(s.Hosts) > 0 && float64(s.healthy()) <= s.Settings.ProtectThreshold*float64(len(s.Hosts))
		out = append(out, summary{
			s.Key.Name, s.Key.Group, len(s.clusters()), len(s.Hosts), s.healthy(), strconv.FormatBool(few),
		})
	}
	return out
}
