//go:build envtest

package v1alpha1_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// cluster returns a NamingCluster with the given spec, as a user would write it.
func cluster(t *testing.T, name, spec string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{Object: map[string]any{}}
	if err := yaml.Unmarshal([]byte("spec: "+spec), &u.Object); err != nil {
		t.Fatalf("read spec: %v", err)
	}
	u.SetAPIVersion("naming.distro.io/v1alpha1")
	u.SetKind("NamingCluster")
	u.SetNamespace("default")
	u.SetName(name)
	return u
}

// heard collects what the API server has said, so that TestEveryRuleIsTested
// knows which rules have been broken.
var heard struct {
	sync.Mutex
	text strings.Builder
}

func note(err error) {
	heard.Lock()
	defer heard.Unlock()
	heard.text.WriteString(err.Error())
}

func TestAccepted(t *testing.T) {
	tests := map[string]struct{ name, spec string }{
		"nothing but a name":     {"demo", `{}`},
		"the longest name":       {strings.Repeat("a", 52), `{}`},
		"no members":             {"demo", `{replicas: 0}`},
		"99 members":             {"demo", `{replicas: 99}`},
		"a container on port 80": {"demo", `{template: {containers: [{name: web, image: web, ports: [{containerPort: 80}]}]}}`},
		"a config volume":        {"demo", `{template: {volumes: [{name: conf, configMap: {name: conf}}]}}`},
		"labels with a prefix":   {"demo", `{template: {metadata: {labels: {example.org/team: payments}}}}`},
		"an empty label":         {"demo", `{template: {metadata: {labels: {flag: ""}}}}`},
		"a port of its own":      {"demo", `{service: {port: 80}}`},
		"the highest port":       {"demo", `{service: {port: 64535}}`},
		"a node port":            {"demo", `{service: {type: NodePort, nodePort: 30848}}`},
		"a load balancer": {
			"demo", `{service: {type: LoadBalancer, loadBalancerClass: a/b, loadBalancerSourceRanges: [10.0.0.0/8]}}`,
		},
		"local traffic":           {"demo", `{service: {type: LoadBalancer, externalTrafficPolicy: Local}}`},
		"two families":            {"demo", `{service: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv6, IPv4]}}`},
		"one family":              {"demo", `{service: {ipFamilies: [IPv6]}}`},
		"members left to users":   {"demo", `{updateStrategy: {type: OnDelete}}`},
		"a canary":                {"demo", `{updateStrategy: {rollingUpdate: {partition: 2}}, minConvergedSeconds: 30}`},
		"a halted rollout":        {"demo", `{updateStrategy: {type: RollingUpdate, rollingUpdate: {paused: true}}}`},
		"the shortest grace":      {"demo", `{terminationGracePeriodSeconds: 10}`},
		"an image with a digest":  {"demo", `{image: "example.org:5000/a/b@sha256:` + strings.Repeat("0", 64) + `"}`},
		"an unprivileged program": {"demo", `{template: {containers: [{name: a, image: a, securityContext: {privileged: false}}]}}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if err := api.Create(t.Context(), cluster(t, tc.name, tc.spec), client.DryRunAll); err != nil {
				t.Errorf("Create(%s) = %v, want it accepted", tc.spec, err)
			}
		})
	}
}

// refused is a cluster that the API server must not take, and what it must say.
type refused struct{ name, spec, says string }

func refuse(t *testing.T, tests map[string]refused) {
	t.Helper()
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			requireRefusal(t, api.Create(t.Context(), cluster(t, tc.name, tc.spec), client.DryRunAll), tc.says)
		})
	}
}

func TestRefused(t *testing.T) {
	with := func(container string) string {
		return `{template: {containers: [{name: a, image: a, ` + container + `}]}}`
	}
	refuse(t, map[string]refused{
		"a name of 53 characters":                     {strings.Repeat("a", 53), `{}`, "choose a shorter name"},
		"a name that starts with a digit":             {"1st", `{}`, "must start with a letter"},
		"a name with a dot":                           {"a.b", `{}`, "choose such a name"},
		"fewer members than none":                     {"demo", `{replicas: -1}`, "spec.replicas"},
		"100 members":                                 {"demo", `{replicas: 100}`, "less than or equal to 99"},
		"half a member":                               {"demo", `{replicas: 2.5}`, "spec.replicas"},
		"an image with a space":                       {"demo", `{image: "a b"}`, "without spaces"},
		"an unknown pull policy":                      {"demo", `{imagePullPolicy: Sometimes}`, "imagePullPolicy"},
		"an unknown update strategy":                  {"demo", `{updateStrategy: {type: Recreate}}`, "updateStrategy.type"},
		"a canary that users delete":                  {"demo", `{updateStrategy: {type: OnDelete, rollingUpdate: {}}}`, "rollingUpdate needs type"},
		"a partition of nobody":                       {"demo", `{updateStrategy: {rollingUpdate: {partition: 100}}}`, "partition"},
		"a Secret for members without TLS":            {"demo", `{tls: {members: {mode: Disabled, secretName: a}}}`, "secretName needs mode"},
		"authorities for clients without TLS":         {"demo", `{tls: {clients: {mode: Disabled, caSecretName: a}}}`, "caSecretName need mode"},
		"a mode of TLS that is none":                  {"demo", `{tls: {members: {mode: Maybe}}}`, "tls.members.mode"},
		"a Secret for users without auth":             {"demo", `{auth: {mode: Disabled, secretName: a}}`, "secretName needs mode"},
		"a mode of auth that is none":                 {"demo", `{auth: {mode: On}}`, "auth.mode"},
		"auth without a mode":                         {"demo", `{auth: {secretName: a}}`, "auth.mode"},
		"a volume with the name of the users'":        {"demo", `{template: {volumes: [{name: members-auth, emptyDir: {}}]}}`, "rename the volume"},
		"a volume with the name of the certificates'": {"demo", `{template: {volumes: [{name: members-tls, emptyDir: {}}]}}`, "rename the volume"},
		"members that agree in the past":              {"demo", `{minConvergedSeconds: -1}`, "minConvergedSeconds"},
		"members that agree for a day":                {"demo", `{minConvergedSeconds: 86400}`, "minConvergedSeconds"},
		"too little grace":                            {"demo", `{terminationGracePeriodSeconds: 9}`, "terminationGracePeriodSeconds"},
		"a container called distro":                   {"demo", `{template: {containers: [{name: distro, image: a}]}}`, "rename the container"},
		"a container called console":                  {"demo", `{template: {containers: [{name: console, image: a}]}}`, "rename the container"},
		"two containers of one name": {
			"demo", `{template: {containers: [{name: a, image: a}, {name: a, image: b}]}}`, "Duplicate value",
		},
		"a container without image":       {"demo", `{template: {containers: [{name: a}]}}`, "set image"},
		"a container that never restarts": {"demo", with(`restartPolicy: Never`), "restartPolicy is for init containers"},
		"a privileged container":          {"demo", with(`securityContext: {privileged: true}`), "remove securityContext.privileged"},
		"port 8848":                       {"demo", with(`ports: [{containerPort: 80}, {containerPort: 8848}]`), "port 8848 is taken"},
		"port 9848":                       {"demo", with(`ports: [{containerPort: 9848}]`), "port 9848 is taken"},
		"port 9849":                       {"demo", with(`ports: [{containerPort: 9849}]`), "port 9849 is taken"},
		"port 8080":                       {"demo", with(`ports: [{containerPort: 8080}]`), "port 8080 is taken"},
		"a host port":                     {"demo", with(`ports: [{containerPort: 80, hostPort: 80}]`), "use a Service"},
		"nine containers": {
			"demo", `{template: {containers: [` + strings.Repeat(`{name: a, image: a},`, 9) + `]}}`, "containers",
		},
		"a volume called members": {"demo", `{template: {volumes: [{name: members, emptyDir: {}}]}}`, "rename the volume"},
		"a folder of the node": {
			"demo", `{template: {volumes: [{name: a, hostPath: {path: /}}]}}`, "hostPath volumes are refused",
		},
		"a label of ours": {
			"demo", `{template: {metadata: {labels: {naming.distro.io/cluster: other}}}}`, "use another prefix",
		},
		"a recommended label":            {"demo", `{service: {labels: {app.kubernetes.io/name: other}}}`, "use another prefix"},
		"a label value with a space":     {"demo", `{template: {metadata: {labels: {a: "b c"}}}}`, "a label value must start and end"},
		"a label value of 64 characters": {"demo", `{template: {metadata: {labels: {a: ` + strings.Repeat("b", 64) + `}}}}`, "63"},
		"an annotation of ours": {
			"demo", `{service: {annotations: {naming.distro.io/shape: x}}}`, "annotations under naming.distro.io/",
		},
	})
}

func TestRefusedServices(t *testing.T) {
	refuse(t, map[string]refused{
		"an unknown type of service":      {"demo", `{service: {type: ExternalName}}`, "service.type"},
		"a node port service without one": {"demo", `{service: {type: NodePort}}`, "type NodePort needs nodePort"},
		"a node port without node ports":  {"demo", `{service: {nodePort: 30848}}`, "nodePort needs type NodePort or LoadBalancer"},
		"a node port too high for gRPC":   {"demo", `{service: {type: NodePort, nodePort: 64536}}`, "nodePort must be at most 64535"},
		"a port too high for gRPC":        {"demo", `{service: {port: 64536}}`, "port must be at most 64535"},
		"a port that is none":             {"demo", `{service: {port: 0}}`, "service.port"},
		"a port beyond all":               {"demo", `{service: {port: 65536}}`, "service.port"},
		"traffic policy inside":           {"demo", `{service: {externalTrafficPolicy: Local}}`, "externalTrafficPolicy needs type"},
		"a class without load balancer":   {"demo", `{service: {loadBalancerClass: a/b}}`, "loadBalancerClass needs type LoadBalancer"},
		"ranges without load balancer": {
			"demo", `{service: {loadBalancerSourceRanges: [10.0.0.0/8]}}`, "loadBalancerSourceRanges needs type LoadBalancer",
		},
		"two families without policy": {"demo", `{service: {ipFamilies: [IPv4, IPv6]}}`, "two ipFamilies need ipFamilyPolicy"},
		"one family twice": {
			"demo", `{service: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv4, IPv4]}}`, "Duplicate value",
		},
		"an unknown family": {"demo", `{service: {ipFamilies: [IPv5]}}`, "ipFamilies"},
	})
}

func TestRefusedChanges(t *testing.T) {
	tests := map[string]struct{ from, to, says string }{
		"another load balancer class": {
			`{service: {type: LoadBalancer, loadBalancerClass: a/b}}`, `{service: {type: LoadBalancer, loadBalancerClass: c/d}}`,
			"loadBalancerClass cannot change",
		},
		"a first load balancer class": {
			`{service: {type: LoadBalancer}}`, `{service: {type: LoadBalancer, loadBalancerClass: c/d}}`,
			"loadBalancerClass cannot change",
		},
		"another first family": {
			`{service: {ipFamilies: [IPv4]}}`, `{service: {ipFamilies: [IPv6]}}`, "the first of ipFamilies cannot change",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			requireRefusal(t, change(t, tc.from, tc.to), tc.says)
		})
	}
}

func TestAcceptedChanges(t *testing.T) {
	tests := map[string]struct{ from, to string }{
		"a load balancer given up":     {`{service: {type: LoadBalancer, loadBalancerClass: a/b}}`, `{service: {type: ClusterIP}}`},
		"a load balancer with a class": {`{service: {type: ClusterIP}}`, `{service: {type: LoadBalancer, loadBalancerClass: a/b}}`},
		"a second family": {
			`{service: {ipFamilies: [IPv4]}}`, `{service: {ipFamilyPolicy: PreferDualStack, ipFamilies: [IPv4, IPv6]}}`,
		},
		"no wishes for the service again": {`{service: {type: LoadBalancer, loadBalancerClass: a/b}}`, `{}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if err := change(t, tc.from, tc.to); err != nil {
				t.Errorf("change from %s to %s = %v, want it accepted", tc.from, tc.to, err)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	c := cluster(t, "demo", `{service: {}}`)
	if err := api.Create(t.Context(), c, client.DryRunAll); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		path  []string
		value any
	}{
		{[]string{"spec", "replicas"}, int64(3)},
		{[]string{"spec", "terminationGracePeriodSeconds"}, int64(60)},
		{[]string{"spec", "service", "type"}, "ClusterIP"},
		{[]string{"spec", "service", "port"}, int64(8848)},
	} {
		got, _, _ := unstructured.NestedFieldNoCopy(c.Object, want.path...)
		if got != want.value {
			t.Errorf("default of %s = %v, want %v", strings.Join(want.path, "."), got, want.value)
		}
	}
}

// TestEveryRuleIsTested runs last in this file and fails for a rule of the CRD
// whose message no test has seen.
func TestEveryRuleIsTested(t *testing.T) {
	raw, err := os.ReadFile(crds + "/naming.distro.io_namingclusters.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var crd map[string]any
	if err := yaml.Unmarshal(raw, &crd); err != nil {
		t.Fatal(err)
	}
	all := messages(crd)
	if len(all) < 20 {
		t.Errorf("found %d rules in the CRD, want more: the test reads it wrongly", len(all))
	}
	for _, m := range slices.Sorted(maps.Keys(all)) {
		if !strings.Contains(heard.text.String(), m) {
			t.Errorf("no test breaks the rule %q", m)
		}
	}
}

// messages finds the message of every CEL rule below node.
func messages(node any) map[string]bool {
	out := map[string]bool{}
	switch node := node.(type) {
	case map[string]any:
		if rules, ok := node["x-kubernetes-validations"].([]any); ok {
			for _, r := range rules {
				message, _ := r.(map[string]any)["message"].(string)
				out[message] = true
			}
		}
		for _, child := range node {
			maps.Copy(out, messages(child))
		}
	case []any:
		for _, child := range node {
			maps.Copy(out, messages(child))
		}
	}
	return out
}

// change stores a cluster and tries to change its spec.
func change(t *testing.T, from, to string) error {
	t.Helper()
	stored := cluster(t, "change", from)
	if err := api.Create(t.Context(), stored); err != nil {
		t.Fatalf("store %s: %v", from, err)
	}
	defer func() {
		if err := api.Delete(t.Context(), stored); err != nil {
			t.Errorf("delete: %v", err)
		}
	}()
	wanted := cluster(t, "change", to)
	wanted.SetResourceVersion(stored.GetResourceVersion())
	return api.Update(t.Context(), wanted, client.DryRunAll)
}

func requireRefusal(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted, want a refusal that says %q", says)
	}
	note(err)
	if !strings.Contains(err.Error(), says) {
		t.Errorf("refused with %q, want it to say %q", err, says)
	}
}
