package wire

import (
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// answers names the answer of each request that has its own kind of failure,
// and says which members a strict reader needs in it even then.
var answers = map[Kind]struct {
	kind  Kind
	shape string // "info" stands for a ServiceInfo; else it is written as it is
}{
	InstanceRequest:                {InstanceResponse, ""},
	BatchInstanceRequest:           {BatchInstanceResponse, ""},
	PersistentInstanceRequest:      {InstanceResponse, ""},
	ServiceQueryRequest:            {QueryServiceResponse, "info"},
	SubscribeServiceRequest:        {SubscribeServiceResponse, "info"},
	ServiceListRequest:             {ServiceListResponse, `"count":0,"serviceNames":[],`},
	NamingFuzzyWatchRequest:        {NamingFuzzyWatchResponse, ""},
	ConfigQueryRequest:             {ConfigQueryResponse, `"lastModified":0,"beta":false,`},
	ConfigBatchListenRequest:       {ConfigChangeBatchListenResponse, `"changedConfigs":[],`},
	ConfigPublishRequest:           {ConfigPublishResponse, ""},
	ConfigRemoveRequest:            {ConfigRemoveResponse, ""},
	ConfigFuzzyWatchRequest:        {ConfigFuzzyWatchResponse, ""},
	MemberReportRequest:            {MemberReportResponse, ""},
	DistroDataRequest:              {DistroDataResponse, ""},
	SettingsRequest:                {SettingsResponse, ""},
	ServerLoaderInfoRequest:        {ServerLoaderInfoResponse, `"loaderMetrics":{},`},
	ServerReloadRequest:            {ServerReloadResponse, ""},
	ConfigChangeClusterSyncRequest: {ConfigChangeClusterSyncResponse, ""},
	HealthCheckRequest:             {HealthCheckResponse, ""},
}

// Refuse answers a request that its user can mend with a failure of the
// request's own kind: unlike an ErrorResponse it is not tried again and does
// not make the client doubt its connection. s and clusters are what a query
// asked for; requests without an answer of their own get an ErrorResponse.
func Refuse(request Kind, s naming.ServiceKey, clusters string, errorCode int, message string) *nacospb.Payload {
	answer, ok := answers[request]
	if !ok {
		return Error(CodeServerError, errorCode, message)
	}
	extra := answer.shape
	if extra == "info" {
		extra = `"serviceInfo":` + string(EmptyServiceInfo(s, clusters)) + ","
	}
	return Payload(answer.kind, Failure(CodeServerError, errorCode, message, extra))
}

// Error answers a fault of the protocol itself.
func Error(resultCode, errorCode int, message string) *nacospb.Payload {
	return Payload(ErrorResponse, Failure(resultCode, errorCode, message, ""))
}
