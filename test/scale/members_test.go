//go:build envtest

package scale

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// members plays all members. Each has an IP of its own and answers there.
type members struct {
	silent atomic.Bool // take the call and say nothing

	mu   sync.Mutex
	at   map[string]member.Address // by IP
	next int
}

// join gives a member an IP, and serves it there until the test ends.
func (m *members) join(t *testing.T, a member.Address) (ip string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next++
	ip = fmt.Sprintf("127.77.%d.%d", m.next>>8, m.next&255)
	m.at[ip] = a
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", net.JoinHostPort(ip, fmt.Sprint(resources.AdminPort)))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: m}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return ip
}

// ServeHTTP answers as the member whose IP was called.
func (m *members) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if m.silent.Load() {
		<-r.Context().Done()
		return
	}
	ip, _, _ := net.SplitHostPort(r.Host)
	m.mu.Lock()
	a := m.at[ip]
	m.mu.Unlock()
	_ = json.NewEncoder(w).Encode(report.Report{
		Member: string(a), Generation: 1, Loaded: true, Digest: "d0", Clients: 40, Services: 12, Instances: 60,
	})
}
