// Package probe asks the members of a cluster how they are: GET /v1/status on
// the admin port of each pod.
//
// Members are asked side by side, a few at a time and each for a short while,
// so that a pass never hangs on a dead one. Silence is an absent answer, never
// an error.
package probe

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

const (
	timeout  = 2 * time.Second        // for one member
	parallel = 16                     // members asked at the same time
	maxBody  = 1 << 20                // bytes of a report
	rounds   = 3                      // at most, while they do not agree
	pause    = 150 * time.Millisecond // between rounds
)

// Prober asks members over HTTP. Use New.
type Prober struct {
	client *http.Client
	port   int
}

// New returns a Prober for members whose admin interface listens on port.
func New(port int) *Prober {
	return &Prober{
		port: port,
		client: &http.Client{
			Timeout: timeout,
			Transport: &http.Transport{
				// Pods come and go under the same IP: a connection is for one question.
				DisableKeepAlives:   true,
				TLSHandshakeTimeout: timeout,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Probe returns the report of each member that answered in time, by its
// address; pods maps addresses to the IPs of their pods. An answer of somebody
// else, as after an IP was given to another pod, is dropped.
//
// Members are not asked at the same instant, so a change that is on its way
// looks like a difference. While they do not agree, all are asked again, up to
// three times: a difference that is reported has lasted.
func (p *Prober) Probe(ctx context.Context, pods map[member.Address]string) map[member.Address]report.Report {
	for round := 1; ; round++ {
		got := p.ask(ctx, pods)
		if round == rounds || report.Agree(slices.Collect(maps.Values(got))) {
			return got
		}
		select {
		case <-ctx.Done():
			return got
		case <-time.After(pause):
		}
	}
}

func (p *Prober) ask(ctx context.Context, pods map[member.Address]string) map[member.Address]report.Report {
	var (
		got   = make(map[member.Address]report.Report, len(pods))
		mu    sync.Mutex // guards got
		group sync.WaitGroup
		slots = make(chan struct{}, parallel)
	)
	for address, ip := range pods {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			r, err := p.one(ctx, ip)
			if err != nil || r.Member != string(address) {
				return // silence: whoever needs the answer sees that it is missing
			}
			mu.Lock()
			defer mu.Unlock()
			got[address] = r
		})
	}
	group.Wait()
	return got
}

func (p *Prober) one(ctx context.Context, ip string) (report.Report, error) {
	url := "http://" + net.JoinHostPort(ip, strconv.Itoa(p.port)) + "/v1/status"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return report.Report{}, fmt.Errorf("ask %s: %w", ip, err)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return report.Report{}, fmt.Errorf("ask %s: %w", ip, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return report.Report{}, fmt.Errorf("ask %s: %s", ip, resp.Status)
	}
	var r report.Report
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxBody)).Decode(&r); err != nil {
		return report.Report{}, fmt.Errorf("read report of %s: %w", ip, err)
	}
	return r, nil
}
