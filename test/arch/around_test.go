package arch

// around are the plugin, and what builds, tests and shows the product.
var around = map[string]rule{
	// The plugin, a module of its own
	"plugin/table": {why: "text in columns, to whatever writer", never: effects},
	"plugin/survey": {
		why:   "findings are a function of what members answered",
		ours:  map[string]string{"sidecar/admin": "the form of the answers"},
		never: effects,
	},
	"plugin/bundle": {
		why: "what is kept of objects is decided without asking anybody",
		ours: map[string]string{
			"api/v1alpha1":          "names of annotations",
			"controllers/resources": "names of containers",
		},
		outside: []string{"sigs.k8s.io/yaml"},
		never:   []string{"context", "net/http", "os", "os/exec", "sync"},
	},
	"plugin/reach": {
		why: "the only way to Kubernetes and to members",
		ours: map[string]string{
			"api/v1alpha1":          "the resource",
			"controllers/resources": "names, labels and ports",
		},
		outside: []string{"k8s.io/api", "k8s.io/apimachinery", "k8s.io/client-go"},
		never:   []string{"os", "os/exec"},
	},
	"plugin/command": {
		why: "flags in, findings out",
		ours: map[string]string{
			"api/v1alpha1":          "conditions and states",
			"controllers/resources": "labels and containers",
			"plugin/bundle":         "the archive",
			"plugin/reach":          "whom to ask",
			"plugin/survey":         "what the answers say",
			"plugin/table":          "how it is shown",
			"sidecar/admin":         "the form of answers",
			"sidecar/report":        "the status of members",
		},
		outside: []string{"github.com/spf13/cobra", "k8s.io/api", "k8s.io/apimachinery", "k8s.io/cli-runtime"},
		never:   []string{"os/exec", "sync"},
	},
	"plugin/cmd/kubectl-naming": {
		why:     "signals, the terminal and the exit code",
		ours:    map[string]string{"plugin/command": "the commands"},
		outside: []string{"golang.org/x/term", "k8s.io/client-go/plugin/pkg/client/auth"},
	},
	"plugin/e2e": {why: "runs the plugin as users do"},

	// Around the product
	"hack/localcluster/...": {why: "runs before anything is downloaded or built: standard library only"},
	"hack/simulate": {
		why:  "replays a seed of the simulator",
		ours: map[string]string{"sidecar/distro/distrotest": "the simulator"},
	},
	"hack/scale": {
		why: "measures messages as they are encoded, and times in the simulator",
		ours: map[string]string{
			"sidecar/distro":            "how often is verified",
			"sidecar/distro/distrotest": "the simulator",
			"sidecar/frame":             "what the stream says",
			"sidecar/naming":            "whose marks",
			"sidecar/stream/streampb":   "what carries it",
			"sidecar/wire":              "what Nacos says instead",
			"sidecar/wire/nacospb":      "what carries that",
		},
		outside: []string{"google.golang.org/protobuf"},
	},
	"hack/bundle": {
		why:     "describes for OLM what config/ has; knows no type of ours, so that it can add nothing",
		outside: []string{"sigs.k8s.io/yaml"},
	},
	"hack/apidocs": {why: "reads sources, imports none of them"},
	"hack/conditions": {
		why:  "prints what the schema's own table says",
		ours: map[string]string{"api/v1alpha1": "the table"},
	},
	"hack/demo": {
		why:  "shows the sidecar without Kubernetes and without an SDK",
		ours: map[string]string{"test/loopback": "runs the members"},
	},
	"test/arch":   {why: "these rules"},
	"test/docs":   {why: "pages are judged from outside, as readers would"},
	"test/golden": {why: "one way to compare with a file", outside: []string{"github.com/google/go-cmp"}},
	"test/loopback": {
		why:  "runs sidecars as processes; nested modules import it, so it stays light",
		ours: map[string]string{"sidecar/report": "reads their status"},
	},
	"test/bench": {
		why: "measures the sidecar: whole members through their ports, and one put together here",
		ours: map[string]string{
			"sidecar/member":       "the member list of its own member",
			"sidecar/membership":   "its own member meets the real ones",
			"sidecar/nacosgrpc":    "its own member serves and calls",
			"sidecar/naming":       "what clients publish",
			"sidecar/replica":      "the registry that is filled and weighed",
			"sidecar/wire":         "registers with the bytes that clients and peers send",
			"sidecar/wire/nacospb": "speaks to the ports",
			"test/loopback":        "runs the members",
		},
		outside: append([]string{logr}, grpc...),
	},
	"test/scale": {why: "runs the operator's program beside many clusters"},
	"test/e2e":   {why: "sees the product as a user does"},
}
