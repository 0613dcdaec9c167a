package command

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/distro-naming/naming-operator/plugin/reach"
	"github.com/distro-naming/naming-operator/plugin/survey"
	"github.com/distro-naming/naming-operator/sidecar/admin"
)

// completer finds what an argument may be, given those before it.
type completer func(cmd *cobra.Command, client *reach.Client, args []string) []string

// completes returns what completes the arguments of a command, one completer for
// each. Nothing is said on errors: a shell has no place for them.
func (a *app) completes(positions ...completer) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= len(positions) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		client, err := a.client()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return positions[len(args)](cmd, client, args), cobra.ShellCompDirectiveNoFileComp
	}
}

// complete completes flags that every command has.
func (a *app) complete(root *cobra.Command) {
	fixed := func(flag string, values ...string) {
		_ = root.RegisterFlagCompletionFunc(flag, // it fails only for a flag that does not exist
			cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	fixed("via", viaProxy, viaForward)
	fixed("color", "auto", "always", "never")
}

func clusterNames(cmd *cobra.Command, client *reach.Client, _ []string) []string {
	clusters, err := client.List(cmd.Context(), false)
	if err != nil {
		return nil
	}
	var out []string
	for _, c := range clusters {
		out = append(out, c.Name)
	}
	return out
}

func memberNames(cmd *cobra.Command, client *reach.Client, args []string) []string {
	cluster, err := client.Cluster(cmd.Context(), args[0])
	if err != nil {
		return nil
	}
	var out []string
	for _, m := range cluster.Members {
		out = append(out, m.Name)
	}
	return out
}

// serviceNames returns bare names where they are enough.
func serviceNames(cmd *cobra.Command, client *reach.Client, args []string) []string {
	services := listed(cmd, client, args[0])
	var out []string
	for _, s := range services {
		switch {
		case len(survey.Find(services, s.Name)) == 1 && survey.Find(services, s.Name)[0].Key() == s.Key():
			out = append(out, s.Name)
		default:
			out = append(out, s.Key())
		}
	}
	return out
}

func listed(cmd *cobra.Command, client *reach.Client, name string) []survey.Service {
	cluster, err := client.Cluster(cmd.Context(), name)
	if err != nil {
		return nil
	}
	for _, m := range cluster.Members { // one is enough
		var services []admin.Service
		if client.Ask(cmd.Context(), m, "/v1/services", nil, &services) == nil {
			return survey.Services([]survey.Said[[]admin.Service]{{Member: m.Name, Value: services}})
		}
	}
	return nil
}

func instanceNames(cmd *cobra.Command, client *reach.Client, args []string) []string {
	cluster, err := client.Cluster(cmd.Context(), args[0])
	if err != nil {
		return nil
	}
	found := survey.Find(listed(cmd, client, args[0]), args[1])
	if len(found) != 1 {
		return nil
	}
	var out []string
	for _, m := range cluster.Members {
		var instances []admin.Instance
		if client.Ask(cmd.Context(), m, "/v1/instances", query(found[0]), &instances) != nil {
			continue
		}
		for _, i := range instances {
			out = append(out, endpoint(i.IP, i.Port))
		}
		break
	}
	return out
}

// query names a service to the admin port.
func query(s survey.Service) url.Values {
	return url.Values{"namespace": {s.Namespace}, "group": {s.Group}, "service": {s.Name}}
}

func endpoint(ip string, port int) string { return net.JoinHostPort(ip, strconv.Itoa(port)) }

// oneService asks members which services there are and returns the one meant. A
// service that nobody lists is an error, unless gone services are asked about too.
func (a *app) oneService(services []survey.Service, text string, gone bool) (survey.Service, error) {
	found := survey.Find(services, text)
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		keys := make([]string, 0, len(found))
		for _, s := range found {
			keys = append(keys, s.Key())
		}
		return survey.Service{}, fmt.Errorf("several services are called %s: name one of them:\n  %s", text, strings.Join(keys, "\n  "))
	case gone:
		return survey.Parse(text), nil
	default:
		return survey.Service{}, fmt.Errorf("no member lists a service %s: kubectl naming services says which there are, "+
			"kubectl naming why what became of this one", text)
	}
}
