package nacoshttp

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/auth"
	"github.com/distro-naming/naming-operator/test/golden"
)

// beyond are parts of Nacos's HTTP API that are not served, and why.
var beyond = []struct{ path, reason string }{
	{"/v1/ns/raft/{rest}", "The old Raft: gone from Nacos since 2.2. Only what members of 1.x need to see a follower is answered."},
	{"/v1/ns/api/{rest}", "Clients before 0.8: gone from Nacos since 2.0."},
	{"/v1/ns/upgrade/ops/metrics", "The upgrade from 1.x within one Java server."},
	{"/v1/ns/service/checksum", "Legacy of members before 1.3."},
	{"/v1/ns/catalog/rt/service", "Response times of active health checks, of which there are none."},
	{"/v1/core/ops/{rest}", "Operations on Raft."},
	{"/v2/core/ops/{rest}", "Operations on Raft."},
	{"/v3/admin/core/ops/{rest}", "Operations on Raft."},
	{"/v2/core/loader/{rest}", "Moving clients by hand: members that leave move theirs, and the operator balances."},
	{"/v3/admin/core/loader/{rest}", "Moving clients by hand: members that leave move theirs, and the operator balances."},
	{"/v1/auth/users", "Users and what they may do are files: [Auth](../how-to/auth.md)."},
	{"/v3/auth/user", "Users and what they may do are files: [Auth](../how-to/auth.md)."},
	{"/v2/cs/history/{rest}", "Configuration: only reading, listening and publishing have an answer."},
	{"/v3/console/cs/config", "Configuration: only reading, listening and publishing have an answer."},
	{"/v3/admin/ai/mcp", "The registry of AI servers is no part of naming."},
	{"/actuator/prometheus", "Metrics are on the admin port."},
}

func groups(all []endpoint) (order []string, of map[string][]endpoint) {
	of = map[string][]endpoint{}
	for _, e := range all {
		if of[e.group] == nil {
			order = append(order, e.group)
		}
		of[e.group] = append(of[e.group], e)
	}
	return order, of
}

func version(e endpoint) string {
	switch e.in.(type) {
	case second:
		return "`Result`"
	case rest:
		return "`RestResult`"
	default:
		return "plain"
	}
}

// TestPageOfEndpointsIsWrittenFromTheTable keeps docs/reference/nacos-api.md
// honest: it is the router's own table.
func TestPageOfEndpointsIsWrittenFromTheTable(t *testing.T) {
	h := New(DefaultConfig(), Deps{})
	var b strings.Builder
	b.WriteString("# Nacos's HTTP API\n\n" +
		"What is answered on port 8848, below `/nacos`; the console's paths of 3.x also without it. A test writes this page from the table by which calls are\n" +
		"routed. What gRPC clients can ask is on [a page of its own](nacos-api-grpc.md); what is otherwise than in Nacos is on\n" +
		"[Differences over HTTP](nacos-http-differences.md).\n\n" +
		"Answers have the form of Nacos 2.5.1: *plain* are texts and values as they are, `RestResult` has code 200, `Result` code 0. Parameters are taken from the\n" +
		"query and from a form body, whatever the method; unknown ones are passed over. Below `/v1/ns/` another method or path is 501, elsewhere 405 or 404.\n" +
		"A body of more than 1 MiB is 413 unless [limits](limits.md) say otherwise. While the member loads, naming is 503, in every version and by the status of HTTP.\n\n" +
		"*Refused* are calls that always get status 501, with code 40001 where there is one, and the text in the last column.\n")
	order, of := groups(h.table())
	for _, group := range order {
		var rows [][]string
		for _, e := range of[group] {
			stand := "served"
			if e.refused {
				stand = "refused"
			}
			rows = append(rows, []string{e.method, "`" + e.path + "`", version(e), stand, e.note})
		}
		section(&b, group, []string{"Method", "Path", "Form", "Here", "Notes"}, rows)
	}
	section(&b, "What callers need where auth is on", []string{"Group", "To read", "Otherwise"}, needed(order))
	b.WriteString("\n[Auth](../how-to/auth.md) says how users get rights. *open* is for everybody, *login* for every user, *read* and *write* are rights in the namespace of the call, or in all where it is about\n" +
		"all; *member* is for members. Open too are `GET` of paths that end in `" + strings.Join(open, "`, `") + "`.\n")
	var not [][]string
	for _, p := range beyond {
		not = append(not, []string{"`" + strings.ReplaceAll(p.path, "{rest}", "…") + "`", p.reason})
	}
	section(&b, "Out of scope", []string{"Path", "Why"}, not)
	golden.Check(t, "../../docs/reference/nacos-api.md", []byte(b.String()))
}

// needed says what the calls of each group need.
func needed(groups []string) (rows [][]string) {
	for _, group := range groups {
		row := []string{group}
		for _, right := range []auth.Right{rules[group].reads, rules[group].writes} {
			if right == 0 {
				row = append(row, "")
				continue
			}
			row = append(row, right.String())
		}
		rows = append(rows, row)
	}
	return rows
}

// TestTableIsWhole finds what is there twice, nowhere, or both served and not.
func TestTableIsWhole(t *testing.T) {
	h := New(DefaultConfig(), Deps{})
	seen := map[string]bool{}
	for _, e := range h.table() {
		name := e.method + " " + e.path
		if seen[name] {
			t.Errorf("%s is in the table twice", name)
		}
		seen[name] = true
		if e.group == "" || e.do == nil || e.in == nil || e.refused && e.note == "" {
			t.Errorf("%s lacks something", name)
		}
		if m, _ := h.router.find(e.method, e.path); m.do == nil {
			t.Errorf("%s is not found", name)
		}
	}
	for _, p := range beyond {
		if m, allowed := h.router.find(get, p.path); m.do != nil || allowed != nil {
			t.Errorf("%s is said not to be served, and is", p.path)
		}
	}
}

// TestPageOfDifferencesIsWrittenFromTheTables keeps docs/reference honest.
func TestPageOfDifferencesIsWrittenFromTheTables(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Differences from Nacos over HTTP\n\n" +
		"Every HTTP exchange that was recorded with Nacos 2.5.1 and 3.0.3, 302 of them, is replayed in a test, with a member that owns what is written and\n" +
		"with one that does not. What is meant to be otherwise is on this page, which that test writes; anything else that differs is a bug. What is\n" +
		"otherwise over gRPC and between members is on [a page of its own](nacos-differences.md).\n\n" +
		"Nacos 3.x answers most of the APIs of 1.x and 2.x with 410 unless it is told otherwise. Here all are open, and answer as 2.5.1 does.\n")
	section(&b, "What is otherwise on purpose", []string{"What", "Nacos", "Here", "Why"}, deliberate)
	var answers [][]string
	for _, name := range slices.Sorted(maps.Keys(different)) {
		d := different[name]
		answers = append(answers, []string{"`" + name + "`", javaStatuses(t, name), fmt.Sprint(d.status), d.reason})
	}
	section(&b, "Answers to recorded calls", []string{"Call", "Nacos", "Here", "Why"}, answers)
	var lacking [][]string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		lacking = append(lacking, []string{"`" + name + "`", members[name]})
	}
	section(&b, "Members of answers that are absent, or only here", []string{"Member", "Why"}, lacking)
	golden.Check(t, "../../docs/reference/nacos-http-differences.md", []byte(b.String()))
}

// javaStatuses are the statuses that were recorded of a call.
func javaStatuses(t *testing.T, name string) string {
	t.Helper()
	var out []string
	for _, version := range recordedVersions {
		for _, e := range recorded(t, version) {
			if e.Name == name || version+" "+e.Name == name {
				out = append(out, fmt.Sprintf("%s: %d", version, e.Response.Status))
			}
		}
	}
	if len(out) == 0 {
		t.Errorf("%s was never recorded", name)
	}
	return strings.Join(out, ", ")
}

func section(b *strings.Builder, title string, columns []string, rows [][]string) {
	fmt.Fprintf(b, "\n## %s\n\n| %s |\n|%s\n", title, strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	for _, r := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(r, " | "))
	}
}
