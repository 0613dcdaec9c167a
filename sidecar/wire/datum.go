package wire

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// DatumPath and the others below are where members of Nacos 1.x replicate
// services to each other (HTTP page, 6.5 to 6.10).
const (
	DatumPath     = "/nacos/v1/ns/distro/datum"
	DatumsPath    = "/nacos/v1/ns/distro/datums"
	ChecksumPath  = "/nacos/v1/ns/distro/checksum"
	StatusPath    = "/nacos/v1/ns/service/status"
	StatusesPath  = "/nacos/v1/ns/instance/statuses"
	InstancePath  = "/nacos/v1/ns/instance"
	BeatPath      = "/nacos/v1/ns/instance/beat"
	SelfPath      = "/nacos/v1/core/cluster/self"
	JudgementPath = "/nacos/v1/ns/upgrade/ops/metrics"
)

const (
	datumPrefix    = "com.alibaba.nacos.naming.iplist.ephemeral."
	datumSeparator = "##"
	leastWeight    = 0.01 // of those above 0, once a member of 1.x has taken it
)

// Listed is an instance as members of Nacos 1.x list it.
type Listed struct {
	naming.Instance
	Marked bool // it needs no beats
}

// Datum is all that is listed in a service.
type Datum struct {
	Service naming.ServiceKey
	List    []Listed
}

// NewDatum returns what is listed in a service when hosts are.
func NewDatum(s naming.ServiceKey, hosts []naming.Instance) Datum {
	d := Datum{Service: s, List: make([]Listed, 0, len(hosts))}
	for _, h := range hosts {
		d.List = append(d.List, Listed{Instance: h})
	}
	return d
}

// Record is the datum as what a member publishes.
func (d Datum) Record(by member.Address) *naming.Record {
	p := naming.Publication{Service: d.Service, Batch: true, Instances: make([]naming.Instance, 0, len(d.List))}
	for _, l := range d.List {
		p.Instances = append(p.Instances, l.Instance)
	}
	stamp := naming.Stamp{Owner: by, Revision: Revision(d.Checksum())}
	return naming.Normal(naming.DatumClient(d.Service, by), stamp, []naming.Publication{p})
}

// DatumKey is the key of a service's ephemeral instances.
func DatumKey(s naming.ServiceKey) string {
	return datumPrefix + s.Namespace + datumSeparator + s.Grouped()
}

// ParseDatumKey reads such a key; it is false for keys of other things.
func ParseDatumKey(key string) (naming.ServiceKey, bool) {
	rest, ephemeral := strings.CutPrefix(key, datumPrefix)
	namespace, grouped, both := strings.Cut(rest, datumSeparator)
	if !ephemeral || !both || !strings.Contains(grouped, "@@") {
		return naming.ServiceKey{}, false
	}
	group, name := naming.SplitGrouped(grouped)
	return naming.ServiceKey{Namespace: namespace, Group: group, Name: name}, group != "" && name != ""
}

// Datums is the body that carries services: of a PUT of some, and of an answer.
func Datums(all []Datum) []byte {
	b := []byte{'{'}
	for i, d := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, DatumKey(d.Service))
		b = appendDatum(append(b, ':'), d)
	}
	return append(b, '}')
}

func appendDatum(b []byte, d Datum) []byte {
	b = appendString(append(b, `{"key":`...), DatumKey(d.Service))
	b = append(b, `,"value":{"instanceList":[`...)
	grouped := d.Service.Grouped()
	for i, l := range d.List {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendListed(b, l, grouped)
	}
	return append(b, `]},"timestamp":1}`...)
}

// appendListed leaves out when the last beat came: what takes the instance in
// then counts from that moment, by its own clock.
func appendListed(b []byte, l Listed, grouped string) []byte {
	b = appendString(append(b, `{"instanceId":`...), l.ID)
	b = appendString(append(b, `,"ip":`...), l.IP)
	b = strconv.AppendInt(append(b, `,"port":`...), int64(l.Port), 10)
	b = appendDouble(append(b, `,"weight":`...), clampWeight(l.Weight))
	b = strconv.AppendBool(append(b, `,"healthy":`...), l.Healthy)
	b = strconv.AppendBool(append(b, `,"enabled":`...), l.Enabled)
	b = appendString(append(b, `,"ephemeral":true,"clusterName":`...), l.Cluster)
	b = appendString(append(b, `,"serviceName":`...), grouped)
	b = appendMap(append(b, `,"metadata":`...), l.Metadata)
	b = strconv.AppendBool(append(b, `,"marked":`...), l.Marked)
	return append(b, `,"app":"DEFAULT"}`...)
}

// clampWeight does what Nacos does with a weight before it is listed.
func clampWeight(w float64) float64 {
	switch {
	case w > maxWeight:
		return maxWeight
	case w > 0 && w < leastWeight:
		return leastWeight
	default:
		return w
	}
}

type datumJSON struct {
	Value *struct {
		List []*listedJSON `json:"instanceList"`
	} `json:"value"`
}

type listedJSON struct {
	ID       string            `json:"instanceId"`
	IP       string            `json:"ip"`
	Port     int               `json:"port"`
	Weight   *float64          `json:"weight"`
	Healthy  *bool             `json:"healthy"`
	Enabled  *bool             `json:"enabled"`
	Cluster  string            `json:"clusterName"`
	Metadata map[string]string `json:"metadata"`
	Marked   bool              `json:"marked"`
}

// DecodeDatums reads services. Keys of other things and values that are missing
// are passed over; a list with a hole in it is refused as a whole, as Nacos does,
// which the error ErrSkipped says beside the others.
func DecodeDatums(body []byte) ([]Datum, error) {
	var in map[string]*datumJSON
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrMalformed, err.Error())
	}
	var (
		out  []Datum
		errs error
	)
	for _, key := range sortedNames(in) {
		s, ephemeral := ParseDatumKey(key)
		if !ephemeral || in[key] == nil || in[key].Value == nil {
			continue
		}
		d := Datum{Service: s, List: make([]Listed, 0, len(in[key].Value.List))}
		for _, l := range in[key].Value.List {
			if l == nil || l.IP == "" {
				errs = fmt.Errorf("%w: %s lists an instance that is none", ErrSkipped, key)
				break
			}
			d.List = append(d.List, l.listed(s))
		}
		if len(d.List) == len(in[key].Value.List) {
			out = append(out, d)
		}
	}
	return out, errs
}

func (l *listedJSON) listed(s naming.ServiceKey) Listed {
	if l.Cluster == "" {
		l.Cluster = naming.DefaultCluster
	}
	if l.ID == "" {
		l.ID = naming.DefaultID(l.IP, strconv.Itoa(l.Port), l.Cluster, s.Grouped())
	}
	return Listed{Marked: l.Marked, Instance: naming.Instance{
		ID: l.ID, IP: l.IP, Port: l.Port, Cluster: l.Cluster, Weight: clampWeight(or(l.Weight, 1)),
		Healthy: or(l.Healthy, true), Enabled: or(l.Enabled, true), Metadata: l.Metadata,
	}}
}

// DatumQuery is the body of a GET of services: it has one.
func DatumQuery(services []naming.ServiceKey) []byte {
	keys := make([]string, 0, len(services))
	for _, s := range services {
		keys = append(keys, DatumKey(s))
	}
	return append(appendString([]byte(`{"keys":`), strings.Join(keys, ",")), '}')
}

// DecodeDatumQuery reads the keys that are asked for, from the body or else, as
// some proxy may have dropped it, from the parameters.
func DecodeDatumQuery(body []byte, f Form) ([]naming.ServiceKey, error) {
	in := struct {
		Keys string `json:"keys"`
	}{Keys: f.Get("keys")}
	if in.Keys == "" {
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, fmt.Errorf("%w: %s", ErrMalformed, err.Error())
		}
	}
	var out []naming.ServiceKey
	for key := range strings.SplitSeq(in.Keys, ",") {
		if s, ephemeral := ParseDatumKey(key); ephemeral {
			out = append(out, s)
		}
	}
	return out, nil
}
