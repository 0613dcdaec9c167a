package admin

import (
	"math"
	"net/http"

	"github.com/distro-naming/naming-operator/sidecar/settings"
)

// Setting is one line of /v1/settings: of what something is set by the API, and by
// which write, without content. Members whose settings have one digest have the same
// lines.
type Setting struct {
	Namespace string `json:"namespace"`
	Group     string `json:"group"`
	Name      string `json:"name"`
	IP        string `json:"ip,omitempty"` // with port and cluster: of an instance; absent of the service itself
	Port      int    `json:"port,omitempty"`
	Cluster   string `json:"cluster,omitempty"`
	Stamp     Stamp  `json:"stamp"` // the revision is how often it was kept though some member had let it end
}

func (s Sources) settings(w http.ResponseWriter, r *http.Request) {
	said, err := s.Settings(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	out := make([]Setting, 0, len(said))
	for _, e := range said {
		out = append(out, settingOf(e))
	}
	writeJSON(w, out)
}

func settingOf(e settings.Entry) Setting {
	of, at := e.Key.Service, e.Key.Endpoint
	kept := int32(min(e.Stamp.Kept, math.MaxInt32)) //nolint:gosec // bounded
	return Setting{
		Namespace: of.Namespace, Group: of.Group, Name: of.Name, IP: at.IP, Port: at.Port, Cluster: at.Cluster,
		Stamp: Stamp{Writer: string(e.Stamp.By), Version: e.Stamp.Time, Revision: kept},
	}
}
