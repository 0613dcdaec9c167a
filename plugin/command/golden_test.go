package command

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Answers of members in trouble, as the API server and members give them.
var (
	unreachable = fails(http.StatusServiceUnavailable, "ServiceUnavailable",
		"error trying to reach service: dial tcp 10.244.0.16:8080: connect: connection refused")
	forbidden = fails(http.StatusForbidden, "Forbidden", `pods "demo-1:8080" is forbidden: User "jane" cannot get resource "pods/proxy"`)
	stopping  = func(w http.ResponseWriter) { http.Error(w, "member is stopping", http.StatusServiceUnavailable) }
	older     = func(w http.ResponseWriter) { http.Error(w, "404 page not found", http.StatusNotFound) }
	plainText = func(w http.ResponseWriter) { fmt.Fprint(w, "<html>hello</html>") }
)

// lines are shown to a healthy cluster, each by the name of its golden file.
var lines = map[string]string{
	"status":               "status demo",
	"status-wide":          "status demo -o wide",
	"status-color":         "status demo --color=always",
	"status-json":          "status demo -o json",
	"status-name":          "status demo -o name",
	"status-jsonpath":      "status demo -o jsonpath={.members[*].name}",
	"status-check":         "status demo --check",
	"status-list":          "status",
	"status-list-wide":     "status -o wide --no-headers",
	"status-list-yaml":     "status -o yaml",
	"status-unknown":       "status nobody",
	"services":             "services demo",
	"services-json":        "services demo -o json",
	"services-name":        "services demo -o name",
	"services-unhealthy":   "services demo --unhealthy",
	"services-filtered":    "services demo --group payments --nacos-namespace public --contains led",
	"services-none":        "services demo --contains nothing",
	"instances":            "instances demo greeter",
	"instances-wide":       "instances demo greeter -o wide",
	"instances-yaml":       "instances demo DEFAULT_GROUP@@greeter -o yaml",
	"instances-name":       "instances demo public@@DEFAULT_GROUP@@greeter -o name",
	"instances-unknown":    "instances demo nothing",
	"instances-awaited":    "instances demo awaited",
	"why-listed":           "why demo ledger 10.0.0.7:8080",
	"why-gone":             "why demo gone 10.0.0.9:8080",
	"why-gone-color":       "why demo gone 10.0.0.9:8080 --color=always",
	"why-service":          "why demo greeter",
	"why-json":             "why demo gone 10.0.0.9:8080 -o json",
	"why-never":            "why demo greeter 192.0.2.1:1",
	"why-no-endpoint":      "why demo greeter 10.0.0.7",
	"why-no-port":          "why demo greeter 10.0.0.7:http",
	"diff":                 "diff demo",
	"diff-two":             "diff demo --from 0 --to demo-2",
	"diff-one":             "diff demo --from 0",
	"diff-unknown":         "diff demo --from 0 --to 7",
	"rebalance-dry":        "rebalance demo --dry-run",
	"version":              "version",
	"bad-via":              "status --via=air",
	"bad-color":            "status --color=red",
	"bad-output":           "status -o xml",
	"bad-command":          "statu",
	"bad-arguments":        "instances demo",
	"complete-clusters":    "__complete status ",
	"complete-members":     "__complete drain demo ",
	"complete-services":    "__complete instances demo ",
	"complete-instances":   "__complete why demo greeter ",
	"complete-nothing":     "__complete version ",
	"complete-from":        "__complete diff demo --from ",
	"complete-output":      "__complete status -o ",
	"complete-no-instance": "__complete why demo nothing ",
}

// TestAll shows every command to a healthy cluster.
func TestAll(t *testing.T) {
	r := load(t)
	for name, line := range lines {
		t.Run(name, func(t *testing.T) {
			words := strings.Split(line, " ") // the last may be empty
			newTerminal(t, r).check(name, words...)
		})
	}
	t.Run("bundle", func(t *testing.T) { checkBundle(t, r) })
	r.save(t)
}

// TestTrouble shows what is seen when something is wrong.
func TestTrouble(t *testing.T) {
	r := load(t)
	alarmed := r.edited(t, clusterURI,
		`"reason":"ClusterReady","status":"True","type":"Ready"`, `"reason":"MembersNotReady","status":"False","type":"Ready"`,
		`"reason":"Healthy","status":"False","type":"Degraded"`, `"reason":"MemberDown","status":"True","type":"Degraded"`,
		`"message":"nothing needs attention"`, `"message":"demo-1: its container keeps failing: CrashLoopBackOff"`,
		`"readyReplicas":3`, `"readyReplicas":1`,
		`"name":"demo-1","ready":true`, `"name":"demo-1","ready":false,"waitsFor":"its container keeps failing: look at kubectl logs demo-1"`)
	for name, tc := range map[string]struct {
		line   string
		change map[string]func(http.ResponseWriter)
	}{
		"trouble-status": {"status demo --check", map[string]func(http.ResponseWriter){
			clusterURI: alarmed, "demo-1:8080": unreachable,
		}},
		"trouble-status-color": {"status demo --color=always", map[string]func(http.ResponseWriter){
			clusterURI: alarmed, "demo-1:8080": unreachable,
		}},
		"trouble-links": {"status demo", map[string]func(http.ResponseWriter){
			proxied(0, "/v1/status"): r.edited(t, proxied(0, "/v1/status"),
				`"state":"UP","transport":"stream"`, `"state":"DOWN","error":"dial tcp 10.244.0.9:9849: connect: connection refused"`,
				`"braked":0`, `"braked":1`, `"draining":false`, `"draining":false,"fault":"line 3: no such host"`, `"pending":0`, `"pending":12`),
		}},
		"trouble-digest": {"status demo", map[string]func(http.ResponseWriter){
			proxied(2, "/v1/status"): r.edited(t, proxied(2, "/v1/status"), `"digest":"`, `"digest":"beef`),
		}},
		"trouble-never-seen": {"status demo", map[string]func(http.ResponseWriter){
			clusterURI: func(w http.ResponseWriter) {
				say(w, `{"apiVersion":"naming.distro.io/v1alpha1","kind":"NamingCluster","metadata":{"name":"demo","namespace":"shop"},"spec":{}}`)
			},
		}},
		"trouble-stale":            {"status demo", map[string]func(http.ResponseWriter){clusterURI: r.edited(t, clusterURI, `"observedGeneration":1,"readyReplicas"`, `"observedGeneration":0,"readyReplicas"`)}},
		"trouble-another-pod":      {"status demo", map[string]func(http.ResponseWriter){proxied(1, "/v1/status"): r.edited(t, proxied(1, "/v1/status"), `"member":"demo-1.demo-headless.shop`, `"member":"other-1.other-headless.shop`)}},
		"trouble-list":             {"status --check", map[string]func(http.ResponseWriter){listURI: r.edited(t, listURI, `"reason":"ClusterReady","status":"True"`, `"reason":"MembersNotReady","status":"False"`)}},
		"trouble-no-crd":           {"status", map[string]func(http.ResponseWriter){listURI: fails(http.StatusNotFound, "NotFound", "the server could not find the requested resource")}},
		"trouble-no-right-to-list": {"status", map[string]func(http.ResponseWriter){listURI: fails(http.StatusForbidden, "Forbidden", "namingclusters.naming.distro.io is forbidden")}},
		"trouble-forbidden":        {"services demo", map[string]func(http.ResponseWriter){"proxy": forbidden}},
		"trouble-one-silent":       {"services demo", map[string]func(http.ResponseWriter){"demo-1:8080": unreachable}},
		"trouble-stopping":         {"instances demo greeter", map[string]func(http.ResponseWriter){proxied(1, "/v1/instances"): stopping}},
		"trouble-older":            {"diff demo", map[string]func(http.ResponseWriter){"proxy": older}},
		"trouble-not-ours":         {"services demo", map[string]func(http.ResponseWriter){proxied(0, ""): plainText}},
		"services-differ":          {"services demo", map[string]func(http.ResponseWriter){proxied(1, "/v1/services"): func(w http.ResponseWriter) { say(w, `[]`) }}},
		"instances-differ":         {"instances demo greeter -o wide", map[string]func(http.ResponseWriter){proxied(1, "/v1/instances"): func(w http.ResponseWriter) { say(w, `[]`) }}},
		"instances-ambiguous": {"instances demo ledger", map[string]func(http.ResponseWriter){proxied(1, "/v1/services"): func(w http.ResponseWriter) {
			say(w, `[{"namespace":"dev","group":"G","name":"ledger","instances":1,"healthy":1}]`)
		}}},
		"rebalance-lopsided": {"rebalance demo", map[string]func(http.ResponseWriter){
			proxied(0, "/v1/status"): connected(t, r, 0, 40), proxied(1, "/v1/status"): connected(t, r, 1, 20), proxied(2, "/v1/status"): connected(t, r, 2, 0),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if *record {
				t.Skip("nothing is wrong with what is recorded")
			}
			term := newTerminal(t, r)
			term.api.change = tc.change
			term.check(name, strings.Fields(tc.line)...)
		})
	}
}

// connected changes how many clients a member says are connected.
func connected(t *testing.T, r *recording, member, n int) func(http.ResponseWriter) {
	t.Helper()
	uri := proxied(member, "/v1/status")
	held := string(r.answer(uri))
	_, rest, _ := strings.Cut(held, `"connections":`)
	number, _, _ := strings.Cut(strings.TrimSpace(rest), ",")
	return r.edited(t, uri, `"connections":`+number, fmt.Sprintf(`"connections":%d`, n))
}

// Members differ in one client: one lacks it, and another holds an older write.
func TestDifferencesAreShown(t *testing.T) {
	r := load(t)
	if *record {
		t.Skip("nothing differs in what is recorded")
	}
	digest := func(text string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			say(w, `[{"owner":"demo-0.demo-headless.shop.svc:8848","clients":1,"digest":"`+text+`","buckets":["00000000000000000000000000000000","`+text+`"]}]`)
		}
	}
	held := func(version int64) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			say(w, fmt.Sprintf(`[{"client":"1795694221136_10.244.0.9_41000","stamp":{"writer":"demo-0.demo-headless.shop.svc:8848","version":%d,"revision":7},
"services":["public@@DEFAULT_GROUP@@a","public@@DEFAULT_GROUP@@b","public@@DEFAULT_GROUP@@c"],"instances":3}]`, version))
		}
	}
	records := proxied(0, "/v1/records?"+bucketQuery("demo-0.demo-headless.shop.svc:8848", []int{1}).Encode())
	at := func(member int) string {
		return strings.Replace(records, "demo-0:", fmt.Sprintf("demo-%d:", member), 1)
	}
	change := map[string]func(http.ResponseWriter){
		proxied(0, "/v1/digests"): digest("0a"), proxied(1, "/v1/digests"): digest("0a"), proxied(2, "/v1/digests"): digest("0b"),
		at(0): held(1795694300000), at(1): held(1795694300000), at(2): held(1795694299000),
	}
	for name, line := range map[string]string{
		"diff-older": "diff demo", "diff-older-wide": "diff demo -o wide", "diff-older-json": "diff demo -o json", "diff-limit": "diff demo --limit 0",
	} {
		t.Run(name, func(t *testing.T) {
			term := newTerminal(t, r)
			term.api.change = change
			term.check(name, strings.Fields(line)...)
		})
	}
	t.Run("diff-lacks", func(t *testing.T) {
		term := newTerminal(t, r)
		term.api.change = change
		change[at(2)] = func(w http.ResponseWriter) { say(w, `[]`) }
		term.check("diff-lacks", "diff", "demo", "--from=demo-0", "--to=demo-2")
	})
}

// One member keeps an older weight, and does not know what is set of the service.
func TestDifferencesOfSettingsAreShown(t *testing.T) {
	r := load(t)
	if *record {
		t.Skip("nothing differs in what is recorded")
	}
	digest := func(member int, text string) func(http.ResponseWriter) {
		return r.edited(t, proxied(member, "/v1/status"), `"digest":"`, `"settingsDigest":"`+text+`","digest":"`)
	}
	weight := func(at int64) string {
		return fmt.Sprintf(`{"namespace":"public","group":"DEFAULT_GROUP","name":"greeter","ip":"10.0.0.1","port":8080,"cluster":"DEFAULT",
"stamp":{"writer":"demo-1.demo-headless.shop.svc:8848","version":%d,"revision":0}}`, at)
	}
	service := `{"namespace":"public","group":"DEFAULT_GROUP","name":"greeter",
"stamp":{"writer":"demo-0.demo-headless.shop.svc:8848","version":1795694200000,"revision":0}}`
	all := func(w http.ResponseWriter) { say(w, "["+service+","+weight(1795694300000)+"]") }
	change := map[string]func(http.ResponseWriter){
		proxied(0, "/v1/status"): digest(0, "5e77"), proxied(1, "/v1/status"): digest(1, "01de"), proxied(2, "/v1/status"): digest(2, "5e77"),
		proxied(0, "/v1/settings"): all, proxied(2, "/v1/settings"): all,
		proxied(1, "/v1/settings"): func(w http.ResponseWriter) { say(w, "["+weight(1795694299000)+"]") },
	}
	for name, line := range map[string]string{
		"diff-settings": "diff demo", "diff-settings-json": "diff demo -o json", "diff-settings-name": "diff demo -o name",
		"status-settings": "status demo -o wide",
	} {
		t.Run(name, func(t *testing.T) {
			term := newTerminal(t, r)
			term.api.change = change
			term.check(name, strings.Fields(line)...)
		})
	}
}

// What was only on its way when it was first looked at is no difference.
func TestDifferencesThatPassAreNotShown(t *testing.T) {
	r := load(t)
	term := newTerminal(t, r)
	term.api.change[proxied(2, "/v1/digests")] = func(w http.ResponseWriter) { say(w, `[]`) }
	term.api.change[proxied(0, "/v1/records")] = func(w http.ResponseWriter) {
		say(w, `[{"client":"late","stamp":{"revision":1},"services":[],"instances":0}]`)
	}
	term.api.change[proxied(1, "/v1/records")] = term.api.change[proxied(0, "/v1/records")]
	term.api.change[proxied(2, "/v1/records")] = func(w http.ResponseWriter) { say(w, `[]`) }
	looked := false
	term.env.Pause = func(context.Context, time.Duration) {
		looked = true
		delete(term.api.change, proxied(2, "/v1/digests")) // it has arrived
	}
	if seen := term.run(t.Context(), "diff", "demo"); !looked || !strings.Contains(seen, "hold the same") {
		t.Errorf("want no difference at the second look, seen:\n%s", seen)
	}
}

func TestDrain(t *testing.T) {
	r := load(t)
	if *record {
		t.Skip("it would change what is recorded")
	}
	for name, tc := range map[string]struct{ line, fenced, moved string }{
		"drain":              {"drain demo demo-1", "", `{"asked":3,"agreed":3}`},
		"drain-stubborn":     {"drain demo 1", "", `{"asked":3,"agreed":1}`},
		"drain-empty":        {"drain demo 1", "", `{"asked":0,"agreed":0}`},
		"drain-keep":         {"drain demo 1 --keep-connections", "", ""},
		"drain-one-more":     {"drain demo 2", `[\"demo-1\"]`, `{"asked":3,"agreed":3}`},
		"drain-last":         {"drain demo 2", `[\"demo-1\",\"demo-0\"]`, ""},
		"drain-unknown":      {"drain demo 9", "", ""},
		"drain-unreadable":   {"drain demo 1", `demo-1`, ""},
		"undrain":            {"undrain demo 1", `[\"demo-1\"]`, ""},
		"undrain-one-of-all": {"undrain demo 1", `[\"*\"]`, ""},
		"undrain-needless":   {"undrain demo 1", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			term := newTerminal(t, r)
			term.moved = tc.moved
			if tc.fenced != "" {
				term.api.change["GET "+clusterURI] = r.edited(t, clusterURI,
					`"annotations":{`, `"annotations":{"naming.distro.io/fenced-members":"`+tc.fenced+`",`)
			}
			term.check(name, strings.Fields(tc.line)...)
		})
	}
}

// The screen is drawn again in place on a terminal, and below otherwise; an error
// may pass.
func TestWatch(t *testing.T) {
	for name, terminal := range map[string]bool{"watch": false, "watch-terminal": true} {
		t.Run(name, func(t *testing.T) {
			r := load(t)
			if *record {
				t.Skip("it would not end")
			}
			term := newTerminal(t, r)
			term.env.Terminal, term.env.NoColor = terminal, true
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			looks := 0
			term.env.Pause = func(context.Context, time.Duration) {
				looks++
				term.api.change[listURI] = fails(http.StatusInternalServerError, "InternalError", "etcd is away")
				if looks == 2 {
					cancel()
				}
			}
			seen := term.run(ctx, "status", "--watch")
			if strings.Count(seen, "demo   True") != 1 || strings.Count(seen, "etcd is away") != 1 || strings.Contains(seen, "exit") {
				t.Errorf("want one good look and one bad one, and a good end:\n%q", seen)
			}
			if strings.Contains(seen, "\x1b[H") != terminal {
				t.Errorf("moves the cursor: want %t:\n%q", terminal, seen)
			}
		})
	}
}
