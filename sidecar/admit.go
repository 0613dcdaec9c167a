package sidecar

import (
	"crypto/x509"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/secure"
	"github.com/distro-naming/naming-operator/sidecar/tlsfiles"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// admit returns why the other end of a connection is no member, or nil. A
// certificate proves a name; where there is none, only the address is left.
func (p *protection) admit(c net.Conn) error {
	var leaf *x509.Certificate
	if s, is := c.(*secure.Conn); is {
		leaf = s.Leaf()
	}
	ip, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil { // not TCP: a connection of tests
		ip = c.RemoteAddr().String()
	}
	return p.admitAs(ip, leaf)
}

func (p *protection) admitAs(ip string, leaf *x509.Certificate) (err error) {
	by := "address"
	if leaf != nil {
		by = "certificate"
		if err = p.AdmitHost(leaf.VerifyHostname); err != nil && !p.files.RequiresMembers() {
			p.metrics.Handshake(string(tlsfiles.Members), "accepted", "name")
			leaf, err, by = nil, nil, "address" // as good as plaintext
		}
	}
	if leaf == nil && p.strict {
		err = p.AdmitIP(ip)
	}
	if err == nil {
		return nil
	}
	p.blame(ip, by, "refused who is no member: it must be in the member list, and seen from an address of its name there",
		"reason", err.Error())
	return err
}

// unproven is told of who speaks as a member and does not show what members are
// known by.
func (p *protection) unproven(ip string) {
	p.blame(ip, "identity", "refused who speaks as a member and shows no server identity, or another: give every server the same, "+
		"Java by nacos.core.auth.server.identity.key and .value, members of this program by --server-identity; "+
		"for Java before 2.5.0, which shows none over gRPC, see members= in --auth-policy")
}

// blame counts who was refused, and says so once for each address.
func (p *protection) blame(ip, by, what string, more ...any) {
	p.metrics.Refused(by)
	p.mu.Lock()
	defer p.mu.Unlock()
	const most = 1024
	if known := ip + " " + by; !p.blamed[known] && len(p.blamed) < most {
		p.blamed[known] = true
		p.log.Info(what, append([]any{"remote", ip, "by", by}, more...)...)
	}
}

// distroPaths begin what members of Nacos 1.x tell each other.
const distroPaths = "/nacos/v1/ns/distro/"

// forMembers are paths of the main port on which members tell each other what they
// hold; clients have no business there.
func forMembers(path string) bool {
	return slices.ContainsFunc([]string{distroPaths, wire.StatusPath, wire.ReportPath}, func(its string) bool {
		return strings.HasPrefix(path, its)
	})
}

// guard answers as h does, but only members on their paths: by TLS of theirs where
// that is required, from a listed address where peers are looked at strictly.
func (p *protection) guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !forMembers(r.URL.Path) {
			h.ServeHTTP(w, r)
			return
		}
		var leaf *x509.Certificate
		c := secure.Of(r)
		if c != nil && c.Use() == string(tlsfiles.Members) {
			leaf = c.Leaf()
		}
		if leaf == nil && p.files.RequiresMembers() {
			http.Error(w, "This path is for members, which must speak TLS to each other here.", http.StatusForbidden)
			return
		}
		ip, _, _ := net.SplitHostPort(r.RemoteAddr)
		if err := p.admitAs(ip, leaf); err != nil {
			http.Error(w, "This path is for members of the list: "+err.Error(), http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}
