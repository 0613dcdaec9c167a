package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Codes of a beat's answer (HTTP page, 2.2).
const (
	BeatOK      = 10200
	BeatUnknown = 20404
)

// ErrBeat means that the beat of a call is not the JSON it should be.
var ErrBeat = errors.New("beat is not a JSON object")

// Beat returns what a beat is about: the service of the parameters and the
// endpoint of the parameters or of the beat itself, which wins. described is
// the instance when the call describes it, so that it can be registered.
func (f Form) Beat(s naming.ServiceKey) (e naming.Endpoint, described *naming.Instance, err error) {
	port, _ := strconv.ParseInt(f.or("port", "0"), 10, 64) // garbage finds no instance, as 0 does not
	e = naming.Endpoint{IP: f.Get("ip"), Port: int(port), Cluster: f.or("clusterName", naming.DefaultCluster)}
	text := f.Get("beat")
	if text == "" {
		return e, nil, CheckPort(port)
	}
	var beat struct {
		IP       string   `json:"ip"`
		Port     int64    `json:"port"`
		Cluster  string   `json:"cluster"`
		Weight   *float64 `json:"weight"`
		Metadata metadata `json:"metadata"`
	}
	if err := json.Unmarshal([]byte(text), &beat); err != nil {
		return e, nil, fmt.Errorf("%w: %s", ErrBeat, err.Error())
	}
	if err := CheckPort(beat.Port); err != nil {
		return e, nil, err
	}
	e.IP, e.Port = beat.IP, int(beat.Port)
	if beat.Cluster != "" {
		e.Cluster = beat.Cluster
	}
	i := naming.Instance{
		ID:       naming.DefaultID(e.IP, strconv.Itoa(e.Port), e.Cluster, s.Grouped()),
		IP:       e.IP,
		Port:     e.Port,
		Cluster:  e.Cluster,
		Weight:   or(beat.Weight, 1),
		Healthy:  true,
		Enabled:  true,
		Metadata: beat.Metadata,
	}
	return e, &i, CheckInstance(i)
}

// BeatResult is the body of a beat's answer; interval is in milliseconds, light
// allows beats without a description.
func BeatResult(code int, interval int64, light bool) []byte {
	b := strconv.AppendInt([]byte(`{"clientBeatInterval":`), interval, 10)
	b = strconv.AppendInt(append(b, `,"code":`...), int64(code), 10)
	b = strconv.AppendBool(append(b, `,"lightBeatEnabled":`...), light)
	return append(b, '}')
}

// InstanceDetail is the body of an instance's detail.
func InstanceDetail(i naming.Instance, s naming.ServiceKey) []byte {
	b := appendString([]byte(`{"service":`), s.Grouped())
	b = appendString(append(b, `,"ip":`...), i.IP)
	b = strconv.AppendInt(append(b, `,"port":`...), int64(i.Port), 10)
	b = appendString(append(b, `,"clusterName":`...), i.Cluster)
	b = appendDouble(append(b, `,"weight":`...), i.Weight)
	b = strconv.AppendBool(append(b, `,"healthy":`...), i.Healthy)
	b = appendString(append(b, `,"instanceId":`...), i.ID)
	b = appendMap(append(b, `,"metadata":`...), i.Metadata)
	return append(b, '}')
}

// InstanceDetailV2 is the same in v2 and v3.
func InstanceDetailV2(i naming.Instance, s naming.ServiceKey) []byte {
	return object(struct {
		Service  string `json:"serviceName"`
		IP       string `json:"ip"`
		Port     int    `json:"port"`
		Cluster  string `json:"clusterName"`
		Weight   double `json:"weight"`
		Healthy  bool   `json:"healthy"`
		ID       string `json:"instanceId"`
		Metadata texts  `json:"metadata"`
	}{s.Grouped(), i.IP, i.Port, i.Cluster, double(i.Weight), i.Healthy, i.ID, i.Metadata})
}

// ServiceNamesV2 is a page of service names in v2.
func ServiceNamesV2(count int, page []string) []byte {
	b := strconv.AppendInt([]byte(`{"count":`), int64(count), 10)
	b = appendStrings(append(b, `,"services":`...), page)
	return append(b, '}')
}

// ServiceNames is the body of a page of service names.
func ServiceNames(count int, page []string) []byte {
	b := strconv.AppendInt([]byte(`{"count":`), int64(count), 10)
	b = appendStrings(append(b, `,"doms":`...), page)
	return append(b, '}')
}

// Page is the body of an error as Spring's error page gives it in JSON; when is
// its time in Java's form.
func Page(when string, status int, title, message, path string) []byte {
	b := appendString([]byte(`{"timestamp":`), when)
	b = strconv.AppendInt(append(b, `,"status":`...), int64(status), 10)
	b = appendString(append(b, `,"error":`...), title)
	b = appendString(append(b, `,"message":`...), message)
	b = appendString(append(b, `,"path":`...), path)
	return append(b, '}')
}

// inEnvelope writes an answer of JSON values.
func inEnvelope(code int, message, data []byte) []byte {
	if data == nil {
		data = []byte("null")
	}
	b := strconv.AppendInt([]byte(`{"code":`), int64(code), 10)
	b = append(append(b, `,"message":`...), message...)
	b = append(append(b, `,"data":`...), data...)
	return append(b, '}')
}
