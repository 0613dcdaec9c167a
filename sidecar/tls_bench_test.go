package sidecar

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/distro-naming/naming-operator/sidecar/report"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// BenchmarkRegisterAndReplicate is what a registration costs on one of three
// members, all of them and the clients in this process: the CPU of all together,
// until all members hold it. What TLS costs is the difference: between members for
// two replicated writes, and for clients for both ends of a call.
func BenchmarkRegisterAndReplicate(b *testing.B) {
	for i, bc := range []struct{ name, members, clients string }{
		{"plaintext", "", ""},
		{"TLS between members", "Required", ""},
		{"TLS everywhere", "Required", "Required"},
	} {
		b.Run(bc.name, func(b *testing.B) {
			ips := []string{loopback(100 + 3*i), loopback(101 + 3*i), loopback(102 + 3*i)}
			s := protected(b, bc.members, bc.clients, ips...)
			s.ready(ips...)
			creds := insecure.NewCredentials()
			if bc.clients != "" {
				creds = credentials.NewTLS(s.trust())
			}
			registerMany(b, s, creds)
		})
	}
}

func registerMany(b *testing.B, s *secured, creds credentials.TransportCredentials) {
	b.Helper()
	const clients = 16
	var calls [clients]nacospb.RequestClient
	for i := range calls {
		conn, err := grpc.NewClient("passthrough:///"+s.ips[0]+":9848", grpc.WithTransportCredentials(creds))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conn.Close() })
		c := &sdk{t: b, ctx: b.Context(), instance: fmt.Sprintf("10.1.0.%d", i), hosts: map[string]bool{}}
		if _, err := c.introduce(conn); err != nil {
			b.Fatal(err)
		}
		calls[i] = nacospb.NewRequestClient(conn)
	}
	s.agree("the clients are known", clients, s.ips...)
	before, began := processTime(b), time.Now()
	var next atomic.Int64
	var all sync.WaitGroup
	for c, call := range calls {
		all.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				body := fmt.Sprintf(`{"namespace":"public","serviceName":"s%d","groupName":"DEFAULT_GROUP","type":"registerInstance",`+
					`"instance":{"ip":"10.1.0.%d","port":80,"weight":1,"healthy":true,"enabled":true,"ephemeral":true,`+
					`"metadata":{"preserved.register.source":"SPRING_CLOUD","version":"1.24.3-release","n":"%d"}}}`, n%200, c, n)
				if _, err := call.Request(b.Context(), wire.Payload(wire.InstanceRequest, []byte(body))); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	s.eventually("all hold all", func() bool {
		var reports []report.Report
		for _, ip := range s.ips {
			reports = append(reports, s.report(ip))
		}
		return report.Agree(reports) && reports[0].Pending == 0
	})
	b.ReportMetric(float64((processTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
	b.ReportMetric(float64(took.Microseconds())/float64(b.N), "µs/op")
	b.ReportMetric(0, "ns/op")
}

// processTime is the CPU time that this process has used.
func processTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
