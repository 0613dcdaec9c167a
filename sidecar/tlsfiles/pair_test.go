package tlsfiles

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/tlsfiles/tlstest"
)

func TestOnlyWholeAndValidPairsAreTaken(t *testing.T) {
	ours, theirs := tlstest.New(t, "ours"), tlstest.New(t, "theirs")
	hosts := []string{"demo-0.demo-headless.default.svc"}
	good, second := ours.Issue(hosts), ours.Issue(hosts)
	material := func(cert, key, ca []byte) Material { return Material{Dir: "/tls", Cert: cert, Key: key, CA: ca} }
	issued := func(a *tlstest.Authority, ca []byte, o ...tlstest.Option) Material {
		l := a.Issue(hosts, o...)
		return material(l.Cert, l.Key, ca)
	}
	for name, tc := range map[string]struct {
		m    Material
		use  Use
		want string // of the error
	}{
		"a member's":                        {issued(ours, ours.Bundle), Members, ""},
		"of the second authority":           {issued(theirs, append(bytes.Clone(ours.Bundle), theirs.Bundle...)), Members, ""},
		"a clients' one without a bundle":   {issued(theirs, nil), Clients, ""},
		"a clients' one of another bundle":  {issued(theirs, ours.Bundle), Clients, ""},
		"half-written":                      {material(good.Cert[:len(good.Cert)/2], good.Key, ours.Bundle), Members, "/tls/tls.crt and tls.key"},
		"the key of another":                {material(good.Cert, second.Key, ours.Bundle), Members, "write both files of one pair"},
		"empty":                             {material(nil, nil, nil), Members, "/tls/tls.crt and tls.key"},
		"no bundle for members":             {issued(ours, nil), Members, "/tls/ca.crt: holds no certificate"},
		"a bundle that is none":             {issued(ours, []byte("hello")), Members, "/tls/ca.crt: holds no certificate"},
		"a half-written bundle for clients": {issued(ours, ours.Bundle[:100]), Clients, "/tls/ca.crt: holds no certificate"},
		"of another authority":              {issued(theirs, ours.Bundle), Members, `for ["demo-0.demo-headless.default.svc"]: x509: certificate signed by unknown authority`},
		"expired":                           {issued(ours, ours.Bundle, tlstest.Expired), Members, "renew it"},
		"expired, for clients":              {issued(ours, nil, tlstest.Expired), Clients, "renew it"},
		"of the future":                     {issued(ours, ours.Bundle, tlstest.Future), Members, "not yet valid"},
		"not to be shown by clients":        {issued(ours, ours.Bundle, tlstest.ServerOnly), Members, "it must come from ca.crt and be for servers and clients"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Parse(tc.m, tc.use, time.Now())
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tc.want == "" && (len(p.Issuer) == 64) != (tc.m.CA != nil):
				t.Errorf("issuer is %q", p.Issuer)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("error is %v, want %q in it", err, tc.want)
			}
		})
	}
}

func TestPolicy(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "Required Required", //nolint:dupword // of each use
		"members=Permissive\n": "Permissive Required",
		"# on the way\n\nclients=Permissive\r\nmembers = Required\n": "Required Permissive",
		"members=permissive":                   "error",
		"peers=Required":                       "error",
		"members":                              "error",
		"members=Required\nmembers=Permissive": "error",
	} {
		p, err := ParsePolicy(text)
		got := string(p.Mode(Members)) + " " + string(p.Mode(Clients))
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q: %s (%v), want %s", text, got, err, want)
		}
	}
}

func FuzzPolicyAndPairsDoNotPanic(f *testing.F) {
	f.Add([]byte("members=Required"), []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(_ *testing.T, a, b []byte) {
		_, _ = ParsePolicy(string(a))
		_, _ = Parse(Material{Cert: a, Key: b, CA: b}, Members, time.Unix(1, 0))
		_, _ = Parse(Material{Cert: b, Key: a, CA: b}, Clients, time.Unix(1, 0))
	})
}
