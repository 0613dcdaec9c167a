package wire

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strconv"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// AppendRecord writes r as ClientSyncData (gRPC page, 4.7), with its stamp as a
// member that Java ignores.
func AppendRecord(b []byte, r *naming.Record) []byte {
	b = appendString(append(b, `{"clientId":`...), string(r.Client))
	list := r.Publications()
	b = strconv.AppendInt(append(b, `,"attributes":{"clientAttributes":{"revision":`...), int64(r.Stamp.Revision), 10)
	b = append(b, "}}"...)
	if r.Stamp.Version != 0 {
		b = appendString(append(b, `,"stamp":{"owner":`...), string(r.Stamp.Owner))
		b = strconv.AppendInt(append(b, `,"version":`...), r.Stamp.Version, 10)
		b = append(appendSince(append(b, `,"since":[`...), list), "]}"...)
	}
	b = appendServices(append(b, ','), list, false)
	b = append(b, `,"batchInstanceData":{`...)
	if slices.ContainsFunc(list, func(p naming.Publication) bool { return p.Batch }) {
		b = appendServices(b, list, true)
	}
	return append(b, "}}"...)
}

// appendSince writes since when each publication is there: those of the batch
// arrays first, then the plain ones, as they are read.
func appendSince(b []byte, list []naming.Publication) []byte {
	start := len(b)
	for _, batch := range []bool{true, false} {
		for i := range list {
			if p := &list[i]; carried(p, batch) {
				b = strconv.AppendInt(separate(b, start), p.Since, 10)
			}
		}
	}
	return b
}

// carried reports whether p stands in the arrays of batches, or of plain
// publications. One without instances that is no batch publishes nothing.
func carried(p *naming.Publication, batch bool) bool {
	return p.Batch == batch && (batch || len(p.Instances) > 0)
}

// appendServices writes the four parallel arrays of the publications that are
// batches, or of those that are not.
func appendServices(b []byte, list []naming.Publication, batch bool) []byte {
	columns := [...]func([]byte, *naming.Publication) []byte{
		func(b []byte, p *naming.Publication) []byte { return appendString(b, p.Service.Namespace) },
		func(b []byte, p *naming.Publication) []byte { return appendString(b, p.Service.Group) },
		func(b []byte, p *naming.Publication) []byte { return appendString(b, p.Service.Name) },
		appendPublished,
	}
	titles := [...]string{`"namespaces":[`, `],"groupNames":[`, `],"serviceNames":[`, `],"instancePublishInfos":[`}
	if batch {
		titles[3], columns[3] = `],"batchInstancePublishInfos":[`, appendBatch
	}
	for i, column := range columns {
		b = append(b, titles[i]...)
		first := true
		for i := range list {
			p := &list[i]
			if !carried(p, batch) {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = column(b, p)
		}
	}
	return append(b, ']')
}

func appendPublished(b []byte, p *naming.Publication) []byte {
	return appendPublishInfo(b, p.Instances[0])
}

func appendBatch(b []byte, p *naming.Publication) []byte {
	b = append(b, `{"port":0,"healthy":false,"instancePublishInfos":[`...)
	for i, instance := range p.Instances {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendPublishInfo(b, instance)
	}
	return append(b, `],"metadataId":"null:0:null"}`...)
}

// appendPublishInfo writes one instance as Distro carries it: what is not the
// default goes into extendDatum beside the metadata.
func appendPublishInfo(b []byte, i naming.Instance) []byte {
	b = appendString(append(b, `{"ip":`...), i.IP)
	b = strconv.AppendInt(append(b, `,"port":`...), int64(i.Port), 10)
	b = strconv.AppendBool(append(b, `,"healthy":`...), i.Healthy)
	b = appendString(append(b, `,"cluster":`...), i.Cluster)
	b = append(b, `,"extendDatum":{`...)
	start := len(b)
	for _, k := range sortedKeys(i.Metadata) {
		if naming.Carried(k) {
			continue
		}
		b = append(appendString(separate(b, start), k), ':')
		b = appendString(b, i.Metadata[k])
	}
	if i.ID != "" {
		b = appendString(append(separate(b, start), `"`+naming.CarriedID+`":`...), i.ID)
	}
	if i.Weight != 1 {
		b = appendDouble(append(separate(b, start), `"`+naming.CarriedWeight+`":`...), i.Weight)
	}
	if !i.Enabled {
		b = append(separate(b, start), `"`+naming.CarriedEnabled+`":false`...)
	}
	id := i.IP + ":" + strconv.Itoa(i.Port) + ":" + i.Cluster
	return append(appendString(append(b, `},"metadataId":`...), id), '}')
}

func separate(b []byte, start int) []byte {
	if len(b) > start {
		return append(b, ',')
	}
	return b
}

type recordJSON struct {
	Client     naming.ClientID `json:"clientId"`
	Attributes *attributesJSON `json:"attributes"`
	Stamp      stampJSON       `json:"stamp"`
	servicesJSON
	Instances []publishJSON `json:"instancePublishInfos"`
	Batch     batchesJSON   `json:"batchInstanceData"`
}

type attributesJSON struct {
	Client struct {
		Revision json.Number `json:"revision"`
	} `json:"clientAttributes"`
}

type stampJSON struct {
	Owner   member.Address `json:"owner"`
	Version int64          `json:"version"`
	Since   []int64        `json:"since"`
}

type servicesJSON struct {
	Namespaces []string `json:"namespaces"`
	Groups     []string `json:"groupNames"`
	Names      []string `json:"serviceNames"`
}

type batchesJSON struct {
	servicesJSON
	Instances []batchJSON `json:"batchInstancePublishInfos"`
}

type batchJSON struct {
	Instances []publishJSON `json:"instancePublishInfos"`
}

type publishJSON struct {
	IP      string      `json:"ip"`
	Port    int         `json:"port"`
	Healthy bool        `json:"healthy"`
	Cluster string      `json:"cluster"`
	Extend  extendDatum `json:"extendDatum"`
}

// DecodeRecord reads ClientSyncData. It refuses, with ErrDistro, what Java
// refuses; what makes Java stumble later (a weight without a decimal point) it
// understands.
func DecodeRecord(content []byte) (*naming.Record, error) {
	in, err := decodeRecord(content)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrDistro, err.Error())
	}
	switch {
	case in.Client == "":
		return nil, fmt.Errorf("%w: clientId is missing", ErrDistro)
	case in.Client.Persistent():
		return nil, fmt.Errorf("%w: persistent client %q is not replicated by Distro", ErrDistro, in.Client)
	case in.Attributes == nil:
		return nil, fmt.Errorf("%w: client %q: attributes are missing", ErrDistro, in.Client)
	case in.Namespaces == nil || in.Instances == nil:
		return nil, fmt.Errorf("%w: client %q: a list of services is missing", ErrDistro, in.Client)
	}
	revision, err := decodeRevision(in.Attributes.Client.Revision)
	if err != nil {
		return nil, fmt.Errorf("client %q: %w", in.Client, err)
	}
	published, err := in.publications()
	if err != nil {
		return nil, fmt.Errorf("%w: client %q: %w", ErrDistro, in.Client, err)
	}
	if len(in.Stamp.Since) == len(published) {
		for i := range published {
			published[i].Since = in.Stamp.Since[i]
		}
	}
	stamp := naming.Stamp{Owner: in.Stamp.Owner, Version: in.Stamp.Version, Revision: revision}
	r := naming.Normal(in.Client, stamp, published)
	if stamp.Version == 0 && revision == 0 && len(published) > 0 {
		r.Stamp.Revision = contentRevision(r)
	}
	return r, nil
}

// contentRevision makes a revision for a record that came without one, as Nacos
// before 2.1.2 sends all (gRPC page, 4.7): equal content, equal revision, on
// every member; never 0.
func contentRevision(r *naming.Record) int32 {
	h := fnv.New32a()
	_, _ = h.Write(AppendRecord(nil, r))          // a hash takes everything
	return max(1, int32(h.Sum32()&math.MaxInt32)) //nolint:gosec // masked to 31 bits
}
