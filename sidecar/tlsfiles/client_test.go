package tlsfiles

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/tlsfiles/tlstest"
)

func TestWhatAClientReads(t *testing.T) {
	ours := tlstest.New(t, "ours")
	leaf, other := ours.Issue([]string{"somebody"}), ours.Issue([]string{"somebody"})
	for name, tc := range map[string]struct {
		files map[string][]byte
		shows int
		want  string // of the error
	}{
		"authorities alone":     {map[string][]byte{CAFile: ours.Bundle}, 0, ""},
		"and a certificate":     {map[string][]byte{CAFile: ours.Bundle, CertFile: leaf.Cert, KeyFile: leaf.Key}, 1, ""},
		"nothing":               {nil, 0, "ca.crt: no such file or directory: put those in"},
		"no authority":          {map[string][]byte{CAFile: []byte("hello")}, 0, "ca.crt: holds no certificate of an authority"},
		"half a pair":           {map[string][]byte{CAFile: ours.Bundle, CertFile: leaf.Cert}, 0, "tls.key: no such file or directory: write both"},
		"the key of another":    {map[string][]byte{CAFile: ours.Bundle, CertFile: leaf.Cert, KeyFile: other.Key}, 0, "write both files of one pair"},
		"whom to trust is open": {map[string][]byte{CertFile: leaf.Cert, KeyFile: leaf.Key}, 0, "ca.crt: no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range tc.files {
				if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			c, err := ForClient(dir, "demo.default.svc")
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tc.want == "" && (len(c.Certificates) != tc.shows || c.ServerName != "demo.default.svc" || c.RootCAs == nil):
				t.Errorf("shows %d certificates to %q, want %d", len(c.Certificates), c.ServerName, tc.shows)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("error is %v, want %q in it", err, tc.want)
			}
		})
	}
}
