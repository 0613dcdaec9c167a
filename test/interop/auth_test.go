package interop

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nacos-group/nacos-sdk-go/v2/common/constant"

	"github.com/distro-naming/naming-operator/test/clients/sdk"
)

var (
	errNotLogged = errors.New("it has not")
	errPassed    = errors.New("it was taken")
)

// refusedPeers counts the calls of members that did not show the identity.
const refusedPeers = `naming_refused_peers_total{reason="identity"}`

// TestAuth has auth on in a cluster of a Java server that replicates as 2.x does and
// one of ours. Ours ask for tokens, and not for the identity: over gRPC Java shows
// none before 2.5.0.
func TestAuth(t *testing.T) {
	c := newGuarded(t, "oj", moving)
	c.javas[0].start(t)
	must(t, c.ours[0].Start(t.Context()))
	c.requireAcquainted()
	c.token = c.login(c.javas[0].address())
	for _, step := range []struct {
		name string
		test func(c *cluster)
	}{
		{"nobody without a token", (*cluster).closed},
		{"a token of either is good at both", (*cluster).tokens},
		{"writes go to their owners", (*cluster).owners},
		{"connections", (*cluster).connections},
		{"each loads from the other", (*cluster).loads},
		{"who shows no identity", (*cluster).strangers},
		{"the official SDK moves", (*cluster).moves},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.test(c.in(t)) }) {
			return
		}
	}
}

// closed tries everything without a token, and with one that is broken.
func (c *cluster) closed() {
	for _, m := range c.members() {
		for what, token := range map[string]string{"no token": "", "a broken one": c.token[:len(c.token)-8]} {
			held := connect(c.t, m)
			held.token = token
			register := names("public", service)
			register["type"], register["instance"] = "registerInstance", map[string]any{"ip": "192.0.2.1", "port": 80, "ephemeral": true}
			_, write := ask(c.t.Context(), http.MethodPost, m, instancePath, shown(token, at(80).form(service)))
			_, read := list(c.t.Context(), m, service, token)
			_, query := held.query("public", service)
			for call, err := range map[string]error{
				"HTTP write": write, "HTTP list": read, "gRPC query": query, "gRPC write": held.call("InstanceRequest", register, nil),
			} {
				if err == nil {
					err = errPassed
				}
				if !strings.Contains(err.Error(), "403") {
					c.t.Errorf("%s at %s with %s: %v, want 403", call, m, what, err)
				}
			}
		}
	}
}

// tokens has clients that logged in at one member write at the other.
func (c *cluster) tokens() {
	algorithms := map[string]string{
		c.javas[0].address(): "eyJhbGciOiJIUzUxMiJ9.", // HS512, since the key is long
		c.ours[0].Address():  "eyJhbGciOiJIUzI1NiJ9.", // HS256
	}
	port := 80
	for _, from := range c.members() {
		if c.token = c.login(from); !strings.HasPrefix(c.token, algorithms[from]) {
			c.t.Errorf("a token of %s begins with %.24s, want %s", from, c.token, algorithms[from])
		}
		for _, m := range c.members() {
			held := c.held(m)
			held.register(service, at(port))
			write(c.t, http.MethodPost, m, c.form(service, at(port+1)))
			c.requireListed(service, at(port), at(port+1).lasting())
			held.deregister(service, at(port))
			write(c.t, http.MethodDelete, m, c.form(service, at(port+1)))
			c.requireListed(service)
			port += 2
		}
	}
}

// owners writes at the wrong and at the right member alike.
func (c *cluster) owners() {
	members, published := c.members(), make([]instance, 12)
	for i := range published {
		published[i] = at(80 + i).lasting()
		write(c.t, http.MethodPost, members[i%2], c.form(service, published[i]))
	}
	c.requireListed(service, published...)
	status, err := c.ours[0].Status(c.t.Context())
	must(c.t, err)
	if status.Owned == 0 || status.Owned == len(published) {
		c.t.Errorf("ours owns %d of %d clients, want a share", status.Owned, len(published))
	}
	for i := range published {
		published[i] = published[i].changed().lasting()
		write(c.t, http.MethodPost, members[(i+1)%2], c.form(service, published[i]))
	}
	c.requireListed(service, published...)
	for i := range published {
		write(c.t, http.MethodDelete, members[i%2], c.form(service, published[i]))
	}
	c.requireListed(service)
}

// connections publish at either side and end, and what Java forgets it is told again
// when ours verify.
func (c *cluster) connections() {
	here, there := c.held(c.ours[0].Address()), c.held(c.javas[0].address())
	here.register(service, at(80))
	there.register(service, at(81))
	c.requireListed(service, at(80), at(81))
	there.register(service, at(81).changed())
	c.requireListed(service, at(80), at(81).changed())
	there.close()
	c.requireListed(service, at(80))

	java := c.javas[0].address()
	peer := connectTo(c.t, java, clusterPort, "cluster")
	until(c.t, "Java has lost it", func() error {
		must(c.t, peer.distro("DELETE", here.id))
		got, err := list(c.t.Context(), java, service, c.token)
		if err == nil && len(got) > 0 {
			err = fmt.Errorf("it lists %v", got)
		}
		return err
	})
	c.requireListed(service, at(80))
	here.close()
	c.requireListed(service)
}

// loads starts each anew while the other has everything.
func (c *cluster) loads() {
	java, ours := c.javas[0], c.ours[0]
	var published []instance
	for i := range 6 {
		one := at(80 + i).lasting()
		write(c.t, http.MethodPost, java.address(), c.form(service, one))
		published = append(published, one)
	}
	c.requireListed(service, published...)
	must(c.t, ours.Kill())
	must(c.t, ours.Start(c.top.Context()))
	must(c.t, ours.WaitReady(c.t.Context()))
	if got, err := list(c.t.Context(), ours.Address(), service, c.token); err != nil || !slices.Equal(got, texts(published)) {
		c.t.Errorf("ours is ready and lists %v, want %v (%v)", got, texts(published), err)
	}

	java.kill(c.t)
	held := c.held(ours.Address())
	held.register(service, at(90))
	java.start(c.top)
	c.requireAcquainted()
	c.requireListed(service, append(published, at(90))...)
	held.close()
	for _, one := range published {
		write(c.t, http.MethodDelete, ours.Address(), c.form(service, one))
	}
	c.requireListed(service)
}

// strangers asks Java for the identity, which it cannot show over gRPC, and then for
// one that it does not have.
func (c *cluster) strangers() {
	java, ours := c.javas[0], c.ours[0]
	c.write("policy", "auth=Required")
	c.requireCounted(ours, refusedPeers)
	c.requireLogged(ours, "see members= in --auth-policy")
	c.write("policy", moving)
	held := c.held(java.address())
	held.register(service, at(80))
	c.requireListed(service, at(80))

	must(c.t, ours.Kill())
	c.guard(ours, "another")
	must(c.t, ours.Start(c.top.Context()))
	c.requireCounted(ours, refusedPeers)
	must(c.t, ours.Kill())
	c.guard(ours, "identity")
	must(c.t, ours.Start(c.top.Context()))
	c.requireAcquainted()
	c.requireListed(service, at(80))
	held.close()
	c.requireListed(service)
}

// moves kills the member that a client of the official SDK may be at, and then the
// other one. It logs in once, at either.
func (c *cluster) moves() {
	java, ours := c.javas[0], c.ours[0]
	client, _ := open(c.t, java.address()+","+ours.Address(), constant.WithUsername(user), constant.WithPassword(password))
	one := sdk.Instance{IP: "192.0.2.1", Port: 80, Weight: 1, Healthy: true, Metadata: map[string]string{"zone": "a"}}
	publishes := func(where string) {
		name := "at-" + where
		until(c.t, "the SDK registers "+name, func() error { return client.Register(name, one) })
		c.requireListed(name, at(80))
	}
	publishes("either")
	must(c.t, ours.Kill())
	publishes("java")
	must(c.t, ours.Start(c.top.Context()))
	c.requireAcquainted()
	java.kill(c.t)
	publishes("ours")
}

// TestAuthAsOld has auth on as TestAuth does, with a Java server that replicates as
// 1.x does. Over HTTP it shows its identity with every call, and is asked for it from
// when it has loaded: being of 2.1 it loads over gRPC too.
func TestAuthAsOld(t *testing.T) {
	c := newGuarded(t, "vo", moving)
	java, ours := c.javas[0], c.ours[0]
	java.start(t)
	must(t, ours.Start(t.Context()))
	c.requireAcquainted()
	c.requireTransport("v1")
	c.write("policy", "auth=Required")
	c.token = c.login(java.address())
	held := c.held(ours.Address())
	for i, s := range spread {
		held.register(s, at(80))
		write(t, http.MethodPost, c.members()[i%2], c.form(s, at(81)))
	}
	c.requireSpread(at(80), at(81).lasting())
	for i, s := range spread {
		held.register(s, at(80).changed())
		write(t, http.MethodPost, c.members()[(i+1)%2], c.form(s, at(81).changed()))
	}
	c.requireSpread(at(80).changed(), at(81).changed().lasting())
	held.close()
	c.requireSpread(at(81).changed().lasting())
	if n, err := ours.Metric(t.Context(), refusedPeers); err == nil {
		t.Errorf("ours refused Java %v times", n)
	}

	must(t, ours.Kill())
	c.guard(ours, "another")
	must(t, ours.Start(t.Context()))
	must(t, ours.WaitReady(t.Context()))
	for _, s := range spread {
		c.requireListedAt(ours.Address(), s, at(81).changed().lasting())
	}
	held = c.held(ours.Address())
	for _, s := range spread {
		held.register(s, at(80))
	}
	c.requireLogged(ours, "the server identity shown is missing or wrong")
	c.requireCounted(ours, refusedPeers)
	held.close()
}
