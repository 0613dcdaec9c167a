package nacosgrpc

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/test/golden"
)

// The tables of all that is deliberately otherwise than in Nacos. The page in
// docs/reference is written from them.

// Why an answer is another than Java's.
const (
	userFault  = "A user can cause it: a refusal of the request's own kind is not tried again, an ErrorResponse is, four times, and makes the client doubt its connection."
	delivered  = "Java says 200 with an error code, which its own peers take for delivered. Here the sender learns that nothing was applied."
	noAddress  = "Java lists an instance without an address, which nobody can call."
	persistent = "Persistent instances are not kept; the answer says so and what to do."
	fuzzyWatch = "Clients of 3.x ask for it where it is announced, as here; 2.5.1 does not know it."
	frozen     = "Java answers the change with 200, cannot build a view of it and goes on showing the one before. Here it is understood: a weight without a decimal point, a boolean as text, a missing `extendDatum`."
	nameless   = "Java lists an instance without a cluster. Here it is in `DEFAULT`, as if it had been registered so: no client can ask for no cluster."
	absent     = "Java leaves an absent group absent in the answer, which strict readers refuse. Here it is empty."
	atOnce     = "Members answer one another while they load, or those that start together would wait for each other. Clients get the recorded answer."
)

// answer is one of ours in place of one that Java was recorded to give.
type answer struct {
	want         outcome
	java, reason string
}

// different are the answers to recorded requests that are meant to be others.
var different = map[string]answer{
	"change-bad-rtype":                       {outcome{wire.DistroDataResponse, 500, 500}, "`DistroDataResponse` 200/500", delivered},
	"reg-name-empty":                         {outcome{wire.InstanceResponse, 500, 400}, "`ErrorResponse` 500/500", userFault},
	"reg-group-empty":                        {outcome{wire.InstanceResponse, 500, 400}, "`ErrorResponse` 500/500", userFault},
	"reg-cluster-underscore":                 {outcome{wire.InstanceResponse, 500, 400}, "`ErrorResponse` 400/400", userFault},
	"reg-beat-bad":                           {outcome{wire.InstanceResponse, 500, 400}, "`ErrorResponse` 400/400", userFault},
	"reg-no-ip":                              {outcome{wire.InstanceResponse, 500, 400}, "`InstanceResponse` 200/0", noAddress},
	"persistent":                             {outcome{wire.InstanceResponse, 500, 400}, "`InstanceResponse` 200/0", persistent},
	"persistent-dereg":                       {outcome{wire.InstanceResponse, 500, 400}, "`InstanceResponse` 200/0", persistent},
	"sdk-java-persistent-register":           {outcome{wire.InstanceResponse, 500, 400}, "`InstanceResponse` 200/0", persistent},
	"sdk-python-persistent-register":         {outcome{wire.InstanceResponse, 500, 400}, "`InstanceResponse` 200/0", persistent},
	"3.0.3 sdk-instance-deregister-response": {outcome{wire.InstanceResponse, 500, 400}, "`InstanceResponse` 200/0", persistent},
	"sdk-error-kind-conflict":                {outcome{wire.InstanceResponse, 500, 400}, "`ErrorResponse` 400/400", persistent},
	"2.5.1 fuzzy":                            {outcome{wire.NamingFuzzyWatchResponse, 200, 0}, "`ErrorResponse` 500/302", fuzzyWatch},
	"query after weight-int":                 {outcome{wire.QueryServiceResponse, 200, 0}, "the view before", frozen},
	"query after enable-string":              {outcome{wire.QueryServiceResponse, 200, 0}, "the view before", frozen},
	"query after no-extend":                  {outcome{wire.QueryServiceResponse, 200, 0}, "the view before", frozen},
	"query after mixed-shape-extend":         {outcome{wire.QueryServiceResponse, 200, 0}, "no `clusterName`", nameless},
	"query-null-group":                       {outcome{wire.QueryServiceResponse, 200, 0}, "no `groupName`", absent},
	"cluster-error-starting":                 {outcome{wire.ServerCheckResponse, 200, 0}, "`ErrorResponse` 500/300", atOnce},
}

// unsent are recorded messages that are never sent here.
var unsent = map[string]struct{ reason string }{
	"udp-push": {"It is no message of gRPC. UDP is [HTTP's](nacos-http-differences.md), and replayed there."},
}

// members are those of recorded answers that ours lack, or have in addition.
var members = map[string]string{
	".abilityTable.supportPersistentInstanceByGrpc": "Persistent instances are not kept.",
	".abilityTable.fuzzyWatch":                      fuzzyWatch,
	".abilityTable.lock":                            "There are no distributed locks here: they are Raft's.",
	".abilityTable.mcp":                             "The registry of AI servers is no part of naming.",
	".serviceInfo.allIps":                           "3.x spells `allIPs` so. Readers of one spelling take the other for absent, which means the same: false.",
	".serviceInfo.allIPs":                           "As 2.x spells it.",
	".node.extendInfo.raftMetaData":                 "There is no Raft here.",
	".node.extendInfo.lastRefreshTime":              "It changes with every report, for which every receiver then publishes an event.",
}

// TestPageOfDifferencesIsWrittenFromTheTables keeps docs/reference honest.
func TestPageOfDifferencesIsWrittenFromTheTables(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Differences from Nacos\n\n" +
		"Our members speak Nacos's gRPC protocol as Nacos 2.5.1 and 3.0.3 do. Every message that was recorded between real servers and clients of those\n" +
		"versions is replayed in a test, and so are 169 crafted requests with the answers of real servers. What is meant to be otherwise is on this page, which\n" +
		"that test writes. Anything else that differs is a bug. What is otherwise over HTTP is on [a page of its own](nacos-http-differences.md).\n")
	section(&b, "Replication", []string{"What", "Nacos", "Here", "Why"}, rows(inDistro))
	section(&b, "Members and connections", []string{"What", "Nacos", "Here", "Why"}, rows(inMembership))
	section(&b, "Requests", []string{"What", "Nacos", "Here", "Why"}, rows(inRequests))
	section(&b, "Watching by patterns", []string{"What", "Nacos", "Here", "Why"}, rows(inWatching))

	var answers [][]string
	for _, name := range slices.Sorted(maps.Keys(different)) {
		d := different[name]
		answers = append(answers, []string{"`" + name + "`", d.java, fmt.Sprintf("`%s` %d/%d", d.want.kind, d.want.result, d.want.err), d.reason})
	}
	section(&b, "Answers to recorded requests", []string{"Request", "Nacos", "Here", "Why"}, answers)

	var lacking [][]string
	for _, path := range slices.Sorted(maps.Keys(members)) {
		lacking = append(lacking, []string{"`" + strings.TrimPrefix(path, ".") + "`", members[path]})
	}
	section(&b, "Members of answers that are absent, or only here", []string{"Member", "Why"}, lacking)

	var never [][]string
	for _, name := range slices.Sorted(maps.Keys(unsent)) {
		never = append(never, []string{"`" + name + "`", unsent[name].reason})
	}
	section(&b, "Recorded messages that are never sent", []string{"Message", "Why"}, never)
	golden.Check(t, "../../docs/reference/nacos-differences.md", []byte(b.String()))
}

func rows(list []behaviour) (out [][]string) {
	for _, r := range list {
		out = append(out, []string{r.what, r.java, r.here, r.why})
	}
	return out
}

func section(b *strings.Builder, title string, columns []string, rows [][]string) {
	fmt.Fprintf(b, "\n## %s\n\n| %s |\n|%s\n", title, strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	for _, r := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(r, " | "))
	}
}

// TestDifferencesAreShownByTests finds a row whose test is no more.
func TestDifferencesAreShownByTests(t *testing.T) {
	files, err := filepath.Glob("../*/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for _, r := range slices.Concat(inDistro, inMembership, inRequests, inWatching) {
		if !strings.Contains(all.String(), "\nfunc "+r.test+"(") {
			t.Errorf("%q: there is no %s", r.what, r.test)
		}
	}
}

// TestDifferencesAreOfWhatWasRecorded finds a row that is about nothing.
func TestDifferencesAreOfWhatWasRecorded(t *testing.T) {
	known := map[string]bool{}
	for _, m := range recordings(t) {
		known[m.name], known[m.version+" "+m.name] = true, true
	}
	for _, version := range []string{"2.5.1", "3.0.3"} {
		for _, e := range exchanges(t, version) {
			known[e.Name], known[version+" "+e.Name] = true, true
		}
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(different)), slices.Collect(maps.Keys(unsent))) {
		if !known[name] {
			t.Errorf("%s was not recorded", name)
		}
	}
}
