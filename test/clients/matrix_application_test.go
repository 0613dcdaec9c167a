package clients

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/distro-naming/naming-operator/test/clients/drivers/line"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// application is an ordinary application of Spring Cloud Alibaba in three
// processes: a consumer, and two providers that it calls by their name, one of
// which is near and the other one far.
type application struct {
	*stage

	consumer, near, far *process
	atConsumer          string // host:port
	isNear, isFar       line.Instance
}

// near is the cluster, in the sense of Nacos, of the consumer.
const near = "near"

func openApplication(t *testing.T, s *stage) *application {
	t.Helper()
	ports, err := loopback.Ports(t.Context(), 3)
	must(t, err)
	a := &application{stage: s, atConsumer: fmt.Sprintf("127.0.0.1:%d", ports[0])}
	a.isNear, a.isFar = provider(ports[1], near), provider(ports[2], "far")
	a.consumer = a.startOne(t, "consumer", provider(ports[0], near), a.writer)
	a.near = a.startOne(t, "provider", a.isNear, a.writer)
	a.far = a.startOne(t, "provider", a.isFar, a.writer)
	for _, port := range ports {
		eventually(t, fmt.Sprintf("the application at port %d is up", port), func() error {
			_, err := exchange(t, http.DefaultClient, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/hello", port))
			return err
		})
	}
	return a
}

func provider(port int, cluster string) line.Instance {
	return line.Instance{IP: "127.0.0.1", Port: port, Weight: 2.5, Cluster: cluster, Metadata: map[string]string{"zone": cluster + "-zone"}}
}

// startOne runs the application under a name; it logs in as user, unless that is nil.
// Everything about it is said by its settings, as a user would.
func (a *application) startOne(t *testing.T, name string, i line.Instance, user *line.User) *process {
	t.Helper()
	var servers string
	for _, m := range a.Members {
		servers += "," + m.Address()
	}
	discovery := func(key string, value any) string {
		return fmt.Sprintf("--spring.cloud.nacos.discovery.%s=%v", key, value)
	}
	dir := filepath.Join(t.TempDir(), name)
	command := slices.Insert(slices.Clone(a.command), 1, "-Duser.home="+dir)
	command = slices.Insert(command, 1, tlsProperties(a.secure)...)
	if user != nil {
		command = append(command, discovery("username", user.Name), discovery("password", user.Password))
	}
	p := newProcess(t, name+" "+i.Cluster, dir, append(command,
		"--spring.application.name="+name, "--greeting="+i.Cluster, "--server.address="+i.IP, fmt.Sprintf("--server.port=%d", i.Port),
		discovery("server-addr", servers[1:]), discovery("ip", i.IP), discovery("weight", i.Weight),
		discovery("cluster-name", i.Cluster), discovery("metadata.zone", i.Metadata["zone"]),
		"--spring.cloud.loadbalancer.nacos.enabled=true",  // calls go to the cluster of the caller
		"--spring.cloud.loadbalancer.cache.enabled=false", // it would hold for 35 s what the client was told long ago
	))
	p.start(t)
	return p
}

// tlsProperties are what nacos-client wants to speak TLS.
func tlsProperties(secure *line.TLS) (out []string) {
	if secure == nil {
		return nil
	}
	const tls = "-Dnacos.remote.client.rpc.tls."
	out = []string{tls + "enable=true", tls + "trustAll=false", tls + "trustCollectionChainPath=file:" + secure.CA}
	if secure.Mutual {
		out = append(out, tls+"mutualAuth=true", tls+"certChainFile=file:"+secure.Cert, tls+"certPrivateKey=file:"+secure.Key)
	}
	return out
}

// appRegisters finds both providers with all that their settings say.
func appRegisters(t *testing.T, a *application) {
	a.requireListedEverywhere(t, "provider", a.isNear, a.isFar)
}

// appCalls has the consumer call by name.
func appCalls(t *testing.T, a *application) {
	eventually(t, "the consumer can call", func() error {
		_, err := a.call(t)
		return err
	})
}

// appCallsNear has it choose by cluster.
func appCallsNear(t *testing.T, a *application) {
	a.requireKnown(t, "provider", a.isNear, a.isFar)
	for range 20 {
		a.requireAnswer(t, near)
	}
}

// appCallsHealthy registers somebody near who is not there, and waits until that
// is known.
func appCallsHealthy(t *testing.T, a *application) {
	sick := url.Values{
		"serviceName": {"provider"}, "ip": {"127.0.0.1"}, "port": {"1"}, "clusterName": {near}, "metadata": {withoutBeats},
	}
	a.must(t, http.MethodPost, instancePath, sick)
	lost := line.Instance{IP: "127.0.0.1", Port: 1, Weight: 1, Cluster: near}
	a.requireListedEverywhere(t, "provider", a.isNear, a.isFar, lost)
	a.requireKnown(t, "provider", a.isNear, a.isFar)
	for range 20 {
		a.requireAnswer(t, near)
	}
	a.must(t, http.MethodDelete, instancePath, sick)
	a.requireListedEverywhere(t, "provider", a.isNear, a.isFar)
}

// appFollows lets somebody come and go. In the end all members know: whoever dies
// before it has told the others takes a withdrawal with it, until beats are missed.
func appFollows(t *testing.T, a *application) {
	guest := url.Values{"serviceName": {"provider"}, "ip": {"192.0.2.1"}, "port": {"80"}, "clusterName": {"elsewhere"}}
	a.requireKnown(t, "provider", a.isNear, a.isFar)
	a.must(t, http.MethodPost, instancePath, guest)
	a.requireKnown(t, "provider", a.isNear, a.isFar, one(80))
	a.must(t, http.MethodDelete, instancePath, guest)
	a.requireKnown(t, "provider", a.isNear, a.isFar)
	a.requireListedEverywhere(t, "provider", a.isNear, a.isFar)
}

func appSeesNone(t *testing.T, a *application) {
	guest := url.Values{"serviceName": {"emptied"}, "ip": {"192.0.2.1"}, "port": {"80"}}
	a.must(t, http.MethodPost, instancePath, guest)
	a.requireKnown(t, "emptied", one(80))
	a.must(t, http.MethodDelete, instancePath, guest)
	a.requireKnown(t, "emptied")
}

// appMemberKilled kills the member that most of the application is connected to.
func appMemberKilled(t *testing.T, a *application) {
	victim := a.mostConnected(t)
	calls := keepCalling(t, a.call)
	must(t, victim.Kill())
	a.requireAllKnowDead(t, victim)
	a.requireListedEverywhere(t, "provider", a.isNear, a.isFar)
	a.requireBack(t, victim)
	a.requireListedEverywhere(t, "provider", a.isNear, a.isFar)
	calls.requireNoneFailed(t)
	appFollows(t, a)
}

func appMemberDrained(t *testing.T, a *application) {
	leaving := a.mostConnected(t)
	calls := keepCalling(t, a.call)
	a.leave(t, leaving)
	a.requireListedEverywhere(t, "provider", a.isNear, a.isFar)
	a.requireBack(t, leaving)
	a.requireListedEverywhere(t, "provider", a.isNear, a.isFar)
	calls.requireNoneFailed(t)
	appFollows(t, a)
}

// appWithoutRight starts a third provider as a user who may only read.
func appWithoutRight(t *testing.T, a *application) {
	ports, err := loopback.Ports(t.Context(), 1)
	must(t, err)
	refused := a.startOne(t, "provider", provider(ports[0], near), a.reader)
	refused.requireSays(t, "authorization failed!")
	a.requireListedEverywhere(t, "provider", a.isNear, a.isFar)
}

// appStops ends the near provider as Kubernetes would; calls go to the far one.
func appStops(t *testing.T, a *application) {
	must(t, a.near.cmd.Process.Signal(syscall.SIGTERM))
	a.requireListedEverywhere(t, "provider", a.isFar)
	a.requireKnown(t, "provider", a.isFar)
	a.requireAnswer(t, "far")
}

func appDies(t *testing.T, a *application) {
	a.far.kill(t)
	a.requireListedEverywhere(t, "provider")
	a.requireKnown(t, "provider")
}

// call has the consumer call the service by its name.
func (a *application) call(t *testing.T) (string, error) {
	t.Helper()
	body, err := exchange(t, http.DefaultClient, http.MethodGet, "http://"+a.atConsumer+"/ask")
	return string(body), err
}

func (a *application) requireAnswer(t *testing.T, want string) {
	t.Helper()
	got, err := a.call(t)
	must(t, err)
	if got != want {
		t.Errorf("the call was answered by %q, want %q", got, want)
	}
}

// requireKnown waits until the consumer knows exactly these instances.
func (a *application) requireKnown(t *testing.T, service string, want ...line.Instance) {
	t.Helper()
	eventually(t, fmt.Sprintf("the consumer knows %v", endpoints(want)), func() error {
		body, err := exchange(t, http.DefaultClient, http.MethodGet, "http://"+a.atConsumer+"/known?service="+service)
		if err != nil {
			return err
		}
		var got []string
		if err := json.Unmarshal(body, &got); err != nil {
			return err
		}
		if slices.Sort(got); !slices.Equal(got, endpoints(want)) {
			return missing(endpoints(want), got)
		}
		return nil
	})
}
