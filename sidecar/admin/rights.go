package admin

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/auth"
)

// Gate says who may read what clients publish.
type Gate interface {
	// Judge returns a pass for a caller that may do what is needed, or why not.
	Judge(ctx context.Context, c auth.Caller, need auth.Need) (*auth.Pass, error)
}

// everywhere is the namespace of what is told of all of them.
func everywhere(*http.Request) string { return auth.Every }

// oneNamespace is that of the service that a request names.
func oneNamespace(r *http.Request) string { return asked(r).Namespace }

// guarded answers those who may read what clients publish in a namespace: where auth
// is on, who is in this very host, and who shows a token, or a name and a password,
// with the right to it.
func (s Sources) guarded(namespace func(*http.Request) string, answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if ip, here := origin(r); s.Gate != nil && !here {
			need := auth.Need{Right: auth.Read, Namespace: namespace(r)}
			if _, err := s.Gate.Judge(r.Context(), callerOf(r, ip), need); err != nil {
				refuse(w, err)
				return
			}
		}
		answer(w, r)
	}
}

// callerOf returns what a call shows. Tokens in the query are not taken: they end up
// in logs.
func callerOf(r *http.Request, ip string) auth.Caller {
	c := auth.Caller{IP: ip}
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		c.Token = strings.TrimSpace(token)
	} else {
		c.Name, c.Password, _ = r.BasicAuth()
	}
	return c
}

func refuse(w http.ResponseWriter, err error) {
	status := http.StatusUnauthorized
	switch {
	case errors.Is(err, auth.ErrRight):
		status = http.StatusForbidden
	case errors.Is(err, auth.ErrBusy), errors.Is(err, auth.ErrPaced):
		status = http.StatusTooManyRequests
	default:
		w.Header().Set("WWW-Authenticate", `Basic realm="naming"`)
	}
	http.Error(w, err.Error()+" Auth is on: show a token, or a name and a password, with the right to read, or ask from this host; "+
		"kubectl port-forward does", status)
}

// origin returns where a request comes from, and whether that is this very host.
// Who passes requests on for others, as the console does, says for whom.
func origin(r *http.Request) (ip string, here bool) {
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || !local(ip) {
		return ip, false
	}
	if by := r.Header.Values("X-Forwarded-For"); len(by) > 0 {
		last := by[len(by)-1]
		ip = strings.TrimSpace(last[strings.LastIndex(last, ",")+1:])
	}
	return ip, local(ip)
}

// local reports whether ip is this host's own. Other addresses of its loopback are
// those of proxies in the pod, such as a mesh's, which speak for others.
func local(text string) bool {
	ip, err := netip.ParseAddr(text)
	return err == nil && (ip.Unmap() == netip.AddrFrom4([4]byte{127, 0, 0, 1}) || ip == netip.IPv6Loopback())
}
