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
	protected  bool
}

func (e encodedView) hosts() []byte { return e.info[e.start:e.end] }

func encode(v *naming.View) encodedView {
	build := func() any {
		hosts, protected := v.Select(naming.Filter{})
		b := beginInfo(v.Service.Name, v.Service.Group, "")
		start := len(b)
		b = appendHosts(b, v.Service, hosts)
		end := len(b)
		info := endInfo(b, v.LastRef, protected)
		answer := QueryResult(info)
		return encodedView{
			answer: answer, info: answer[len(beforeInfo):][:len(info)], start: start, end: end, protected: protected,
		}
	}
	return v.Memo(build).(encodedView) //nolint:forcetypeassert // only this function fills the memo
}

// ServiceInfo returns the ServiceInfo of a view (gRPC page, 3.5), to be read
// only: without a filter its bytes are shared.
func ServiceInfo(v *naming.View, f naming.Filter) []byte {
	if f == (naming.Filter{}) {
		return encode(v).info
	}
	return filtered(v.Service.Name, v, f)
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
	return endInfo(append(beginInfo(s.Name, s.Group, clusters), "[]"...), 0, false)
}

// GroupedServiceInfo returns a view as the HTTP API lists it: as ServiceInfo,
// with the group in the name.
func GroupedServiceInfo(v *naming.View, f naming.Filter) []byte {
	if f == (naming.Filter{}) {
		e := encode(v)
		return endInfo(append(beginInfo(v.Service.Grouped(), v.Service.Group, ""), e.hosts()...), v.LastRef, e.protected)
	}
	return filtered(v.Service.Grouped(), v, f)
}

func filtered(name string, v *naming.View, f naming.Filter) []byte {
	hosts, protected := v.Select(f)
	return endInfo(appendHosts(beginInfo(name, v.Service.Group, f.Clusters), v.Service, hosts), v.LastRef, protected)
}

// beginInfo writes a ServiceInfo up to its list of hosts.
func beginInfo(name, group, clusters string) []byte {
	b := appendString([]byte(`{"name":`), name)
	b = appendString(append(b, `,"groupName":`...), group)
	b = appendString(append(b, `,"clusters":`...), clusters)
	b = strconv.AppendInt(append(b, `,"cacheMillis":`...), cacheMillis, 10)
	return append(b, `,"hosts":`...)
}

// endInfo writes what follows the list.
func endInfo(b []byte, lastRef int64, protected bool) []byte {
	b = strconv.AppendInt(append(b, `,"lastRefTime":`...), lastRef, 10)
	b = append(b, `,"checksum":"","allIPs":false,"reachProtectionThreshold":`...)
	return append(strconv.AppendBool(b, protected), `,"valid":true}`...)
}

func appendHosts(b []byte, s naming.ServiceKey, hosts []naming.Instance) []byte {
	grouped := s.Grouped()
	b = append(b, '[')
	for n, host := range hosts {
		if n > 0 {
			b = append(b, ',')
		}
		b = appendInstance(b, host, grouped)
	}
	return append(b, ']')
}
