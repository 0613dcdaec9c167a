package wire

import (
	"encoding/json"
	"strconv"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// place is an instance as a batch lists it.
type place struct {
	IP          string `json:"ip"`
	Port        int    `json:"port"`
	ClusterName string `json:"clusterName"`
}

// Endpoints returns the instances that a parameter lists in JSON; what cannot be
// read lists none. given is false without the parameter.
func (f Form) Endpoints(name string) (list []naming.Endpoint, given bool) {
	text := f.Get(name)
	if text == "" {
		return nil, false
	}
	var in []place
	_ = json.Unmarshal([]byte(text), &in) // Nacos passes over what it cannot read
	for _, p := range in {
		if p.ClusterName == "" {
			p.ClusterName = naming.DefaultCluster
		}
		list = append(list, naming.Endpoint{IP: p.IP, Port: p.Port, Cluster: p.ClusterName})
	}
	return list, true
}

// InstanceKey is how a batch names what it has changed.
func InstanceKey(i naming.Instance) string {
	return i.IP + ":" + strconv.Itoa(i.Port) + ":unknown:" + i.Cluster + ":ephemeral"
}

// Updated is the body of a batch's answer.
func Updated(keys []string) []byte {
	return append(appendStrings([]byte(`{"updated":`), keys), '}')
}
