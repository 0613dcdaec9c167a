package interop

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/tlsfiles/tlstest"
)

// TestTLSBesideAJavaServer has two of ours speak TLS to each other, and plaintext to a
// Java server of 2.1.0, which knows no TLS between members: for as long as it is not
// required.
func TestTLSBesideAJavaServer(t *testing.T) {
	c := newCluster(t, "joo")
	java, ours := c.javas[0], c.ours
	authority := tlstest.New(t, "members")
	certificates := filepath.Join(c.dir, "tls")
	tlstest.Write(t, certificates, authority.Issue([]string{"127.0.0.1"}), authority.Bundle)
	c.write("policy", "members=Permissive")
	java.start(t)
	for _, o := range ours {
		o.Flags = []string{"--tls-members=" + certificates, "--tls-policy=" + filepath.Join(c.dir, "policy")}
		must(t, o.Start(t.Context()))
	}
	c.requireAcquainted()
	var published []instance
	for i, m := range c.members() {
		published = append(published, at(80+i))
		connect(t, m).register(service, published[i])
	}
	c.requireListed(service, published...)

	c.write("policy", "members=Required")
	for _, o := range ours {
		until(t, o.Name+" says why it does not speak to Java, and speaks to ours", func() error {
			status, err := o.Status(t.Context())
			if err != nil {
				return err
			}
			for _, p := range status.Peers {
				if p.Member == java.address() {
					if !strings.Contains(p.Error, "set the mode of members to Permissive") {
						err = errors.Join(err, fmt.Errorf("Java is %s: %q", p.State, p.Error))
					}
				} else if p.State != "UP" || p.Transport != "stream" {
					err = errors.Join(err, fmt.Errorf("ours is %s by %q: %s", p.State, p.Transport, p.Error))
				}
			}
			return err
		})
	}
	late := connect(t, ours[0].Address())
	late.register("late", at(80))
	c.requireListedAt(ours[1].Address(), "late", at(80))

	c.write("policy", "members=Permissive")
	c.requireAcquainted()
	c.requireListed("late", at(80))
	late.close()
	c.requireListed("late")
}
