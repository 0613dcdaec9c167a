package sidecar

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/tlsfiles"
)

// checked is the endpoint that a check registers. The address is one of those
// that are set apart for documentation: nobody reaches anything there.
var checked = struct {
	service, ip string
	port        int
}{"naming-check", "192.0.2.1", 80}

const (
	checkPause = 500 * time.Millisecond // between two attempts
	checkCall  = 5 * time.Second        // for one attempt
)

// check registers an instance on the first member, reads it from every other
// one, and takes it away again. It tries until the deadline, so it may be
// started before the members are.
func check(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("distro-sidecar check", flag.ContinueOnError)
	fs.SetOutput(stderr)
	list := fs.String("members", "", "`host:port` of each member, separated by commas; the first is registered on")
	timeout := fs.Duration("timeout", 2*time.Minute, "how long to try")
	trust := fs.String("tls", "", "speak TLS: `folder` with ca.crt, to trust, and where asked tls.crt and tls.key, to show")
	name := fs.String("tls-server-name", "", "`host` that members' certificates are for, if not each one's own")
	login := fs.String("login", "", "`folder` with username and password of a user that may read and write, where members have auth")
	if err := parse(fs, args); err != nil {
		return err
	}
	members := strings.FieldsFunc(*list, func(r rune) bool { return r == ',' })
	if len(members) == 0 {
		return errors.New("check: --members: name at least one member, as host:port")
	}
	if *name != "" && *trust == "" {
		return errors.New("check: --tls-server-name needs --tls=FOLDER")
	}
	c, err := newChecker(*trust, *name)
	if err != nil {
		return fmt.Errorf("check: --tls: %w", err)
	}
	if c.client.Transport, err = signedIn(c.client.Transport, *login); err != nil {
		return fmt.Errorf("check: --login: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	return c.run(ctx, members, stdout)
}

// checker asks members, by TLS or not.
type checker struct {
	scheme string
	client *http.Client
}

// newChecker trusts what the folder says; without one it speaks plaintext.
func newChecker(folder, serverName string) (*checker, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	c := &checker{scheme: "http", client: &http.Client{Transport: transport}}
	if folder == "" {
		return c, nil
	}
	terms, err := tlsfiles.ForClient(folder, serverName)
	if err != nil {
		return nil, err
	}
	c.scheme, transport.TLSClientConfig = "https", terms
	return c, nil
}

// run does what check promises.
func (c *checker) run(ctx context.Context, members []string, stdout io.Writer) error {
	first := members[0]
	if err := persist(ctx, "register on "+first, func(ctx context.Context) error {
		return c.change(ctx, http.MethodPost, first)
	}); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "registered %s on %s\n", checked.service, first)
	for _, at := range slices.Concat(members[1:], members[:1]) { // the first too, which may be alone
		if err := persist(ctx, "read from "+at, func(ctx context.Context) error { return c.find(ctx, at, true) }); err != nil {
			return err
		}
		fmt.Fprintf(stdout, "read it from %s\n", at)
	}
	if err := persist(ctx, "deregister on "+first, func(ctx context.Context) error {
		return c.change(ctx, http.MethodDelete, first)
	}); err != nil {
		return err
	}
	for _, at := range members {
		if err := persist(ctx, "read from "+at, func(ctx context.Context) error { return c.find(ctx, at, false) }); err != nil {
			return err
		}
	}
	fmt.Fprintln(stdout, "deregistered it; it is gone from every member")
	return nil
}

// persist repeats an attempt until it succeeds or ctx ends, and then tells
// what was last wrong.
func persist(ctx context.Context, what string, attempt func(context.Context) error) error {
	ticker := time.NewTicker(checkPause)
	defer ticker.Stop()
	var last error
	for {
		one, cancel := context.WithTimeout(ctx, checkCall)
		err := attempt(one)
		cancel()
		if err == nil {
			return nil
		}
		if last == nil || ctx.Err() == nil { // an attempt cut short says less than the one before it
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("check: %s: %w", what, last)
		case <-ticker.C:
		}
	}
}

// change registers or deregisters the instance, by Nacos's HTTP of 1.x.
func (c *checker) change(ctx context.Context, method, member string) error {
	body, err := c.ask(ctx, method, member, "/nacos/v1/ns/instance", url.Values{
		"serviceName": {checked.service}, "ip": {checked.ip}, "port": {strconv.Itoa(checked.port)},
	})
	if err == nil && string(body) != "ok" {
		err = fmt.Errorf("the answer is %q, not ok", body)
	}
	return err
}

// find fails unless the member lists the instance, or does not, as wanted.
func (c *checker) find(ctx context.Context, member string, wanted bool) error {
	body, err := c.ask(ctx, http.MethodGet, member, "/nacos/v1/ns/instance/list", url.Values{"serviceName": {checked.service}})
	if err != nil {
		return err
	}
	var answer struct {
		Hosts []struct {
			IP string `json:"ip"`
		} `json:"hosts"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	for _, host := range answer.Hosts {
		if host.IP == checked.ip {
			if wanted {
				return nil
			}
			return errors.New("the instance is still listed")
		}
	}
	if wanted {
		return errors.New("the instance is not listed")
	}
	return nil
}

func (c *checker) ask(ctx context.Context, method, member, path string, query url.Values) ([]byte, error) {
	to := url.URL{Scheme: c.scheme, Host: member, Path: path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, to.String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(body)))
	}
	return body, err
}
