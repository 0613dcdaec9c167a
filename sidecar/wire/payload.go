package wire

import (
	"strings"

	"google.golang.org/protobuf/types/known/anypb"

	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// Kind is the type of a message, as Payload.metadata.type says it.
type Kind string

// The messages that this package reads or writes, by the names that Nacos gives
// them (gRPC page, 2.6, 3.1, 3.7, 4.6 and 4.10).
const (
	ServerCheckRequest      Kind = "ServerCheckRequest"
	ServerCheckResponse     Kind = "ServerCheckResponse"
	ConnectionSetupRequest  Kind = "ConnectionSetupRequest"
	SetupAckRequest         Kind = "SetupAckRequest"
	HealthCheckRequest      Kind = "HealthCheckRequest"
	HealthCheckResponse     Kind = "HealthCheckResponse"
	ClientDetectionRequest  Kind = "ClientDetectionRequest"
	ClientDetectionResponse Kind = "ClientDetectionResponse"
	ConnectResetRequest     Kind = "ConnectResetRequest"
	ConnectResetResponse    Kind = "ConnectResetResponse"
	ErrorResponse           Kind = "ErrorResponse"

	InstanceRequest           Kind = "InstanceRequest"
	InstanceResponse          Kind = "InstanceResponse"
	BatchInstanceRequest      Kind = "BatchInstanceRequest"
	BatchInstanceResponse     Kind = "BatchInstanceResponse"
	PersistentInstanceRequest Kind = "PersistentInstanceRequest"
	ServiceQueryRequest       Kind = "ServiceQueryRequest"
	QueryServiceResponse      Kind = "QueryServiceResponse"
	ServiceListRequest        Kind = "ServiceListRequest"
	ServiceListResponse       Kind = "ServiceListResponse"
	SubscribeServiceRequest   Kind = "SubscribeServiceRequest"
	SubscribeServiceResponse  Kind = "SubscribeServiceResponse"
	NotifySubscriberRequest   Kind = "NotifySubscriberRequest"
	NotifySubscriberResponse  Kind = "NotifySubscriberResponse"

	NamingFuzzyWatchRequest              Kind = "NamingFuzzyWatchRequest"
	NamingFuzzyWatchResponse             Kind = "NamingFuzzyWatchResponse"
	NamingFuzzyWatchSyncRequest          Kind = "NamingFuzzyWatchSyncRequest"
	NamingFuzzyWatchChangeNotifyRequest  Kind = "NamingFuzzyWatchChangeNotifyRequest"
	NamingFuzzyWatchChangeNotifyResponse Kind = "NamingFuzzyWatchChangeNotifyResponse"

	ConfigQueryRequest              Kind = "ConfigQueryRequest"
	ConfigQueryResponse             Kind = "ConfigQueryResponse"
	ConfigBatchListenRequest        Kind = "ConfigBatchListenRequest"
	ConfigChangeBatchListenResponse Kind = "ConfigChangeBatchListenResponse"
	ConfigPublishRequest            Kind = "ConfigPublishRequest"
	ConfigPublishResponse           Kind = "ConfigPublishResponse"
	ConfigRemoveRequest             Kind = "ConfigRemoveRequest"
	ConfigRemoveResponse            Kind = "ConfigRemoveResponse"
	ConfigFuzzyWatchRequest         Kind = "ConfigFuzzyWatchRequest"
	ConfigFuzzyWatchResponse        Kind = "ConfigFuzzyWatchResponse"
	ConfigFuzzyWatchSyncRequest     Kind = "ConfigFuzzyWatchSyncRequest"
	ConfigFuzzyWatchSyncResponse    Kind = "ConfigFuzzyWatchSyncResponse"

	MemberReportRequest             Kind = "MemberReportRequest"
	MemberReportResponse            Kind = "MemberReportResponse"
	DistroDataRequest               Kind = "DistroDataRequest"
	DistroDataResponse              Kind = "DistroDataResponse"
	SettingsRequest                 Kind = "DistroSettingsRequest" // our own; Java knows no such request
	SettingsResponse                Kind = "DistroSettingsResponse"
	ServerLoaderInfoRequest         Kind = "ServerLoaderInfoRequest"
	ServerLoaderInfoResponse        Kind = "ServerLoaderInfoResponse"
	ServerReloadRequest             Kind = "ServerReloadRequest"
	ServerReloadResponse            Kind = "ServerReloadResponse"
	ConfigChangeClusterSyncRequest  Kind = "ConfigChangeClusterSyncRequest"
	ConfigChangeClusterSyncResponse Kind = "ConfigChangeClusterSyncResponse"
)

// IsResponse reports whether messages of this kind answer another.
func (k Kind) IsResponse() bool { return strings.HasSuffix(string(k), "Response") }

// Payload puts a body into its envelope. The body is not copied.
func Payload(kind Kind, body []byte) *nacospb.Payload {
	return &nacospb.Payload{
		Metadata: &nacospb.Metadata{Type: string(kind)},
		Body:     &anypb.Any{Value: body}, // no type URL: the type is in the metadata
	}
}

// KindOf returns the kind of a message, empty when it says none.
func KindOf(p *nacospb.Payload) Kind { return Kind(p.GetMetadata().GetType()) }

// Body returns the JSON of a message, which stays the message's own.
func Body(p *nacospb.Payload) []byte { return p.GetBody().GetValue() }

// Header returns a header of a message, whatever its case, or "".
func Header(p *nacospb.Payload, name string) string {
	headers := p.GetMetadata().GetHeaders()
	if v, ok := headers[name]; ok {
		return v
	}
	for k, v := range headers {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}
