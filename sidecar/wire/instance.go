package wire

import (
	"strconv"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Instance is an instance as clients send it (gRPC page, 3.5). A nil member was
// absent or null and has Nacos's default.
type Instance struct {
	InstanceID  string   `json:"instanceId"`
	IP          string   `json:"ip"`
	Port        int64    `json:"port"`
	Weight      *float64 `json:"weight"`
	Healthy     *bool    `json:"healthy"`
	Enabled     *bool    `json:"enabled"`
	Ephemeral   *bool    `json:"ephemeral"`
	ClusterName *string  `json:"clusterName"`
	ServiceName string   `json:"serviceName"`
	Metadata    metadata `json:"metadata"`
}

// Persistent reports whether the instance shall outlive its client.
func (i *Instance) Persistent() bool { return i.Ephemeral != nil && !*i.Ephemeral }

// Publish returns the instance that is published in s, checked. next makes the
// number of an id, where one is asked for.
func (i *Instance) Publish(s naming.ServiceKey, next func() int64) (naming.Instance, error) {
	// A port outside the range must not be cut into it by a conversion.
	if err := CheckPort(i.Port); err != nil {
		return naming.Instance{}, err
	}
	out := naming.Instance{
		ID:       i.InstanceID,
		IP:       i.IP,
		Port:     int(i.Port),
		Cluster:  or(i.ClusterName, ""),
		Weight:   or(i.Weight, 1),
		Healthy:  or(i.Healthy, true),
		Enabled:  or(i.Enabled, true),
		Metadata: i.Metadata,
	}
	if out.ID == "" {
		var err error
		if out.ID, err = i.newID(s, next); err != nil {
			return out, err
		}
	}
	if out.Cluster == "" {
		out.Cluster = naming.DefaultCluster
	}
	return out, CheckInstance(out)
}

// newID follows Java: the cluster as it was sent, "null" when it was not.
func (i *Instance) newID(s naming.ServiceKey, next func() int64) (string, error) {
	cluster := or(i.ClusterName, "null")
	if i.ServiceName == "" && i.Metadata[idGenerator] == "" { // nearly always
		return naming.UsualID(i.IP, int(i.Port), cluster, s), nil
	}
	service := i.ServiceName
	if service == "" {
		service = s.Grouped()
	}
	simple := naming.DefaultID(i.IP, strconv.FormatInt(i.Port, 10), cluster, service)
	return InstanceID(simple, cluster, service, i.Metadata, next)
}

func or[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// appendInstance writes an instance as clients receive it; grouped is its
// service's name with the group.
func appendInstance(b []byte, i naming.Instance, grouped string) []byte {
	b = append(b, '{')
	if i.ID != "" {
		b = append(appendString(append(b, `"instanceId":`...), i.ID), ',')
	}
	b = appendString(append(b, `"ip":`...), i.IP)
	b = strconv.AppendInt(append(b, `,"port":`...), int64(i.Port), 10)
	b = appendDouble(append(b, `,"weight":`...), i.Weight)
	b = strconv.AppendBool(append(b, `,"healthy":`...), i.Healthy)
	b = strconv.AppendBool(append(b, `,"enabled":`...), i.Enabled)
	b = appendString(append(b, `,"ephemeral":true,"clusterName":`...), i.Cluster)
	b = appendString(append(b, `,"serviceName":`...), grouped)
	b = appendMap(append(b, `,"metadata":`...), i.Metadata)
	b = strconv.AppendInt(append(b, `,"instanceHeartBeatInterval":`...), Interval(i.Metadata), 10)
	b = strconv.AppendInt(append(b, `,"instanceHeartBeatTimeOut":`...), timeoutOf(i.Metadata), 10)
	b = strconv.AppendInt(append(b, `,"ipDeleteTimeout":`...), deleteAfter(i.Metadata), 10)
	if generator, ok := generatorOf(i.Metadata); ok {
		b = appendString(append(b, `,"instanceIdGenerator":`...), generator)
	}
	return append(b, '}')
}

// generatorOf returns the id generator that Java shows: the metadata's, and
// "simple" only when there is no metadata at all.
func generatorOf(metadata map[string]string) (string, bool) {
	if len(metadata) == 0 {
		return simpleID, true
	}
	g, ok := metadata[idGenerator]
	return g, ok
}
