package wire

import (
	"encoding/json"
	"net"
	"strconv"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

func joined(ip string, port int) string { return ip + ":" + strconv.Itoa(port) }

// ClientIDs is a list of clients.
func ClientIDs(list []naming.ClientID) []byte {
	out := make([]string, 0, len(list))
	for _, c := range list {
		out = append(out, string(c))
	}
	return appendStrings(nil, out)
}

// ClientDetail is what is known of a client; updated are Unix milliseconds.
func ClientDetail(c naming.ClientID, updated int64, agent string) []byte {
	detail := map[string]any{"clientId": c, "ephemeral": true, "lastUpdatedTime": updated}
	if ip, port, ok := ClientAddress(c); ok {
		detail["clientIp"], detail["clientPort"] = ip, strconv.Itoa(port)
	}
	if c.Beats() {
		detail["clientType"] = "ipPort"
	} else {
		detail["clientType"], detail["connectType"], detail["version"] = "connection", "GRPC", agent
	}
	return object(detail)
}

// ClientAddress returns where a client is, as its id says: "time_ip_port" of a
// connection, "ip:port#true" of one that beats.
func ClientAddress(c naming.ClientID) (ip string, port int, ok bool) {
	text := c.Tag()
	at := strings.LastIndexByte(text, ':')
	if _, connection := c.Opened(); connection {
		_, text, _ = strings.Cut(text, "_")
		at = strings.LastIndexByte(text, '_')
	}
	if at < 0 {
		return "", 0, false
	}
	port, err := strconv.Atoi(text[at+1:])
	return text[:at], port, err == nil
}

// registered is an instance as lists of clients show it.
type registered struct {
	IP      string          `json:"ip"`
	Port    int             `json:"port"`
	Cluster string          `json:"cluster"`
	Client  naming.ClientID `json:"clientId,omitempty"`
}

// inService begins what a client does with a service.
type inService struct {
	Namespace string `json:"namespace"`
	Group     string `json:"group"`
	Name      string `json:"serviceName"`
}

func in(s naming.ServiceKey) inService { return inService{s.Namespace, s.Group, s.Name} }

// Published is what a client publishes.
func Published(r *naming.Record) []byte {
	type item struct {
		inService
		Instance registered `json:"registeredInstance"`
	}
	out := []item{}
	for _, p := range r.Publications() {
		for _, i := range p.Instances {
			out = append(out, item{in(p.Service), registered{IP: i.IP, Port: i.Port, Cluster: i.Cluster}})
		}
	}
	return object(out)
}

// Subscribed is what a client watches.
func Subscribed(list []Subscriber) []byte {
	type info struct {
		App     string `json:"app"`
		Agent   string `json:"agent"`
		Address string `json:"addr"`
	}
	type item struct {
		inService
		Info info `json:"subscriberInfo"`
	}
	out := []item{}
	for _, s := range list {
		out = append(out, item{in(s.Service), info{s.App, s.Agent, s.address()}})
	}
	return object(out)
}

// Publishers are the clients that publish in a service, at ip and port if those
// are given.
func Publishers(records []*naming.Record, s naming.ServiceKey, ip, port string) []byte {
	out := []registered{}
	for _, r := range records {
		p := r.Find(s)
		if p == nil {
			continue
		}
		for _, i := range p.Instances {
			if (ip == "" || ip == i.IP) && (port == "" || port == strconv.Itoa(i.Port)) {
				out = append(out, registered{i.IP, i.Port, i.Cluster, r.Client})
			}
		}
	}
	return object(out)
}

// Watchers are the clients that watch a service, at ip and port if those are
// given.
func Watchers(list []Subscriber, ip, port string) []byte {
	type item struct {
		Client naming.ClientID `json:"clientId"`
		IP     string          `json:"ip"`
		Port   int             `json:"port"`
	}
	out := []item{}
	for _, s := range list {
		if (ip == "" || ip == s.IP) && (port == "" || port == strconv.Itoa(s.Port)) {
			out = append(out, item{s.Client, s.IP, s.Port})
		}
	}
	return object(out)
}

// targets are instances for Prometheus to ask.
type targets struct {
	Targets []string        `json:"targets"`
	Labels  json.RawMessage `json:"labels"`
}

// PrometheusTargets lists instances as Prometheus discovers them over HTTP: each
// with its cluster and metadata as labels.
func PrometheusTargets(list []naming.Instance) []byte {
	out := make([]targets, 0, len(list))
	for _, i := range list {
		labels := map[string]string{}
		for key, value := range i.Metadata {
			labels[label(key)] = value
		}
		labels["__meta_clusterName"] = i.Cluster
		out = append(out, targets{[]string{net.JoinHostPort(i.IP, strconv.Itoa(i.Port))}, appendMap(nil, labels)})
	}
	return object(out)
}

// label makes a name that Prometheus takes: what it does not allow, of which
// Nacos replaces dots and dashes only, is "_". One such name and it would refuse
// the whole list.
func label(key string) string {
	out := []byte(key)
	for i, c := range out {
		digit := c >= '0' && c <= '9'
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (!digit || i == 0) {
			out[i] = '_'
		}
	}
	if len(out) == 0 {
		return "_"
	}
	return string(out)
}
