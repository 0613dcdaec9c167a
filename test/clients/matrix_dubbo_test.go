package clients

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/distro-naming/naming-operator/test/clients/drivers/line"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// dubbo is an ordinary application of Dubbo in processes: providers of an interface,
// and a consumer that calls it and does not know where they are.
type dubbo struct {
	*stage

	atConsumer  string // host:port
	first, last *process
	isFirst     line.Instance
	isLast      line.Instance
}

// greeter is the name under which Dubbo registers the interface, its version and its
// group, of which there are none.
const greeter = "providers:application.Greeter::"

// dubboHost is the name that providers register. Dubbo refuses addresses of loopback, so
// that Java is given a file of hosts.
const dubboHost = "provider"

type dubboScenario struct {
	name  string
	run   func(t *testing.T, d *dubbo)
	means string
}

var dubboScenarios = []dubboScenario{
	{"register", dubboRegisters, "every member lists both providers under the name of the interface"},
	{"call", dubboCalls, "the consumer finds the interface in the registry, and calls both providers"},
	{"a member is killed", dubboMemberKilled, "it is the one that most of the application is connected to: no call fails, and the members list the same, before and after it is back"},
	{"a member is drained", dubboMemberDrained, "the same"},
	{"a provider ends", dubboProviderEnds, "no member lists it, and the other one is called"},
	{"a provider is killed and replaced", dubboProviderReplaced, "it was the last one: it is gone from the lists, and the consumer, which was not restarted, calls its replacement at another port"},
}

func dubboNames() (out []string) {
	for _, sc := range dubboScenarios {
		out = append(out, sc.name)
	}
	return out
}

func openDubbo(t *testing.T, s *stage) *dubbo {
	t.Helper()
	ports, err := loopback.Ports(t.Context(), 3)
	must(t, err)
	d := &dubbo{stage: s, atConsumer: fmt.Sprintf("127.0.0.1:%d", ports[0])}
	d.first, d.isFirst = d.provide(t, "first", ports[1])
	d.last, d.isLast = d.provide(t, "last", ports[2])
	d.requireListedEverywhere(t, greeter, d.isFirst, d.isLast)
	d.run(t, "consumer", ports[0], "consume", fmt.Sprint(ports[0]))
	return d
}

func (d *dubbo) provide(t *testing.T, greeting string, port int) (*process, line.Instance) {
	t.Helper()
	is := line.Instance{IP: dubboHost, Port: port, Weight: 1, Metadata: map[string]string{"interface": "application.Greeter"}}
	return d.run(t, greeting, port, "provide", greeting), is
}

// run starts the application. Everything about it is said by its settings, as a user
// would; they are those of docs/how-to/frameworks.md.
func (d *dubbo) run(t *testing.T, name string, port int, arguments ...string) *process {
	t.Helper()
	var servers []string
	for _, m := range d.Members {
		servers = append(servers, m.Address())
	}
	dir := filepath.Join(t.TempDir(), name)
	must(t, os.MkdirAll(dir, 0o700))
	hosts := filepath.Join(dir, "hosts")
	must(t, os.WriteFile(hosts, []byte("127.0.0.1 "+dubboHost+"\n"), 0o600))
	settings := []string{
		"-Duser.home=" + dir, "-Djdk.net.hosts.file=" + hosts,
		"-Ddubbo.application.name=" + name, "-Ddubbo.application.qos-enable=false",
		"-Ddubbo.registry.address=nacos://" + servers[0] + "?backup=" + strings.Join(servers[1:], ","),
		"-Ddubbo.registry.use-as-config-center=false", "-Ddubbo.registry.use-as-metadata-center=false",
		"-Ddubbo.protocol.name=dubbo", "-Ddubbo.protocol.host=" + dubboHost, fmt.Sprintf("-Ddubbo.protocol.port=%d", port),
	}
	p := newProcess(t, name, dir, append(slices.Insert(slices.Clone(d.command), 1, settings...), arguments...))
	p.start(t)
	return p
}

func (d *dubbo) call(t *testing.T) (string, error) {
	t.Helper()
	body, err := exchange(t, http.DefaultClient, http.MethodGet, "http://"+d.atConsumer+"/ask")
	return string(body), err
}

// requireCalls waits until calls are answered so, all in the end.
func (d *dubbo) requireCalls(t *testing.T, want string) {
	t.Helper()
	eventually(t, "calls are answered by the "+want, func() error {
		got, err := d.call(t)
		if err == nil && got != want {
			err = missing(want, got)
		}
		return err
	})
}

func dubboRegisters(t *testing.T, d *dubbo) {
	d.requireListedEverywhere(t, greeter, d.isFirst, d.isLast)
}

func dubboCalls(t *testing.T, d *dubbo) {
	d.requireCalls(t, "first")
	d.requireCalls(t, "last")
}

func dubboMemberKilled(t *testing.T, d *dubbo) {
	victim, calls := d.mostConnected(t), keepCalling(t, d.call)
	must(t, victim.Kill())
	d.requireAllKnowDead(t, victim)
	d.requireSameAfter(t, victim, calls)
}

func dubboMemberDrained(t *testing.T, d *dubbo) {
	leaving, calls := d.mostConnected(t), keepCalling(t, d.call)
	d.leave(t, leaving)
	d.requireSameAfter(t, leaving, calls)
}

func (d *dubbo) requireSameAfter(t *testing.T, away *loopback.Member, calls *calls) {
	t.Helper()
	d.requireListedEverywhere(t, greeter, d.isFirst, d.isLast)
	d.requireBack(t, away)
	d.requireListedEverywhere(t, greeter, d.isFirst, d.isLast)
	calls.requireNoneFailed(t)
}

func dubboProviderEnds(t *testing.T, d *dubbo) {
	must(t, d.first.cmd.Process.Signal(syscall.SIGTERM))
	d.requireListedEverywhere(t, greeter, d.isLast)
	d.requireCalls(t, "last")
}

func dubboProviderReplaced(t *testing.T, d *dubbo) {
	d.last.kill(t)
	d.requireListedEverywhere(t, greeter)
	ports, err := loopback.Ports(t.Context(), 1)
	must(t, err)
	_, is := d.provide(t, "replacement", ports[0])
	d.requireListedEverywhere(t, greeter, is)
	d.requireCalls(t, "replacement")
}
