package wire

// ErrorCode is a code of the v2 and v3 APIs with the words that go with it (HTTP
// page, 1.7).
type ErrorCode struct {
	Code int
	Text string
}

// The codes that are used here.
var (
	ParameterMissing    = ErrorCode{10000, "parameter missing"}
	AccessDenied        = ErrorCode{10001, "access denied"}
	ParameterInvalid    = ErrorCode{20002, "parameter validate error"}
	ResourceNotFound    = ErrorCode{20004, "resource not found"}
	WeightError         = ErrorCode{21001, "weight error"}
	MetadataInvalid     = ErrorCode{21002, "instance metadata error"}
	InstanceNotFound    = ErrorCode{21003, "instance not found"}
	InstanceError       = ErrorCode{21004, "instance error"}
	SelectorInvalid     = ErrorCode{21006, "selector error"}
	ServiceExists       = ErrorCode{21007, "service already exist"}
	ServiceNotExist     = ErrorCode{21008, "service not exist"}
	ServiceNotEmpty     = ErrorCode{21009, "service delete failure"}
	HealthCheckRunning  = ErrorCode{21011, "health check still running"}
	ServerError         = ErrorCode{30000, "server error"}
	APIFunctionDisabled = ErrorCode{40001, "API function disabled."}
)

// OpenResult is the body of an answer of the v2 and v3 APIs; data is JSON, nil for
// null.
func OpenResult(c ErrorCode, data []byte) []byte {
	return inEnvelope(c.Code, appendString(nil, c.Text), data)
}

// RestResult is the body of a successful answer of the core and console APIs of
// 1.x; data is JSON.
func RestResult(data []byte) []byte { return inEnvelope(CodeSuccess, []byte("null"), data) }

// NoError is code 0 of the v2 and v3 APIs.
var NoError = ErrorCode{0, "success"}

// Text is a JSON string.
func Text(s string) []byte { return appendString(nil, s) }
