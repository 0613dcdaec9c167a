package wire

import (
	"cmp"
	"encoding/json"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Subscriber is who watches a service.
type Subscriber struct {
	Client   naming.ClientID
	Service  naming.ServiceKey
	IP       string
	Port     int
	Agent    string
	App      string
	Clusters string // empty: all
}

// subscriberV1 is a subscriber as v1 shows it.
type subscriberV1 struct {
	Address   string `json:"addrStr"`
	Agent     string `json:"agent"`
	App       string `json:"app"`
	IP        string `json:"ip"`
	Port      int    `json:"port"`
	Namespace string `json:"namespaceId"`
	Service   string `json:"serviceName"`
	Cluster   string `json:"cluster"`
}

// Subscribers is a page of those who watch a service; count is of all.
func Subscribers(count int, page []Subscriber) []byte {
	out := make([]subscriberV1, 0, len(page))
	for _, s := range page {
		out = append(out, subscriberV1{
			s.address(), s.Agent, s.App, s.IP, s.Port, s.Service.Namespace, s.Service.Grouped(), s.Clusters,
		})
	}
	return object(struct {
		List  []subscriberV1 `json:"subscribers"`
		Count int            `json:"count"`
	}{out, count})
}

// DecodeSubscribers reads such a page, of another member.
func DecodeSubscribers(body []byte) (out []Subscriber) {
	var in struct {
		Subscribers []subscriberV1 `json:"subscribers"`
	}
	_ = json.Unmarshal(body, &in) // what cannot be read says nothing
	for _, s := range in.Subscribers {
		group, name := naming.SplitGrouped(s.Service)
		out = append(out, Subscriber{
			Service: naming.ServiceKey{Namespace: s.Namespace, Group: group, Name: name},
			IP:      s.IP, Port: s.Port, Agent: s.Agent, App: s.App, Clusters: s.Cluster,
		})
	}
	return out
}

// SubscriberItems are the items of such a page in v3.
func SubscriberItems(page []Subscriber) []byte {
	type item struct {
		Namespace string `json:"namespaceId"`
		Group     string `json:"groupName"`
		Service   string `json:"serviceName"`
		IP        string `json:"ip"`
		Port      int    `json:"port"`
		Agent     string `json:"agent"`
		App       string `json:"appName"`
	}
	out := make([]item, 0, len(page))
	for _, s := range page {
		out = append(out, item{s.Service.Namespace, s.Service.Group, s.Service.Name, s.IP, s.Port, s.Agent, s.App})
	}
	return object(out)
}

func (s Subscriber) address() string { return joined(s.IP, s.Port) }

// Compare orders subscribers by address, program and what they watch.
func (s Subscriber) Compare(o Subscriber) int {
	return cmp.Or(cmp.Compare(s.IP, o.IP), cmp.Compare(s.Port, o.Port), s.Service.Compare(o.Service),
		cmp.Compare(s.Clusters, o.Clusters), cmp.Compare(s.Agent, o.Agent))
}
