package rules

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	prometheus "github.com/prometheus/prometheus/rules"
)

const (
	of     = `cluster_namespace="default", cluster_name="demo"`
	member = of + `, pod="demo-0"`
)

// cases are series, a sample a minute, and the alerts that fire after some
// minutes. Two operators report alike; that must not count twice.
var cases = map[string]struct {
	series string
	at     int // minutes
	fire   []string
}{
	"a healthy cluster": {
		series: `
			naming_cluster_condition{` + of + `, type="Ready", status="True", reason="ClusterReady", pod="a"} 1x120
			naming_cluster_condition{` + of + `, type="Converged", status="True", reason="DigestsMatch", pod="a"} 1x120
			naming_cluster_condition{` + of + `, type="Degraded", status="False", reason="Healthy", pod="a"} 1x120
			naming_cluster_condition{` + of + `, type="Progressing", status="False", reason="Idle", pod="a"} 1x120
			naming_cluster_spec_replicas{` + of + `, pod="a"} 3x120
			naming_cluster_status_ready_replicas{` + of + `, pod="a"} 3x120
			naming_braked_services{` + member + `} 0x120
			naming_peer_up{` + member + `, peer="demo-1"} 1x120
			naming_pending_changes{` + member + `, peer="demo-1"} 7x120
			naming_tls_certificate_not_after_seconds{` + member + `, use="members"} 2592000x120
			naming_tls_handshake_failures_total{` + member + `, use="clients", side="accepted", reason="authority"} 3x120
			naming_tls_handshake_failures_total{` + member + `, use="clients", side="accepted", reason="other"} 0+12x120
			naming_refused_peers_total{` + member + `, reason="address"} 2x120
			naming_replication_lag_seconds_bucket{` + member + `, peer="demo-1", le="0.004"} 0+100x120
			naming_replication_lag_seconds_bucket{` + member + `, peer="demo-1", le="+Inf"} 0+100x120
			leader_election_master_status{name="naming-operator.naming.distro.io", pod="a"} 1x120
			leader_election_master_status{name="naming-operator.naming.distro.io", pod="b"} 0x120`,
		at: 100,
	},
	"not ready for four minutes": {
		series: `naming_cluster_condition{` + of + `, type="Ready", status="False", reason="MembersNotReady"} 1x10` + leads,
		at:     4,
	},
	"not ready for six minutes, as two operators say, for changing reasons": {
		series: `
			naming_cluster_condition{` + of + `, type="Ready", status="False", reason="MembersNotReady", pod="a"} 1x3 stale
			naming_cluster_condition{` + of + `, type="Ready", status="False", reason="MemberLagging", pod="a"} _x3 1x10
			naming_cluster_condition{` + of + `, type="Ready", status="False", reason="MembersNotReady", pod="b"} 1x10` + leads,
		at:   6,
		fire: []string{"NamingClusterNotReady default/demo"},
	},
	"scaled to zero on purpose": {
		series: `
			naming_cluster_condition{` + of + `, type="Ready", status="False", reason="ScaledToZero"} 1x60
			naming_cluster_condition{` + of + `, type="Converged", status="Unknown", reason="NoMemberReady"} 1x60` + leads,
		at: 60,
	},
	"one member of three is down": {
		series: `
			naming_cluster_spec_replicas{` + of + `} 3x60
			naming_cluster_status_ready_replicas{` + of + `} 2x60
			naming_cluster_condition{` + of + `, type="Degraded", status="True", reason="MemberDown"} 1x60` + leads,
		at:   16,
		fire: []string{"NamingClusterDegraded default/demo MemberDown", "NamingMemberDown default/demo"},
	},
	"members differ now and then": {
		series: `naming_cluster_condition{` + of + `, type="Converged", status="False", reason="DigestsDiffer"} 1x8 stale _x3 1x8` + leads,
		at:     18,
	},
	"members differ all the time": {
		series: `naming_cluster_condition{` + of + `, type="Converged", status="False", reason="DigestsDiffer"} 1x20` + leads,
		at:     11,
		fire:   []string{"NamingClusterNotConverged default/demo"},
	},
	"a stuck rollout, which is not told twice": {
		series: `
			naming_cluster_condition{` + of + `, type="Degraded", status="True", reason="RolloutStuck"} 1x100
			naming_cluster_condition{` + of + `, type="Progressing", status="True", reason="RollingUpdate"} 1x100` + leads,
		at:   30,
		fire: []string{"NamingRolloutStuck default/demo"},
	},
	"a rollout that waits for an hour": {
		series: `naming_cluster_condition{` + of + `, type="Progressing", status="True", reason="WaitingForConvergence"} 1x100` + leads,
		at:     61,
		fire:   []string{"NamingRolloutSlow default/demo WaitingForConvergence"},
	},
	"a spec that is refused": {
		series: `naming_cluster_condition{` + of + `, type="Stalled", status="True", reason="InvalidSpec"} 1x100` + leads,
		at:     6,
		fire:   []string{"NamingClusterStalled default/demo InvalidSpec"},
	},
	"the brake is on": {
		series: `naming_braked_services{` + member + `} 0x5 3x5` + leads,
		at:     8,
		fire:   []string{"NamingMassLoss default/demo"},
	},
	"a peer is not reached": {
		series: `naming_peer_up{` + member + `, peer="demo-1"} 1x2 0x20` + leads,
		at:     9,
		fire:   []string{"NamingPeerDown default/demo demo-1"},
	},
	"replication takes seconds": {
		series: `
			naming_replication_lag_seconds_bucket{` + member + `, peer="demo-1", le="1.024"} 0+50x60
			naming_replication_lag_seconds_bucket{` + member + `, peer="demo-1", le="4.096"} 0+100x60
			naming_replication_lag_seconds_bucket{` + member + `, peer="demo-1", le="+Inf"} 0+100x60` + leads,
		at:   20,
		fire: []string{"NamingReplicationSlow default/demo demo-1"},
	},
	"changes pile up": {
		series: `naming_pending_changes{` + member + `, peer="demo-1"} 500+10x60` + leads,
		at:     20,
		fire:   []string{"NamingChangesPending default/demo demo-1"},
	},
	"pushes fail": {
		series: `
			naming_push_duration_seconds_count{` + member + `, over="grpc", result="ok"} 0+80x60
			naming_push_duration_seconds_count{` + member + `, over="grpc", result="error"} 0+20x60` + leads,
		at:   20,
		fire: []string{"NamingPushesFail default/demo"},
	},
	"pushes over UDP are lost, which clients of 1.x make up for": {
		series: `
			naming_push_duration_seconds_count{` + member + `, over="grpc", result="ok"} 0+80x60
			naming_push_duration_seconds_count{` + member + `, over="udp", result="error"} 0+90x60` + leads,
		at: 20,
	},
	"a certificate of one member is old": {
		series: `
			naming_tls_certificate_not_after_seconds{` + of + `, pod="demo-0", use="members"} 2592000x400
			naming_tls_certificate_not_after_seconds{` + of + `, pod="demo-1", use="members"} 266400x400
			naming_tls_certificate_not_after_seconds{` + of + `, pod="demo-1", use="clients"} 2592000x400` + leads,
		at:   140, // three days before 266400 s is after 120 minutes
		fire: []string{"NamingCertificateExpiring default/demo members"},
	},
	"the same, and renewed in time": {
		series: `naming_tls_certificate_not_after_seconds{` + member + `, use="members"} 266400x130 8000000x70` + leads,
		at:     140,
	},
	"a client that never gets in": {
		series: `naming_tls_handshake_failures_total{` + member + `, use="clients", side="accepted", reason="plaintext"} 1+1x60` + leads,
		at:     20,
		fire:   []string{"NamingHandshakesFail default/demo plaintext clients"},
	},
	"clients that failed for some minutes": {
		series: `naming_tls_handshake_failures_total{` + member + `, use="clients", side="accepted", reason="authority"} 1+5x5 26x60` + leads,
		at:     20,
	},
	"a stranger on the members' port": {
		series: `naming_refused_peers_total{` + member + `, reason="address"} 1+1x60` + leads,
		at:     15,
		fire:   []string{"NamingPeersRefused default/demo address"},
	},
	"passes fail": {
		series: `
			controller_runtime_reconcile_total{controller="namingcluster", result="success"} 0+8x60
			controller_runtime_reconcile_total{controller="namingcluster", result="error"} 0+2x60
			controller_runtime_reconcile_errors_total{controller="namingcluster"} 0+2x60` + leads,
		at:   20,
		fire: []string{"NamingReconcileErrors"},
	},
	"nobody leads": {
		series: `leader_election_master_status{name="naming-operator.naming.distro.io", pod="a"} 0x60`,
		at:     11,
		fire:   []string{"NamingOperatorAbsent"},
	},
}

const leads = "\n" + `leader_election_master_status{name="naming-operator.naming.distro.io"} 1x200`

func TestAlertsFire(t *testing.T) {
	wanted := map[string]bool{}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := fired(t, tc.series, tc.at); !slices.Equal(got, tc.fire) {
				t.Errorf("after %d minutes %q fire, want %q", tc.at, got, tc.fire)
			}
		})
		for _, alert := range tc.fire {
			wanted[strings.Fields(alert)[0]] = true
		}
	}
	for _, a := range alerts(t) {
		if !wanted[a.Alert] {
			t.Errorf("no case makes %s fire", a.Alert)
		}
	}
}

// fired evaluates all rules once a minute, as Prometheus does, and returns those
// that fire at the end.
func fired(t *testing.T, series string, minutes int) []string {
	t.Helper()
	var load strings.Builder
	load.WriteString("load 1m\n")
	for line := range strings.SplitSeq(series, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			load.WriteString("  " + line + "\n")
		}
	}
	storage := promqltest.LoadedStorage(t, load.String())
	engine := promqltest.NewTestEngine(t, false, 0, 100_000)
	ask := prometheus.EngineQueryFunc(engine, storage)
	var out []string
	for _, a := range alerts(t) {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(a.Expr)
		if err != nil {
			t.Fatal(err)
		}
		hold, err := model.ParseDuration(a.For)
		if err != nil {
			t.Fatal(err)
		}
		alerting := prometheus.NewAlertingRule(a.Alert, expr, time.Duration(hold), 0, labels.FromMap(a.Labels),
			labels.FromMap(a.Annotations), labels.EmptyLabels(), "", true, slog.New(slog.DiscardHandler))
		for minute := range minutes + 1 {
			if _, err := alerting.Eval(t.Context(), 0, time.Unix(0, 0).Add(time.Duration(minute)*time.Minute), ask, nil, 0); err != nil {
				t.Fatal(err)
			}
		}
		for _, active := range alerting.ActiveAlerts() {
			if active.State != prometheus.StateFiring {
				continue
			}
			out = append(out, told(t, a.Alert, active))
		}
	}
	slices.Sort(out)
	return out
}

// told names an alert by its cluster and by what else tells it from others. What
// people read must be filled in.
func told(t *testing.T, name string, a *prometheus.Alert) string {
	t.Helper()
	for _, text := range []string{"summary", "description"} {
		if got := a.Annotations.Get(text); got == "" || strings.Contains(got, "<error") || strings.Contains(got, "<no value>") {
			t.Errorf("%s: %s reads %q", name, text, got)
		}
	}
	out := name
	if cluster := a.Labels.Get("cluster_name"); cluster != "" {
		out += fmt.Sprintf(" %s/%s", a.Labels.Get("cluster_namespace"), cluster)
	}
	for _, label := range []string{"reason", "peer", "use"} {
		if value := a.Labels.Get(label); value != "" {
			out += " " + value
		}
	}
	return out
}
