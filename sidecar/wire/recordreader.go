package wire

import (
	"encoding/base64"
	"encoding/json"
	"strconv"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// decodeDistro reads a DistroDataRequest, in one pass if it can.
func decodeDistro(body []byte) (out distroJSON, err error) {
	r := reader{text: body}
	if out.read(&r); r.done() {
		return out, nil
	}
	out = distroJSON{}
	err = json.Unmarshal(body, &out)
	return out, err
}

// decodeRecord reads ClientSyncData, in one pass if it can.
func decodeRecord(content []byte) (out recordJSON, err error) {
	r := reader{text: content}
	if out.read(&r); r.done() {
		return out, nil
	}
	out = recordJSON{}
	err = json.Unmarshal(content, &out)
	return out, err
}

var (
	distroMembers     = []string{"dataOperation", "distroData"}
	dataMembers       = []string{"distroKey", "type", "content"}
	keyMembers        = []string{"resourceKey", "resourceType"}
	serviceMembers    = []string{"namespaces", "groupNames", "serviceNames"}
	recordMembers     = append(serviceMembers[:3:3], "clientId", "attributes", "stamp", "instancePublishInfos", "batchInstanceData")
	attributesMembers = []string{"clientAttributes"}
	revisionMembers   = []string{"revision"}
	stampMembers      = []string{"owner", "version", "since"}
	batchesMembers    = append(serviceMembers[:3:3], "batchInstancePublishInfos")
	listMembers       = []string{"instancePublishInfos"}
	publishMembers    = []string{"ip", "port", "healthy", "cluster", "extendDatum"}
)

func (d *distroJSON) read(r *reader) {
	r.members(distroMembers, func(member int) {
		switch member {
		case 0:
			d.Operation = Operation(r.string())
		case 1:
			d.Data = &distroData{}
			d.Data.read(r)
		}
	})
}

func (d *distroData) read(r *reader) {
	r.members(dataMembers, func(member int) {
		switch member {
		case 0:
			d.Key.read(r)
		case 1:
			d.Type = Operation(r.string())
		case 2:
			d.Content = r.base64()
		}
	})
}

func (k *distroKey) read(r *reader) {
	r.members(keyMembers, func(member int) {
		switch member {
		case 0:
			k.ResourceKey = naming.ClientID(r.string())
		case 1:
			k.ResourceType = r.string()
		}
	})
}

func (r *reader) base64() []byte {
	text := r.raw()
	out := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(out, text)
	if err != nil {
		r.giveUp()
	}
	return out[:n]
}

func (in *recordJSON) read(r *reader) {
	r.members(recordMembers, func(member int) {
		switch member {
		case 3:
			in.Client = naming.ClientID(r.string())
		case 4:
			in.Attributes = &attributesJSON{}
			in.Attributes.read(r)
		case 5:
			in.Stamp.read(r)
		case 6:
			in.Instances = r.published()
		case 7:
			in.Batch.read(r)
		default:
			in.servicesJSON.read(r, member)
		}
	})
}

// read reads the value of one of serviceMembers.
func (in *servicesJSON) read(r *reader, member int) {
	list := r.words()
	switch member {
	case 0:
		in.Namespaces = list
	case 1:
		in.Groups = list
	case 2:
		in.Names = list
	}
}

func (in *attributesJSON) read(r *reader) {
	r.members(attributesMembers, func(int) {
		r.members(revisionMembers, func(int) {
			text, _ := r.number()
			in.Client.Revision = json.Number(text)
		})
	})
}

func (in *stampJSON) read(r *reader) {
	r.members(stampMembers, func(which int) {
		switch which {
		case 0:
			in.Owner = member.Address(r.string())
		case 1:
			in.Version = r.integer()
		case 2:
			in.Since = []int64{}
			r.array(func() { in.Since = append(in.Since, r.integer()) })
		}
	})
}

func (in *batchesJSON) read(r *reader) {
	r.members(batchesMembers, func(member int) {
		if member < len(serviceMembers) {
			in.servicesJSON.read(r, member)
			return
		}
		in.Instances = []batchJSON{}
		r.array(func() {
			var one batchJSON
			r.members(listMembers, func(int) { one.Instances = r.published() })
			in.Instances = append(in.Instances, one)
		})
	})
}

func (r *reader) words() []string {
	out := []string{}
	r.array(func() { out = append(out, r.word()) })
	return out
}

func (r *reader) published() []publishJSON {
	out := []publishJSON{}
	r.array(func() {
		out = append(out, publishJSON{})
		out[len(out)-1].read(r)
	})
	return out
}

func (p *publishJSON) read(r *reader) {
	r.members(publishMembers, func(member int) {
		switch member {
		case 0:
			p.IP = r.string()
		case 1:
			p.Port = int(r.integer())
		case 2:
			p.Healthy = r.boolean()
		case 3:
			p.Cluster = r.word()
		case 4:
			p.Extend = r.scalars()
		}
	})
}

// scalars reads an object of anything but objects, lists and nulls.
func (r *reader) scalars() extendDatum {
	out := extendDatum{}
	r.object(func(key []byte) {
		switch r.next() {
		case '"':
			out[string(key)] = r.string()
		case 't', 'f':
			out[string(key)] = strconv.FormatBool(r.boolean())
		default:
			text, _ := r.number()
			out[string(key)] = numberText(json.Number(text))
		}
	})
	return out
}
