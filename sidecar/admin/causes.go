package admin

import (
	"net/http"
	"time"
)

// Cause is one line of /v1/causes: why the answer for a service changed.
type Cause struct {
	Time    time.Time `json:"time"` // UTC
	Kind    string    `json:"kind"`
	Client  string    `json:"client"`
	IP      string    `json:"ip"` // with port and cluster: the first endpoint concerned
	Port    int       `json:"port"`
	Cluster string    `json:"cluster"`
	Count   int       `json:"count"`            // endpoints concerned
	Peer    string    `json:"peer,omitempty"`   // the member that said so; absent when it happened here
	By      string    `json:"by,omitempty"`     // the client that took over
	Reason  string    `json:"reason,omitempty"` // of an expiry, or of what is braked
}

func (s Sources) causes(w http.ResponseWriter, r *http.Request) {
	of, err := asked(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	causes, err := s.Causes(r.Context(), of)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	out := []Cause{}
	for _, c := range causes {
		out = append(out, Cause{
			Time: c.Time.UTC(), Kind: string(c.Kind), Client: string(c.Client),
			IP: c.Endpoint.IP, Port: c.Endpoint.Port, Cluster: c.Endpoint.Cluster, Count: c.Count,
			Peer: string(c.Peer), By: string(c.By), Reason: c.Reason,
		})
	}
	writeJSON(w, out)
}
