package admin

import (
	"net/http"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Service is one line of /v1/services: of a service that has instances, or that
// somebody waits for.
type Service struct {
	Namespace   string `json:"namespace"`
	Group       string `json:"group"`
	Name        string `json:"name"`
	Instances   int    `json:"instances"`
	Healthy     int    `json:"healthy"`
	Subscribers int    `json:"subscribers"` // clients of this member that are told of changes
}

func (s Sources) services(w http.ResponseWriter, _ *http.Request) {
	watched := s.Watched()
	keys := s.Services()
	for key := range watched {
		if _, listed := slices.BinarySearchFunc(keys, key, naming.ServiceKey.Compare); !listed {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, naming.ServiceKey.Compare)
	keys = slices.Compact(keys)
	out := make([]Service, 0, len(keys))
	for _, key := range keys {
		line := Service{Namespace: key.Namespace, Group: key.Group, Name: key.Name, Subscribers: watched[key]}
		for _, host := range s.View(key).Hosts {
			line.Instances++
			if host.Healthy && host.Enabled {
				line.Healthy++
			}
		}
		out = append(out, line)
	}
	writeJSON(w, out)
}

// Instance is one line of /v1/instances.
type Instance struct {
	IP       string            `json:"ip"`
	Port     int               `json:"port"`
	Cluster  string            `json:"cluster"`
	Weight   float64           `json:"weight"`
	Healthy  bool              `json:"healthy"`
	Enabled  bool              `json:"enabled"`
	Metadata map[string]string `json:"metadata"`
	Client   string            `json:"client"`
	Owner    string            `json:"owner,omitempty"` // member that answers for the client; absent when nobody is known to
	Since    *time.Time        `json:"since,omitempty"` // UTC; absent when unknown
	Stamp    Stamp             `json:"stamp"`
}

// Stamp says which write of a client a member holds.
type Stamp struct {
	Writer   string `json:"writer,omitempty"`  // member that wrote it; absent when unknown
	Version  int64  `json:"version,omitempty"` // Unix milliseconds, or a little more; absent when unknown
	Revision int32  `json:"revision"`          // what Nacos compares
}

func stampOf(s naming.Stamp) Stamp {
	return Stamp{Writer: string(s.Owner), Version: s.Version, Revision: s.Revision}
}

func (s Sources) instances(w http.ResponseWriter, r *http.Request) {
	of, err := asked(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	listed, err := s.Listed(r.Context(), of)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	out := make([]Instance, 0, len(listed))
	for _, h := range listed {
		line := Instance{
			IP: h.IP, Port: h.Port, Cluster: h.Cluster, Weight: h.Weight,
			Healthy: h.Healthy, Enabled: h.Enabled, Metadata: h.Metadata,
			Client: string(h.Client), Owner: string(h.Owner), Stamp: stampOf(h.Stamp),
		}
		if h.Since > 0 {
			since := time.UnixMilli(h.Since).UTC()
			line.Since = &since
		}
		out = append(out, line)
	}
	writeJSON(w, out)
}
