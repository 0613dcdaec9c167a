package admin

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Every stands for all namespaces: what is told of all of them needs a right in all.
const Every = "*"

// Caller is what a request shows of who makes it.
type Caller struct {
	IP             string
	Token          string
	Name, Password string
}

// Refusal is why a caller may not read something.
type Refusal struct {
	Status int // of HTTP
	Text   string
}

func everywhere(*http.Request) string { return Every }

// oneNamespace is that of the service that a request names.
func oneNamespace(r *http.Request) string {
	s, _ := asked(r) // what it lacks is told to who may read
	return s.Namespace
}

// guarded answers those who may read what clients publish in a namespace: where auth
// is on, who is in this very host, and who shows a token, or a name and a password,
// with the right to it.
func (s Sources) guarded(namespace func(*http.Request) string, answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if ip, here := origin(r); s.Permit != nil && !here {
			if no := s.Permit(r.Context(), callerOf(r, ip), namespace(r)); no != nil {
				refuse(w, *no)
				return
			}
		}
		answer(w, r)
	}
}

// callerOf returns what a call shows. Tokens in the query are not taken: they end up
// in logs.
func callerOf(r *http.Request, ip string) Caller {
	c := Caller{IP: ip}
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		c.Token = strings.TrimSpace(token)
	} else {
		c.Name, c.Password, _ = r.BasicAuth()
	}
	return c
}

func refuse(w http.ResponseWriter, no Refusal) {
	if no.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="naming"`)
	}
	http.Error(w, no.Text+" Auth is on: show a token, or a name and a password, with the right to read, or ask from this host; "+
		"kubectl port-forward does", no.Status)
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
