package wire

import (
	"strconv"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// cacheMillis tells clients how long to rely on an answer.
const cacheMillis = 10000

// encodedView is what a naming.View remembers: the encoding of the view with
// every enabled host, shared by all queries and subscribers, and where in it
// the list of hosts is, for the APIs that differ only in what stands around it.
// It lies in the answer to a query, which is what is asked for most.
type encodedView struct {
	answer     []byte
	info       []byte
	start, end int // in info
}

func (e encodedView) hosts() []byte { return e.info[e.start:e.end] }

func encode(v *naming.View) encodedView {
	build := func() any {
		info, start, end := encodeInfo(v.Service.Name, v.Service.Group, "", v.LastRef, func(b []byte) []byte {
			return appendHosts(b, v, naming.Filter{})
		})
		answer := QueryResult(info)
		return encodedView{answer: answer, info: answer[len(beforeInfo):][:len(info)], start: start, end: end}
	}
	return v.Memo(build).(encodedView) //nolint:forcetypeassert // only this function fills the memo
}

// ServiceInfo returns the ServiceInfo of a view (gRPC page, 3.5), to be read
// only: without a filter its bytes are shared.
func ServiceInfo(v *naming.View, f naming.Filter) []byte {
	if f == (naming.Filter{}) {
		return encode(v).info
	}
	info, _, _ := encodeInfo(v.Service.Name, v.Service.Group, f.Clusters, v.LastRef, func(b []byte) []byte {
		return appendHosts(b, v, f)
	})
	return info
}

// QueryAnswer is the body of a successful QueryServiceResponse, to be read only:
// without a filter its bytes are shared.
func QueryAnswer(v *naming.View, f naming.Filter) []byte {
	if f == (naming.Filter{}) {
		return encode(v).answer
	}
	return QueryResult(ServiceInfo(v, f))
}

// EmptyServiceInfo returns the ServiceInfo of a refused query: strict readers
// need one in every answer.
func EmptyServiceInfo(s naming.ServiceKey, clusters string) []byte {
	info, _, _ := encodeInfo(s.Name, s.Group, clusters, 0, noHosts)
	return info
}

// GroupedServiceInfo returns a view as the HTTP API lists it: as ServiceInfo,
// with the group in the name.
func GroupedServiceInfo(v *naming.View, f naming.Filter) []byte {
	hosts := func(b []byte) []byte { return appendHosts(b, v, f) }
	if f == (naming.Filter{}) {
		hosts = func(b []byte) []byte { return append(b, encode(v).hosts()...) }
	}
	info, _, _ := encodeInfo(v.Service.Grouped(), v.Service.Group, f.Clusters, v.LastRef, hosts)
	return info
}

func noHosts(b []byte) []byte { return append(b, "[]"...) }

// encodeInfo also returns where the list of hosts begins and ends.
func encodeInfo(
	name, group, clusters string, lastRef int64, hosts func([]byte) []byte,
) (info []byte, start, end int) {
	b := appendString([]byte(`{"name":`), name)
	b = appendString(append(b, `,"groupName":`...), group)
	b = appendString(append(b, `,"clusters":`...), clusters)
	b = strconv.AppendInt(append(b, `,"cacheMillis":`...), cacheMillis, 10)
	b = append(b, `,"hosts":`...)
	start = len(b)
	b = hosts(b)
	end = len(b)
	b = strconv.AppendInt(append(b, `,"lastRefTime":`...), lastRef, 10)
	return append(b, `,"checksum":"","allIPs":false,"reachProtectionThreshold":false,"valid":true}`...), start, end
}

func appendHosts(b []byte, v *naming.View, f naming.Filter) []byte {
	grouped := v.Service.Grouped()
	b = append(b, '[')
	for n, host := range v.Select(f) {
		if n > 0 {
			b = append(b, ',')
		}
		b = appendInstance(b, host, grouped)
	}
	return append(b, ']')
}
