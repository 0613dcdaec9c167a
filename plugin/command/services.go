package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/distro-naming/naming-operator/plugin/reach"
	"github.com/distro-naming/naming-operator/plugin/survey"
	"github.com/distro-naming/naming-operator/plugin/table"
	"github.com/distro-naming/naming-operator/sidecar/admin"
)

// serviceList is what services prints as JSON.
type serviceList struct {
	Items []survey.Service `json:"items"`
}

func (a *app) services() *cobra.Command {
	var filter survey.Filter
	c := &cobra.Command{
		Use:   "services NAME",
		Short: "List the services that members know",
		Long: "List the services that members know, with their instances and subscribers.\n\n" +
			"A count such as 2-3 means that members differ at this moment; kubectl naming diff says in what.\n" +
			"A service that clients subscribe to and nobody publishes has no instances: often a wrong group or namespace.",
		Example: "  kubectl naming services demo\n" +
			"  kubectl naming services demo --unhealthy\n" +
			"  kubectl naming services demo --group DEFAULT_GROUP --contains pay",
		Args:              takes(1, 1),
		ValidArgsFunction: a.completes(clusterNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, cluster, err := a.open(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			all, err := a.allServices(cmd, client, cluster)
			if err != nil {
				return err
			}
			return a.print(a.servicesFound(args[0], all, filter.Select(all)))
		},
	}
	c.Flags().StringVar(&filter.Namespace, "nacos-namespace", "", "only services of this namespace of Nacos")
	c.Flags().StringVar(&filter.Group, "group", "", "only services of this group")
	c.Flags().StringVar(&filter.Name, "contains", "", "only services with this in their name")
	c.Flags().BoolVar(&filter.Unhealthy, "unhealthy", false, "only services with an instance that is not healthy, or with none")
	a.addOutput(c)
	return c
}

// openService finds the cluster and the service that the arguments name.
func (a *app) openService(cmd *cobra.Command, args []string, gone bool) (*reach.Client, *reach.Cluster, survey.Service, error) {
	client, cluster, err := a.open(cmd.Context(), args[0])
	if err != nil {
		return nil, nil, survey.Service{}, err
	}
	all, err := a.allServices(cmd, client, cluster)
	if err != nil {
		return nil, nil, survey.Service{}, err
	}
	service, err := a.oneService(all, args[1], gone)
	return client, cluster, service, err
}

func (a *app) allServices(cmd *cobra.Command, client *reach.Client, cluster *reach.Cluster) ([]survey.Service, error) {
	said, err := speakers(a, reach.AskAll[[]admin.Service](cmd.Context(), client, cluster.Members, "/v1/services", nil))
	if err != nil {
		return nil, err
	}
	return survey.Services(said), nil
}

func (a *app) servicesFound(cluster string, all, list []survey.Service) finding {
	f := finding{kind: "ServiceList", value: serviceList{list}}
	for _, s := range list {
		f.names = append(f.names, s.Key())
	}
	f.table = func(o table.Options) {
		switch {
		case len(all) == 0:
			fmt.Fprintf(a.ErrOut, "%s has no services: nobody has registered anything.\n", cluster)
			return
		case len(list) == 0:
			fmt.Fprintf(a.ErrOut, "None of the %d services of %s is like that.\n", len(all), cluster)
			return
		}
		t := table.New("NAMESPACE", "GROUP", "SERVICE", "INSTANCES", "HEALTHY", "SUBSCRIBERS")
		for _, s := range list {
			t.Row(s.Namespace, s.Group, s.Name, counted(s.Instances), healthy(s), s.Subscribers)
		}
		t.Write(a.Out, o)
	}
	return f
}

// counted shows a count, and in a tone that members differ.
func counted(s survey.Span) table.Cell {
	switch {
	case !s.Agreed():
		return table.In(table.Warn, fmt.Sprintf("%d-%d", s.Least, s.Most))
	case s.Most == 0:
		return table.In(table.Bad, 0)
	default:
		return table.In(table.Plain, s.Most)
	}
}

func healthy(s survey.Service) table.Cell {
	cell := counted(s.Healthy)
	switch {
	case s.Healthy.Most == 0:
		cell.Tone = table.Bad
	case s.Healthy.Least < s.Instances.Most:
		cell.Tone = table.Warn
	}
	return cell
}
