package gate

import (
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/auth"
)

// BenchmarkJudge is what auth adds to a call: on a connection that has shown its
// token before, and where it is read anew, as with each call of HTTP.
func BenchmarkJudge(b *testing.B) {
	p := newPlace(b)
	g := p.mustOpen("")
	token := p.login(g, "alice")
	seen, err := g.Judge(b.Context(), auth.Caller{Token: token}, auth.Need{Right: auth.Read})
	if err != nil {
		b.Fatal(err)
	}
	for name, c := range map[string]auth.Caller{"seen": {Token: token, Seen: seen}, "read": {Token: token}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := g.Judge(b.Context(), c, auth.Need{Right: auth.Read}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
