package wire

import (
	"strconv"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Actions of an instance request, as its "type" says them.
const (
	RegisterInstance      = "registerInstance"
	DeregisterInstance    = "deregisterInstance"
	BatchRegisterInstance = "batchRegisterInstance"
)

// Names are the members that name a service in every naming request.
type Names struct {
	Namespace   string `json:"namespace"`
	ServiceName string `json:"serviceName"`
	GroupName   string `json:"groupName"`
}

// Service returns the service that the names stand for, as they were sent.
func (n Names) Service() naming.ServiceKey {
	return naming.ServiceKey{Namespace: n.Namespace, Group: n.GroupName, Name: n.ServiceName}
}

// InstanceChange is the body of an InstanceRequest or PersistentInstanceRequest.
type InstanceChange struct {
	Names
	Type     string   `json:"type"`
	Instance Instance `json:"instance"`
}

// BatchChange is the body of a BatchInstanceRequest.
type BatchChange struct {
	Names
	Type      string     `json:"type"`
	Instances []Instance `json:"instances"`
}

// Query is the body of a ServiceQueryRequest.
type Query struct {
	Names
	Cluster     string `json:"cluster"`
	HealthyOnly bool   `json:"healthyOnly"`
	UDPPort     int64  `json:"udpPort"` // only checked: over gRPC nothing is pushed to it
}

// Listing is the body of a ServiceListRequest. Pages count from 1.
type Listing struct {
	Names
	PageNo   int `json:"pageNo"`
	PageSize int `json:"pageSize"`
}

// Subscription is the body of a SubscribeServiceRequest.
type Subscription struct {
	Names
	Subscribe bool   `json:"subscribe"`
	Clusters  string `json:"clusters"`
}

// DecodeInstanceChange reads an InstanceRequest or PersistentInstanceRequest.
// Like its siblings it returns ErrMalformed for what is no JSON object, and
// *Invalid for a member of a wrong type, together with all that could be read.
func DecodeInstanceChange(body []byte) (out InstanceChange, err error) {
	r := reader{text: body}
	if out.read(&r); r.done() {
		return out, nil
	}
	return decoded[InstanceChange](body)
}

// DecodeBatchChange reads a BatchInstanceRequest.
func DecodeBatchChange(body []byte) (out BatchChange, err error) {
	r := reader{text: body}
	if out.read(&r); r.done() {
		return out, nil
	}
	return decoded[BatchChange](body)
}

// DecodeQuery reads a ServiceQueryRequest.
func DecodeQuery(body []byte) (out Query, err error) {
	r := reader{text: body}
	if out.read(&r); r.done() {
		return out, nil
	}
	return decoded[Query](body)
}

// DecodeListing reads a ServiceListRequest.
func DecodeListing(body []byte) (Listing, error) { return decoded[Listing](body) }

// DecodeSubscription reads a SubscribeServiceRequest.
func DecodeSubscription(body []byte) (Subscription, error) { return decoded[Subscription](body) }

// Check complains about what no query may have.
func (q Query) Check(s naming.ServiceKey) error {
	if err := CheckNames(s); err != nil {
		return err
	}
	if err := CheckClusters(q.Cluster); err != nil {
		return err
	}
	return CheckPort(q.UDPPort)
}

// Check complains about what no subscription may have.
func (s Subscription) Check(service naming.ServiceKey) error {
	if err := CheckService(service); err != nil {
		return err
	}
	return CheckClusters(s.Clusters)
}

// Page returns the names on the page asked for; none when it does not exist.
func (l Listing) Page(names []string) []string {
	if l.PageNo < 1 || l.PageSize < 1 || l.PageNo-1 > len(names)/l.PageSize {
		return nil
	}
	first := min((l.PageNo-1)*l.PageSize, len(names))
	return names[first:min(first+min(l.PageSize, len(names)), len(names))]
}

// Done is the body of a successful InstanceResponse or BatchInstanceResponse.
func Done(action string) []byte {
	return append(appendString([]byte(`{"resultCode":200,"errorCode":0,"type":`), action), `,"success":true}`...)
}

// QueryResult is the body of a successful QueryServiceResponse.
func QueryResult(info []byte) []byte { return wrap(beforeInfo, info, `,"success":true}`) }

const beforeInfo = `{"resultCode":200,"errorCode":0,"serviceInfo":`

// SubscribeResult is the body of a successful SubscribeServiceResponse.
func SubscribeResult(info []byte) []byte {
	return wrap(`{"resultCode":200,"errorCode":0,"message":"success","serviceInfo":`, info, `,"success":true}`)
}

// ListResult is the body of a successful ServiceListResponse: one page of names
// and the number of all.
func ListResult(count int, page []string) []byte {
	b := strconv.AppendInt([]byte(`{"resultCode":200,"errorCode":0,"count":`), int64(count), 10)
	b = appendStrings(append(b, `,"serviceNames":`...), page)
	return append(b, `,"success":true}`...)
}

// Notification is the body of a NotifySubscriberRequest in parts, of which info
// is one as it is: many are sent the same.
func Notification(requestID string, info []byte) [][]byte {
	before := appendString([]byte(`{"headers":{},"requestId":`), requestID)
	return [][]byte{append(before, `,"serviceInfo":`...), info, afterInfo}
}

var afterInfo = []byte(`,"module":"naming"}`)

func wrap(before string, info []byte, after string) []byte {
	b := make([]byte, 0, len(before)+len(info)+len(after))
	return append(append(append(b, before...), info...), after...)
}
