package sdk

import (
	"cmp"
	"net"
	"slices"
	"strconv"

	"github.com/nacos-group/nacos-sdk-go/v2/model"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

// Instance is the part of an instance that the quick start and the tests look at.
type Instance struct {
	IP       string
	Port     uint64
	Weight   float64 // 0 stands for 1 when registering
	Healthy  bool    // as listed; registering always says true
	Metadata map[string]string
}

// Endpoint returns "ip:port".
func (i Instance) Endpoint() string { return net.JoinHostPort(i.IP, strconv.FormatUint(i.Port, 10)) }

// Endpoints returns the endpoints of list, in order.
func Endpoints(list []Instance) []string {
	out := make([]string, 0, len(list))
	for _, i := range list {
		out = append(out, i.Endpoint())
	}
	return out
}

func (i Instance) param(service string) vo.RegisterInstanceParam {
	return vo.RegisterInstanceParam{
		ServiceName: service, Ip: i.IP, Port: i.Port, Weight: cmp.Or(i.Weight, 1), Metadata: i.Metadata,
		Enable: true, Healthy: true, Ephemeral: true,
	}
}

// fromModel returns the hosts sorted by endpoint: the SDK shuffles its lists.
func fromModel(hosts []model.Instance) []Instance {
	out := make([]Instance, 0, len(hosts))
	for _, h := range hosts {
		out = append(out, Instance{
			IP: h.Ip, Port: h.Port, Weight: h.Weight, Healthy: h.Healthy, Metadata: h.Metadata,
		})
	}
	slices.SortFunc(out, func(a, b Instance) int {
		return cmp.Or(cmp.Compare(a.IP, b.IP), cmp.Compare(a.Port, b.Port))
	})
	return out
}
