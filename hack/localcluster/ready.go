package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// client speaks to the cluster as its administrator, past any proxy.
func (c *cluster) client() (*http.Client, error) {
	ca, err := os.ReadFile(c.pki("ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("reach the API server: %w", err)
	}
	cert, err := tls.LoadX509KeyPair(c.pki("admin.crt"), c.pki("admin.key"))
	if err != nil {
		return nil, fmt.Errorf("reach the API server: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	return &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{cert}}},
	}, nil
}

// get reads at most 1 MiB of a page that must answer 200.
func get(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: %s", url, response.Status)
	}
	return body, nil
}

// ready returns how to see that a component does its work. Those that are not
// here show it by what others become ready for.
func (c *cluster) ready(client *http.Client) map[string]func(context.Context) error {
	page := func(url string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := get(ctx, client, url)
			return err
		}
	}
	return map[string]func(context.Context) error{
		containerd: c.node.containerdReady,
		apiServer:  page(c.apiURL() + "/readyz"),
		// Pods are refused until their namespace has its account.
		controllerManager: page(c.apiURL() + "/api/v1/namespaces/default/serviceaccounts/default"),
		kubelet:           func(ctx context.Context) error { return c.nodeReady(ctx, client, c.node) },
		proxy:             page(fmt.Sprintf("http://%s/healthz", net.JoinHostPort(c.node.address.String(), "10256"))),
		dns:               page(fmt.Sprintf("http://%s/ready", net.JoinHostPort(c.node.address.String(), "8181"))),
	}
}

// containerdReady asks for the version, which needs the plugins to be up.
func (n node) containerdReady(ctx context.Context) error {
	if !exists(n.socket()) {
		return errors.New("no socket yet")
	}
	return execute(ctx, "ctr", "--address", n.socket(), "version")
}

func (c *cluster) nodeReady(ctx context.Context, client *http.Client, of node) error {
	body, err := get(ctx, client, c.apiURL()+"/api/v1/nodes/"+of.name)
	if err != nil {
		return err
	}
	var n struct {
		Status struct {
			Conditions []struct{ Type, Status, Message string }
		}
	}
	if err := json.Unmarshal(body, &n); err != nil {
		return fmt.Errorf("read node: %w", err)
	}
	for _, condition := range n.Status.Conditions {
		if condition.Type == "Ready" && condition.Status == "True" {
			return nil
		}
		if condition.Type == "Ready" {
			return fmt.Errorf("node is not ready: %s", condition.Message)
		}
	}
	return errors.New("node has no Ready condition yet")
}

// healthy is nil when every component runs and answers, from the programs that
// belong to the sources as they are now.
func (c *cluster) healthy(ctx context.Context) error {
	started, err := os.ReadFile(c.config("build"))
	if err != nil {
		return errors.New("not started")
	}
	if string(started) != c.dist.dir {
		return fmt.Errorf("runs another build: %s", started)
	}
	for _, name := range startOrder {
		if c.daemon(name).running() == 0 {
			return fmt.Errorf("%s is not running", name)
		}
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	for name, ready := range c.ready(client) {
		if err := ready(ctx); err != nil {
			return fmt.Errorf("%s is not ready: %w", name, err)
		}
	}
	return nil
}
