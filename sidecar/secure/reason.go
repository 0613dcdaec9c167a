package secure

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"sync"
	"time"
)

var errSlow = errors.New("said too little")

// Reason names in a word why a connection failed. The words are a closed set:
// they are labels of a metric.
func Reason(err error) string {
	var (
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		authority x509.UnknownAuthorityError
		record    tls.RecordHeaderError
		told      *net.OpError
		timeout   net.Error
		named     interface{ Reason() string } // by the terms
	)
	text := err.Error()
	switch {
	case errors.Is(err, errSlow), errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.As(err, &host):
		return "name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "expired"
	case errors.As(err, &authority), errors.As(err, &invalid):
		return "authority"
	case errors.As(err, &told) && told.Op == "remote error":
		return "refused" // by the other end, for reasons that it logs
	case errors.As(err, &named):
		return named.Reason()
	case errors.As(err, &record):
		return "plaintext"
	case strings.Contains(text, "didn't provide a certificate"): // crypto/tls has no types for these
		return "unshown"
	case strings.Contains(text, "unsupported versions"), strings.Contains(text, "unsupported application protocols"),
		strings.Contains(text, "no cipher suite"):
		return "protocol"
	default:
		return "other"
	}
}

// quiet tells what is new, so that a log is not filled by one who tries for ever.
type quiet struct {
	mu   sync.Mutex
	said map[string]time.Time
}

const (
	quietFor  = time.Minute
	quietMost = 1024
)

// first reports whether key was not heard of for a minute.
func (q *quiet) first(key string, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if now.Sub(q.said[key]) < quietFor {
		return false
	}
	if q.said == nil || len(q.said) >= quietMost {
		q.said = map[string]time.Time{}
	}
	q.said[key] = now
	return true
}
