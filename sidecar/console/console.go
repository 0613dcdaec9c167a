// Package console is one read-only web page: what a member believes about its
// peers, services and instances. It asks the member's admin port and holds
// nothing itself; it never shows more than a bounded number of services.
package console

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/admin"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// Bounds of one page.
const (
	maxServices = 200 // listed
	openUpTo    = 20  // with their instances shown at once when there are no more services
	askTimeout  = 3 * time.Second
	maxAnswer   = 32 << 20 // bytes of one admin answer
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// Handler returns the page at "/" and a probe at "/livez". base is the admin
// port's URL, such as http://127.0.0.1:8080.
func Handler(base string, log logr.Logger) http.Handler {
	c := &console{base: strings.TrimSuffix(base, "/"), client: &http.Client{Timeout: askTimeout}, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /{$}", c.serve)
	return mux
}

type console struct {
	base   string
	client *http.Client
	log    logr.Logger
}

// content is what the template shows.
type content struct {
	Report   report.Report
	Faults   []string // what the member says is wrong with it
	Services []service
	More     int
	Fault    string
}

type service struct {
	admin.Service
	Hosts []admin.Instance
	Open  bool
}

func (c *console) serve(w http.ResponseWriter, r *http.Request) {
	shown, err := c.ask(r.Context())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if err != nil {
		shown = content{Fault: err.Error()}
		w.WriteHeader(http.StatusBadGateway)
	}
	if err := page.Execute(w, shown); err != nil {
		c.log.V(1).Info("page not sent", "reason", err.Error())
	}
}

// ask collects what the page shows.
func (c *console) ask(ctx context.Context) (content, error) {
	var out content
	if err := c.get(ctx, "/v1/status", &out.Report); err != nil {
		return content{}, err
	}
	var services []admin.Service
	if err := c.get(ctx, "/v1/services", &services); err != nil {
		return content{}, err
	}
	if len(services) > maxServices {
		out.More = len(services) - maxServices
		services = services[:maxServices]
	}
	for _, s := range services {
		line := service{Service: s, Open: len(services) <= openUpTo}
		q := url.Values{"namespace": {s.Namespace}, "group": {s.Group}, "service": {s.Name}}
		if err := c.get(ctx, "/v1/instances?"+q.Encode(), &line.Hosts); err != nil {
			return content{}, err
		}
		out.Services = append(out.Services, line)
	}
	out.Faults = faults(out.Report)
	return out, nil
}

func (c *console) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return fmt.Errorf("ask member: %w", err)
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask member: %w", err)
	}
	defer resp.Body.Close()
	body := io.LimitReader(resp.Body, maxAnswer)
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(body, 1<<10))
		return fmt.Errorf("ask member for %s: %s: %s", path, resp.Status, strings.TrimSpace(string(text)))
	}
	if err := json.NewDecoder(body).Decode(into); err != nil {
		return fmt.Errorf("read member's answer to %s: %w", path, err)
	}
	return nil
}

// faults collects what a member says is wrong with what it was given, and what it
// has lost.
func faults(r report.Report) (all []string) {
	note := func(of, fault string) {
		if fault != "" {
			all = append(all, of+": "+fault)
		}
	}
	note("Refused", r.Fault)
	if r.TLS != nil && r.TLS.Members != nil {
		note("TLS between members", r.TLS.Members.Fault)
	}
	if r.TLS != nil && r.TLS.Clients != nil {
		note("TLS for clients", r.TLS.Clients.Fault)
	}
	if r.Auth != nil {
		note("Auth", r.Auth.Fault)
	}
	if r.Braked > 0 {
		note("Much was lost at once", fmt.Sprintf("instances of %d services stay listed as unhealthy for a minute", r.Braked))
	}
	return all
}
