package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// options is the command line.
type options struct {
	sidecarImage   string
	leaderElect    bool
	leaderSpace    string
	metricsAddress string
	metricsSecure  bool
	healthAddress  string
	watchNamespace string
	clusterDomain  string
	logLevel       string
	version        bool
}

// parse reads the command line. WATCH_NAMESPACE stands in for the flag of that
// name, as other operators have it.
func parse(args []string, getenv func(string) string, stdout io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("naming-operator", flag.ContinueOnError)
	f.SetOutput(stdout)
	f.StringVar(&o.sidecarImage, "sidecar-image", "distro-naming/distro-sidecar:"+version,
		"image of the sidecar where a NamingCluster names none")
	f.BoolVar(&o.leaderElect, "leader-elect", false,
		"let one of several replicas act; the others stand by")
	f.StringVar(&o.leaderSpace, "leader-election-namespace", "",
		"namespace of the lease; default: the one this runs in")
	f.StringVar(&o.metricsAddress, "metrics-bind-address", ":8443",
		"address of /metrics; 0 turns it off")
	f.BoolVar(&o.metricsSecure, "metrics-secure", true,
		"serve /metrics over TLS, and only to those the API server lets read it")
	f.StringVar(&o.healthAddress, "health-probe-bind-address", ":8081",
		"address of /healthz and /readyz")
	f.StringVar(&o.watchNamespace, "watch-namespace", getenv("WATCH_NAMESPACE"),
		"the only namespaces to look at, separated by commas; default: all")
	f.StringVar(&o.clusterDomain, "cluster-domain", "cluster.local",
		"domain of the cluster's DNS, for the names in certificates")
	f.StringVar(&o.logLevel, "log-level", "info", "debug, info or error")
	f.BoolVar(&o.version, "version", false, "print the version and exit")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	return o, errors.Join(o.problems(f)...)
}

// domain is what --cluster-domain may be.
var domain = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)

// namespaces are those that --watch-namespace lists; none means all.
func (o options) namespaces() []string {
	return strings.FieldsFunc(o.watchNamespace, func(r rune) bool { return r == ',' || r == ' ' })
}

func (o options) problems(f *flag.FlagSet) []error {
	var out []error
	if f.NArg() > 0 {
		out = append(out, fmt.Errorf("unknown argument %q: only flags are taken", f.Arg(0)))
	}
	if o.sidecarImage == "" || strings.ContainsAny(o.sidecarImage, " \t\n") {
		out = append(out, fmt.Errorf("--sidecar-image: %q is not an image reference", o.sidecarImage))
	}
	if !domain.MatchString(o.clusterDomain) {
		out = append(out, fmt.Errorf("--cluster-domain: %q is not a domain such as cluster.local", o.clusterDomain))
	}
	for _, namespace := range o.namespaces() {
		if wrong := validation.IsDNS1123Label(namespace); len(wrong) > 0 {
			out = append(out, fmt.Errorf("--watch-namespace: %q is not a namespace: %s", namespace, wrong[0]))
		}
	}
	if _, ok := levels[o.logLevel]; !ok {
		out = append(out, fmt.Errorf("--log-level: %q is not debug, info or error", o.logLevel))
	}
	return out
}
