package arch

import "maps"

// rule is what one package may import in shipped code.
type rule struct {
	why     string            // what would be lost without the rule
	ours    map[string]string // packages of this module, each with what it is needed for
	outside []string          // prefixes of other modules' paths
	never   []string          // packages of the standard library that it must not use
}

// effects are what a pure package has no business with: nothing is called,
// awaited, locked or logged. Clocks and chance are looked for in purity_test.go.
var effects = []string{"context", "log", "log/slog", "math/rand", "net/http", "os", "os/exec", "sync"}

// The words of other modules that several rules share.
var (
	kubernetes = []string{"k8s.io/api", "k8s.io/apimachinery"}
	grpc       = []string{"google.golang.org/grpc", "google.golang.org/protobuf"}
	logr       = "github.com/go-logr/logr"
)

// rules lists every package. A key ending in "/..." covers a directory and
// all below it.
var rules = func() map[string]rule {
	all := maps.Clone(product)
	maps.Copy(all, around)
	return all
}()

// product are the packages that both programs consist of. Arrows point from wiring (4) over edges (3), shells (2) and
// pure packages (1) to leaves (0), never up and never sideways.
var product = map[string]rule{
	// 0: leaves
	"sidecar/member": {why: "a leaf shared by both binaries", never: effects},
	"sidecar/report": {why: "a leaf shared by both binaries", never: effects},
	"sidecar/limits": {why: "numbers and names, for whoever applies them", never: effects},
	"sidecar/naming": {
		why:   "the domain: values without clock, network or goroutine",
		ours:  map[string]string{"sidecar/member": "a stamp names the member that wrote it"},
		never: effects,
	},
	"api/v1alpha1": {
		why:     "a schema that any client can import",
		outside: append([]string{"sigs.k8s.io/controller-runtime/pkg/scheme"}, kubernetes...),
	},
	"api/v1alpha1/applyconfiguration/...": {
		why:     "generated from the schema",
		ours:    map[string]string{"api/...": "the types it mirrors"},
		outside: append([]string{"k8s.io/client-go", "sigs.k8s.io"}, kubernetes...),
	},

	// 1: pure
	"sidecar/distro": {
		why: "replication decides, it does not act: same inputs, same actions",
		ours: map[string]string{
			"sidecar/member": "who the peers are",
			"sidecar/naming": "marks and stamps",
		},
		never: effects,
	},
	"sidecar/distro/distrotest": {
		why: "a simulated cluster, reproducible from a seed",
		ours: map[string]string{
			"sidecar/distro": "the engine under test",
			"sidecar/member": "who is in the cluster",
			"sidecar/naming": "what is replicated",
		},
	},
	"sidecar/settings": {
		why: "members merge what they were told alike: same entries, same outcome",
		ours: map[string]string{
			"sidecar/member": "who wrote an entry",
			"sidecar/naming": "what is said of services and instances",
		},
		never: effects,
	},
	"sidecar/wire": {
		why: "bytes to values and back, without sockets",
		ours: map[string]string{
			"sidecar/member":       "addresses and states in member reports",
			"sidecar/naming":       "records, instances and views",
			"sidecar/wire/nacospb": "the payload envelope",
		},
		outside: []string{"google.golang.org/protobuf"},
		never:   []string{"net/http", "os", "sync", "log/slog"},
	},
	"sidecar/auth": {
		why:     "who may do what is a function of the files, the time and what a caller shows",
		ours:    map[string]string{"sidecar/naming": "the name of the default namespace"},
		outside: []string{"github.com/golang-jwt/jwt", "golang.org/x/crypto/bcrypt"},
		never:   append([]string{"crypto/rand"}, effects...),
	},
	"sidecar/frame": {
		why: "bytes to values and back, without sockets",
		ours: map[string]string{
			"sidecar/member": "who says something",
			"sidecar/naming": "records and changes",
		},
		never: []string{"net", "net/http", "os", "sync", "log/slog"},
	},
	"sidecar/meter":        {why: "counts what is said on a connection, and does nothing about it", never: append([]string{"net"}, effects...)},
	"sidecar/wire/nacospb": {why: "generated from the protocol's own contract", outside: grpc},
	"controllers/rollout":  {why: "a planner over numbers and booleans, without Kubernetes types", never: effects},
	"controllers/pki": {
		why:   "certificates are a function of what exists, the time and the chance that it is given",
		never: append([]string{"crypto/rand"}, effects...),
	},
	"controllers/resources": {
		why: "desired objects are a function of the spec and the plan",
		ours: map[string]string{
			"api/v1alpha1":   "the spec",
			"sidecar/member": "formats the list that the sidecar parses",
		},
		outside: append([]string{"k8s.io/client-go/applyconfigurations", "sigs.k8s.io/controller-runtime/pkg/client"}, kubernetes...),
		never:   effects,
	},

	// 2: shells
	"sidecar/replica": {
		why: "the one goroutine that owns the registry knows no wire format",
		ours: map[string]string{
			"sidecar/distro":   "the engine that it drives",
			"sidecar/limits":   "how much one client may publish",
			"sidecar/member":   "peers",
			"sidecar/naming":   "the registry that it owns",
			"sidecar/settings": "the settings that it owns",
		},
		outside: []string{logr},
		never:   []string{"net", "net/http", "os"},
	},
	"sidecar/accord": {
		why: "a conversation with whoever can be asked, tested without a network",
		ours: map[string]string{
			"sidecar/member":   "whom to ask",
			"sidecar/naming":   "who knows of no settings",
			"sidecar/settings": "what is asked",
		},
		outside: []string{logr},
		never:   []string{"net", "net/http", "os"},
	},
	"sidecar/stream": {
		why: "a conversation over any pipe, tested without a network",
		ours: map[string]string{
			"sidecar/frame":  "what is said",
			"sidecar/member": "who speaks",
			"sidecar/naming": "changes and records",
		},
		never: []string{"net", "net/http", "os"},
	},
	"sidecar/stream/streampb": {why: "generated from our own contract", outside: grpc},
	"sidecar/push": {
		why:     "subscribers are served without knowing how a view was made",
		ours:    map[string]string{"sidecar/naming": "views"},
		outside: []string{logr},
		never:   []string{"net", "net/http", "os"},
	},
	"controllers": {
		why: "observe, decide, build, apply, report",
		ours: map[string]string{
			"api/...":               "the resource and its apply configuration",
			"controllers/pki":       "makes and judges certificates",
			"controllers/resources": "builds",
			"controllers/rollout":   "decides",
			"sidecar/auth":          "judges users and keys as members do",
			"sidecar/member":        "addresses of members",
			"sidecar/report":        "what members say",
		},
		outside: []string{
			logr, "golang.org/x/crypto/bcrypt",
			"k8s.io/api", "k8s.io/apimachinery", "k8s.io/client-go", "k8s.io/utils", "sigs.k8s.io/controller-runtime",
		},
		never: []string{"net/http", "os"},
	},

	// 3: edges
	"controllers/census": {
		why:     "tells Prometheus how clusters are: reads the cache, writes nothing",
		ours:    map[string]string{"api/v1alpha1": "the status"},
		outside: []string{"github.com/prometheus/client_golang", "sigs.k8s.io/controller-runtime/pkg/client"},
		never:   []string{"net/http", "os"},
	},
	"controllers/probe": {
		why: "asks members how they are",
		ours: map[string]string{
			"sidecar/member": "whom to ask",
			"sidecar/report": "the answer",
		},
	},
	"sidecar/route": {
		why:  "finds members for every HTTP client",
		ours: map[string]string{"sidecar/member": "whom to find"},
	},
	"sidecar/nacosv1": {
		why: "a thin adapter: what it needs from the replica it declares itself",
		ours: map[string]string{
			"sidecar/member": "members of Nacos 1.x",
			"sidecar/naming": "what is listed in services",
			"sidecar/route":  "calls to members",
			"sidecar/wire":   "the formats",
		},
		outside: []string{logr},
	},
	"sidecar/mounted": {why: "reads files as Kubernetes mounts them; knows nothing of what is in them"},
	"sidecar/gate": {
		why: "follows users and keys, and judges callers by them; knows no port",
		ours: map[string]string{
			"sidecar/auth":         "what it judges by",
			"sidecar/mounted":      "the files",
			"sidecar/wire":         "how members show what they are",
			"sidecar/wire/nacospb": "requests that they show it on",
		},
		outside: []string{logr, "golang.org/x/time/rate"},
		never:   []string{"net", "net/http"},
	},
	"sidecar/tlsfiles": {
		ours:    map[string]string{"sidecar/mounted": "reads the files"},
		why:     "certificates and policies from files, and what they mean for a port; opens none",
		outside: []string{logr},
		never:   []string{"net/http"},
	},
	"sidecar/tlsfiles/tlstest": {why: "authorities and certificates for tests, in memory"},
	"sidecar/secure": {
		why:     "makes connections what terms want; knows neither files nor what is said inside",
		ours:    map[string]string{"sidecar/member": "whom to dial"},
		outside: []string{logr},
		never:   []string{"os"},
	},
	"sidecar/turnstile": {
		why:   "counts connections and turns some away; knows no protocol but that in which it says so",
		ours:  map[string]string{"sidecar/limits": "which limit it is"},
		never: []string{"os", "time"},
	},
	"sidecar/membership": {
		why:     "follows the member list and finds peers",
		ours:    map[string]string{"sidecar/member": "lists and views"},
		outside: []string{logr},
	},
	"sidecar/nacosgrpc": {
		why: "a thin adapter: what it needs from the replica it declares itself",
		ours: map[string]string{
			"sidecar/auth":            "what a request needs, and who makes it",
			"sidecar/frame":           "the version of the frames that is offered",
			"sidecar/turnstile":       "places for connections",
			"sidecar/limits":          "what is too much",
			"sidecar/member":          "peers",
			"sidecar/meter":           "what is kept of messages that are not whole",
			"sidecar/naming":          "what clients publish and read",
			"sidecar/route":           "reports over HTTP",
			"sidecar/settings":        "what members ask each other about settings",
			"sidecar/stream":          "what is said on the stream between our own members",
			"sidecar/stream/streampb": "the service that carries it",
			"sidecar/wire":            "the formats",
			"sidecar/wire/nacospb":    "the two services",
		},
		outside: append([]string{logr}, grpc...),
	},
	"sidecar/nacoshttp": {
		why: "a thin adapter: what it needs from the replica it declares itself",
		ours: map[string]string{
			"sidecar/auth":   "what a call needs, and who makes it",
			"sidecar/limits": "what is too much",
			"sidecar/member": "whom to forward to",
			"sidecar/naming": "what clients publish and read",
			"sidecar/route":  "forwarding",
			"sidecar/wire":   "the formats",
		},
		outside: []string{logr},
	},
	"sidecar/nacosudp": {
		why: "one socket: what it needs from the hub it declares itself",
		ours: map[string]string{
			"sidecar/limits": "how many subscribers are too many",
			"sidecar/naming": "views",
			"sidecar/wire":   "packets",
		},
		outside: []string{logr},
	},
	"sidecar/admin": {
		why: "serves reports; holds nothing",
		ours: map[string]string{
			"sidecar/member":   "whose records are asked for",
			"sidecar/naming":   "services and instances to list",
			"sidecar/report":   "the status",
			"sidecar/settings": "what is set, to list",
		},
		outside: []string{logr},
	},
	"sidecar/console": {
		why: "a reader of the admin port, in a container of its own",
		ours: map[string]string{
			"sidecar/admin":  "the form of the admin port's lists",
			"sidecar/report": "what it shows",
		},
		outside: []string{logr},
	},
	"sidecar/metrics": {
		why: "counts what happened",
		ours: map[string]string{
			"sidecar/member":   "labels",
			"sidecar/naming":   "counts",
			"sidecar/report":   "gauges",
			"sidecar/settings": "counts",
		},
		outside: []string{"github.com/prometheus/client_golang"},
	},

	// 4: wiring
	"sidecar": {
		why:     "the only place that knows all parts of a member",
		ours:    map[string]string{"sidecar/...": "connects them"},
		outside: append([]string{logr, "github.com/prometheus/client_golang"}, grpc...),
	},
	"cmd/sidecar": {
		why:  "signals and the exit code",
		ours: map[string]string{"sidecar": "the member and its companions"},
	},
	"cmd/manager": {
		why: "flags, the manager, and what it runs",
		ours: map[string]string{
			"api/v1alpha1":       "the scheme",
			"controllers":        "the reconciler",
			"controllers/census": "what it tells Prometheus",
			"controllers/probe":  "how it asks members",
		},
		outside: []string{logr, "k8s.io/apimachinery", "k8s.io/client-go", "sigs.k8s.io/controller-runtime"},
	},
}
