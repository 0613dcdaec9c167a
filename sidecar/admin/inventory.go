package admin

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Digest is one line of /v1/digests: what is held of one owner. Members that
// agree on an owner's digest hold the same of it; where they do not, the buckets
// say in which part to look.
type Digest struct {
	Owner   string   `json:"owner"` // a member; "" for clients that nobody is known to own
	Clients int      `json:"clients"`
	Digest  string   `json:"digest"`
	Buckets []string `json:"buckets"`
}

func (s Sources) digests(w http.ResponseWriter, r *http.Request) {
	held, err := s.Holdings(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	out := make([]Digest, 0, len(held))
	for _, h := range held {
		out = append(out, Digest{Owner: string(h.Owner), Clients: h.Clients, Digest: h.Digest, Buckets: h.Buckets})
	}
	writeJSON(w, out)
}

// Record is one line of /v1/records: what a client publishes, without content.
type Record struct {
	Client    string   `json:"client"`
	Stamp     Stamp    `json:"stamp"`
	Services  []string `json:"services"`  // namespace@@group@@name, those with instances
	Instances int      `json:"instances"` // in all of them
}

func (s Sources) records(w http.ResponseWriter, r *http.Request) {
	buckets, err := askedBuckets(r.URL.Query()["bucket"])
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	held, err := s.Held(r.Context(), member.Address(r.URL.Query().Get("owner")), buckets)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	out := make([]Record, 0, len(held))
	for _, h := range held {
		out = append(out, recordOf(h))
	}
	slices.SortFunc(out, func(a, b Record) int { return strings.Compare(a.Client, b.Client) })
	writeJSON(w, out)
}

func recordOf(h naming.Held) Record {
	line := Record{Client: string(h.Record.Client), Stamp: stampOf(h.Stamp), Services: []string{}}
	for _, p := range h.Record.Publications() {
		if len(p.Instances) > 0 {
			line.Services = append(line.Services, p.Service.String())
			line.Instances += len(p.Instances)
		}
	}
	return line
}

// askedBuckets reads bucket numbers. Who asks for none would get nothing and take
// it for an answer.
func askedBuckets(texts []string) ([]uint8, error) {
	if len(texts) == 0 {
		return nil, fmt.Errorf("records: which? give bucket=N, 0 to 255, as often as needed; /v1/digests has their digests")
	}
	var out []uint8
	for _, text := range texts {
		n, err := strconv.ParseUint(text, 10, 8)
		if err != nil {
			return nil, fmt.Errorf("records: bucket %q is not a number from 0 to 255", text)
		}
		out = append(out, uint8(n))
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
