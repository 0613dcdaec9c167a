package interop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// instance is what tests publish, and what members list.
type instance struct {
	IP       string
	Port     int
	Weight   float64
	Healthy  bool
	Metadata map[string]string
}

// at returns a healthy instance of the tests' network.
func at(port int) instance {
	return instance{IP: "192.0.2.1", Port: port, Weight: 1, Healthy: true, Metadata: map[string]string{"zone": "a"}}
}

// changed returns i with another weight and other metadata.
func (i instance) changed() instance {
	i.Weight, i.Metadata = i.Weight+1.5, map[string]string{"zone": "b", "more": "yes"}
	return i
}

// lasting returns i as one that need not beat for as long as a test lasts.
func (i instance) lasting() instance {
	i.Metadata = maps.Clone(i.Metadata)
	i.Metadata["preserved.heart.beat.timeout"], i.Metadata["preserved.ip.delete.timeout"] = "600000", "600000"
	return i
}

func (i instance) String() string {
	return fmt.Sprintf("%s:%d×%g healthy=%v %v", i.IP, i.Port, i.Weight, i.Healthy, i.Metadata)
}

func (i instance) form(service string) url.Values {
	metadata, _ := json.Marshal(i.Metadata) // a map of strings
	return url.Values{
		"serviceName": {service}, "ip": {i.IP}, "port": {strconv.Itoa(i.Port)},
		"weight": {strconv.FormatFloat(i.Weight, 'f', -1, 64)}, "metadata": {string(metadata)}, "ephemeral": {"true"},
	}
}

const (
	instancePath = "/nacos/v1/ns/instance"
	beatPath     = "/nacos/v1/ns/instance/beat"
	listPath     = "/nacos/v1/ns/instance/list"
	nodesPath    = "/nacos/v1/core/cluster/nodes"
)

// ask makes an HTTP call of a member and returns the body of its answer, which
// must be a success.
func ask(ctx context.Context, method, address, path string, form url.Values) (string, error) {
	return send(ctx, method, address, path, form, "")
}

// send does the same with a body, of JSON, as members send it.
func send(ctx context.Context, method, address, path string, form url.Values, sent string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+address+path+"?"+form.Encode(), strings.NewReader(sent))
	if err != nil {
		return "", err
	}
	if sent != "" {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("User-Agent", "Nacos-Server:2.1.0")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	if err != nil {
		return "", fmt.Errorf("%s %s of %s: %w: %s", method, path, address, err, body)
	}
	return string(body), nil
}

// write makes an HTTP call that must be answered "ok" before patience ends:
// members may first have to agree on the owner.
func write(t *testing.T, method, address string, form url.Values) {
	t.Helper()
	until(t, fmt.Sprintf("%s %s is taken by %s", method, form.Get("port"), address), func() error {
		body, err := ask(t.Context(), method, address, instancePath, form)
		if err == nil && body != "ok" {
			err = fmt.Errorf("answered %q", body)
		}
		return err
	})
}

// list returns what a member lists, sorted, as text, to who shows the token.
func list(ctx context.Context, address, service, token string) ([]string, error) {
	body, err := ask(ctx, http.MethodGet, address, listPath, shown(token, url.Values{"serviceName": {service}}))
	if err != nil {
		return nil, err
	}
	var answer struct{ Hosts []instance }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		return nil, fmt.Errorf("read list of %s: %w", address, err)
	}
	return texts(answer.Hosts), nil
}

// shown puts a token, if there is one, on a form.
func shown(token string, form url.Values) url.Values {
	if token != "" {
		form.Set("accessToken", token)
	}
	return form
}

func texts(list []instance) []string {
	out := make([]string, 0, len(list))
	for _, i := range list {
		out = append(out, i.String())
	}
	slices.Sort(out)
	return out
}

// members returns the addresses of those that run, Java servers first.
func (c *cluster) members() []string {
	var out []string
	for _, j := range c.javas {
		if j.running() {
			out = append(out, j.address())
		}
	}
	for _, o := range c.ours {
		if o.Running() {
			out = append(out, o.Address())
		}
	}
	return out
}

// requireListed waits until every member that runs lists exactly want.
func (c *cluster) requireListed(service string, want ...instance) {
	c.t.Helper()
	for _, m := range c.members() {
		c.requireListedAt(m, service, want...)
	}
}

func (c *cluster) requireListedAt(address, service string, want ...instance) {
	c.t.Helper()
	until(c.t, fmt.Sprintf("%s lists %v in %s", address, texts(want), service), func() error {
		got, err := list(c.t.Context(), address, service, c.token)
		if err == nil && !slices.Equal(got, texts(want)) {
			err = fmt.Errorf("it lists %v", got)
		}
		return err
	})
}

// requireAcquainted waits until every member that runs has loaded and believes
// every other one that runs to be UP, and Java can call ours.
func (c *cluster) requireAcquainted() {
	c.t.Helper()
	for _, o := range c.ours {
		if o.Running() {
			until(c.t, o.Name+" is ready and sees the others", func() error { return c.seesOthers(o) })
		}
	}
	for _, j := range c.javas {
		if j.running() {
			until(c.t, j.name+" is ready and sees the others", func() error { return c.javaSeesOthers(j) })
		}
	}
}

func (c *cluster) seesOthers(o *loopback.Member) error {
	status, err := o.Status(c.t.Context())
	if err != nil {
		return err
	}
	if !status.Loaded {
		return errors.New("it is loading")
	}
	for _, p := range status.Peers {
		if p.State != "UP" && slices.Contains(c.members(), p.Member) {
			return fmt.Errorf("%s is %s: %s", p.Member, p.State, p.Error)
		}
	}
	return nil
}

func (c *cluster) javaSeesOthers(j *javaMember) error {
	nodes, err := j.nodes(c.t.Context())
	if err != nil {
		return err
	}
	if !j.said("load snapshot data success") && len(c.members()) > 1 {
		return errors.New("it has not loaded")
	}
	for _, m := range c.members() {
		n := nodes[m]
		if n.State != "UP" || n.Extend["version"] == nil || !n.Abilities.Remote.Connection {
			return fmt.Errorf("%s is %+v", m, n)
		}
	}
	return nil
}

// javaNode is what a Java server knows of a member.
type javaNode struct {
	Address   string
	State     string
	Extend    map[string]any `json:"extendInfo"`
	Abilities struct {
		Remote struct {
			Connection bool `json:"supportRemoteConnection"`
		} `json:"remoteAbility"`
	}
}

// nodes asks a Java server how the members are.
func (j *javaMember) nodes(ctx context.Context) (map[string]javaNode, error) {
	body, err := ask(ctx, http.MethodGet, j.address(), nodesPath, nil)
	if err != nil {
		return nil, err
	}
	var answer struct{ Data []javaNode }
	if err := json.NewDecoder(strings.NewReader(body)).Decode(&answer); err != nil {
		return nil, fmt.Errorf("read members of %s: %w", j.name, err)
	}
	out := map[string]javaNode{}
	for _, n := range answer.Data {
		out[n.Address] = n
	}
	return out, nil
}
