package nacoshttp

import (
	"errors"
	"net/http"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/auth"
	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// dialect gives what operations say, and why they failed, the form of one
// version of the API.
type dialect interface {
	says(s said) reply
	fails(r *http.Request, err error) reply
}

// The dialects. first is that of v1: texts and bare values, errors as text or as
// Spring's page. rest is first with values in the envelope of core and console.
// second is that of v2 and v3: everything in an envelope with a code.
type (
	first  struct{}
	rest   struct{ first }
	second struct{}
)

func (first) says(s said) reply {
	switch {
	case s.as != nil:
		return *s.as
	case s.json != nil:
		return reply{status: http.StatusOK, kind: jsonType, body: s.json}
	default:
		return plain(http.StatusOK, s.text)
	}
}

func (d rest) says(s said) reply {
	if s.as == nil {
		s = value(wire.RestResult(s.data()))
	}
	return d.first.says(s)
}

func (second) says(s said) reply {
	if s.as != nil {
		return *s.as
	}
	return coded(http.StatusOK, wire.NoError, s.data())
}

func (s said) data() []byte {
	if s.json != nil {
		return s.json
	}
	return wire.Text(s.text)
}

func coded(status int, code wire.ErrorCode, data []byte) reply {
	return reply{status: status, kind: jsonType, body: wire.OpenResult(code, data)}
}

// absent is what was asked for and is not there.
type absent struct {
	text string
	code wire.ErrorCode
}

func (e absent) Error() string { return e.text }

func notFound(text string) error { return absent{text, wire.ResourceNotFound} }

// unserved is a call that this product does not serve, and why.
type unserved struct{ text string }

func (e unserved) Error() string { return e.text }

func (first) fails(r *http.Request, err error) reply {
	var (
		invalid *wire.Invalid
		missing absent
		not     unserved
		format  *wire.MetadataError
		over    *limits.Over
		waiting unready
		denied  *auth.Refusal
	)
	switch {
	case errors.As(err, &denied):
		return page(r, statusOf(denied), denied.Text)
	case errors.As(err, &waiting):
		return waiting.plain()
	case errors.Is(err, wire.ErrGroupEmpty):
		return page(r, http.StatusBadRequest, wire.ErrGroupEmpty.Text)
	case errors.As(err, &invalid):
		return refused(invalid)
	case errors.As(err, &missing):
		return plain(http.StatusNotFound, missing.text)
	case errors.As(err, &not):
		return plain(http.StatusNotImplemented, not.text)
	case errors.As(err, &format):
		return page(r, http.StatusInternalServerError,
			"Server failed, caused: ErrCode:400, ErrMsg:"+err.Error()+";caused: "+err.Error()+";")
	case errors.As(err, &over):
		return plain(statusOver(over), over.Error())
	case errors.Is(err, naming.ErrLoading), errors.Is(err, naming.ErrStopped):
		return plain(http.StatusServiceUnavailable, "server is DOWNnow, detailed error message: Optional["+err.Error()+"]")
	case errors.Is(err, naming.ErrTooLarge):
		return plain(http.StatusBadRequest, err.Error())
	case errors.Is(err, naming.ErrFull):
		return plain(http.StatusInsufficientStorage, err.Error())
	case errors.Is(err, wire.ErrMalformed):
		return page(r, http.StatusBadRequest, err.Error())
	case errors.Is(err, wire.ErrBeat):
		return page(r, http.StatusInternalServerError, "Server failed, caused: "+err.Error()+";")
	default:
		return plain(http.StatusInternalServerError, "caused: "+err.Error()+";")
	}
}

// statusOf is 403, but where trying again later is what helps.
func statusOf(r *auth.Refusal) int {
	if r == auth.ErrBusy || r == auth.ErrPaced {
		return http.StatusTooManyRequests
	}
	return http.StatusForbidden
}

// refused answers what a user must change. Nacos's parameter check stands before
// all versions and has no content type.
func refused(e *wire.Invalid) reply {
	if e.Param {
		return reply{status: http.StatusBadRequest, kind: noType, body: []byte(e.Text + "\r\n")}
	}
	return plain(http.StatusBadRequest, e.Text)
}

func (second) fails(_ *http.Request, err error) reply {
	var (
		invalid *wire.Invalid
		missing absent
		not     unserved
		format  *wire.MetadataError
		over    *limits.Over
		waiting unready
		denied  *auth.Refusal
	)
	switch {
	case errors.As(err, &denied):
		return coded(statusOf(denied), wire.AccessDenied, wire.Text(denied.Text))
	case errors.As(err, &waiting):
		return waiting.coded()
	case errors.As(err, &invalid):
		return refusedCoded(invalid)
	case errors.As(err, &missing):
		return coded(http.StatusNotFound, missing.code, wire.Text(missing.text))
	case errors.As(err, &not):
		return coded(http.StatusNotImplemented, wire.APIFunctionDisabled, wire.Text(not.text))
	case errors.As(err, &format):
		return coded(http.StatusBadRequest, wire.MetadataInvalid, wire.Text(err.Error()))
	case errors.As(err, &over):
		return coded(statusOver(over), wire.ParameterInvalid, wire.Text(over.Error()))
	case errors.Is(err, naming.ErrLoading), errors.Is(err, naming.ErrStopped):
		return coded(http.StatusServiceUnavailable, wire.ServerError, wire.Text(err.Error()))
	case errors.Is(err, naming.ErrTooLarge):
		return coded(http.StatusBadRequest, wire.MetadataInvalid, wire.Text(err.Error()))
	case errors.Is(err, naming.ErrFull):
		return coded(http.StatusInsufficientStorage, wire.ServerError, wire.Text(err.Error()))
	case errors.Is(err, wire.ErrMalformed), errors.Is(err, wire.ErrBeat):
		return coded(http.StatusBadRequest, wire.ParameterInvalid, wire.Text(err.Error()))
	default:
		return coded(http.StatusInternalServerError, wire.ServerError, wire.Text(err.Error()))
	}
}

func refusedCoded(e *wire.Invalid) reply {
	switch {
	case e.Param:
		return refused(e)
	case e.Code == wire.ParameterMissing:
		return coded(http.StatusBadRequest, e.Code,
			wire.Text("Required parameter '"+e.Field+"' type "+javaType(e.Field)+" is not present"))
	case e.Code == wire.ErrorCode{}:
		return coded(http.StatusBadRequest, wire.ParameterInvalid, wire.Text(e.Text))
	default:
		return coded(http.StatusBadRequest, e.Code, wire.Text(e.Text))
	}
}

func javaType(parameter string) string {
	switch parameter {
	case "port", "checkPort":
		return "Integer"
	case "healthy", "useInstancePort4Check":
		return "Boolean"
	default:
		return "String"
	}
}

// javaTime is the form of times in Spring's error pages.
const javaTime = "2006-01-02T15:04:05.000-07:00"

// page answers as Spring's error page does.
func page(r *http.Request, status int, message string) reply {
	now := time.Now().UTC().Format(javaTime)
	return reply{
		status: status, kind: jsonType,
		body: wire.Page(now, status, http.StatusText(status), message, r.URL.Path),
	}
}
