package command

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/distro-naming/naming-operator/plugin/reach"
	"github.com/distro-naming/naming-operator/plugin/survey"
	"github.com/distro-naming/naming-operator/plugin/table"
	"github.com/distro-naming/naming-operator/sidecar/admin"
)

// story is what why prints as JSON.
type story struct {
	Service  string            `json:"service"`
	Instance string            `json:"instance,omitempty"`
	Now      []survey.Instance `json:"now"`
	Because  string            `json:"because,omitempty"`
	Events   []survey.Event    `json:"events"`
}

func (a *app) why() *cobra.Command {
	c := &cobra.Command{
		Use:   "why NAME SERVICE [IP:PORT]",
		Short: "Say who registered or removed an instance, when and why",
		Long: "Say who registered or removed an instance, when and why: what all members remember of it, in the order of their " +
			"clocks.\n" +
			"Without IP:PORT, of all instances of the service.\n\n" +
			"A member remembers the last 32 causes of each service since it was started, of the 10 000 services that changed last.\n\n" +
			serviceForms,
		Example:           "  kubectl naming why demo greeter 10.0.0.7:8080",
		Args:              takes(2, 3),
		ValidArgsFunction: a.completes(clusterNames, serviceNames, instanceNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			ip, port, err := instanceArg(args)
			if err != nil {
				return err
			}
			client, cluster, service, err := a.openService(cmd, args, true)
			if err != nil {
				return err
			}
			told, err := a.story(cmd, client, cluster, service, ip, port)
			if err != nil {
				return err
			}
			return a.print(finding{
				kind: "Story", value: told, names: []string{told.Instance},
				table: func(o table.Options) { a.tell(told, len(cluster.Members), o) },
			})
		},
	}
	a.addOutput(c)
	return c
}

func instanceArg(args []string) (ip string, port int, err error) {
	if len(args) < 3 {
		return "", 0, nil
	}
	ip, text, err := net.SplitHostPort(args[2])
	if err != nil {
		return "", 0, fmt.Errorf("%q is no IP:PORT, such as 10.0.0.7:8080 or [2001:db8::7]:8080", args[2])
	}
	port, err = strconv.Atoi(text)
	if err != nil || port < 1 || port > 65535 {
		return "", 0, fmt.Errorf("port %q of %s must be a number from 1 to 65535", text, args[2])
	}
	return ip, port, nil
}

// story asks members what they list and what they remember.
func (a *app) story(cmd *cobra.Command, client *reach.Client, cluster *reach.Cluster,
	service survey.Service, ip string, port int,
) (story, error) {
	out := story{Service: service.Key(), Now: []survey.Instance{}}
	if port != 0 {
		out.Instance = endpoint(ip, port)
	}
	listed, err := speakers(a, reach.AskAll[[]admin.Instance](
		cmd.Context(), client, cluster.Members, "/v1/instances", query(service)))
	if err != nil {
		return story{}, err
	}
	var clients []string
	for _, i := range survey.Instances(listed) {
		if port == 0 || i.IP == ip && i.Port == port {
			out.Now = append(out.Now, i)
			clients = append(clients, i.Client)
		}
	}
	said, err := speakers(a, reach.AskAll[[]admin.Cause](cmd.Context(), client, cluster.Members, "/v1/causes", query(service)))
	if err != nil {
		return story{}, err
	}
	out.Events = survey.Story(said, ip, port, clients...)
	if e, found := survey.Last(out.Events, len(out.Now) > 0); found && port != 0 {
		out.Because = e.Sentence()
		if e.Batch {
			out.Because += " (it may have been another of them)"
		}
		out.Because += fmt.Sprintf(", at %s, %s ago", e.Time.Format("2006-01-02 15:04:05Z07:00"), a.age(e.Time))
		if e.First() {
			out.Because += ", on " + e.Member
		}
	}
	return out, nil
}

// tell writes a story for people: how things are, why, and all that led there.
func (a *app) tell(s story, members int, o table.Options) {
	subject := s.Service
	if s.Instance != "" {
		subject = s.Instance + " of " + s.Service
	}
	fmt.Fprintf(a.Out, "%s\n\n", o.Palette.Paint(table.Strong, subject))
	if s.Instance != "" {
		fmt.Fprintf(a.Out, "Now:       %s\n", a.present(s.Now, members, o.Palette))
		if s.Because != "" {
			fmt.Fprintf(a.Out, "Because:   %s\n", s.Because)
		}
		fmt.Fprintln(a.Out)
	}
	if len(s.Events) == 0 {
		fmt.Fprintln(a.Out, "No member remembers anything of it: it did not change since they were started, or much else did since.")
		fmt.Fprintln(a.Out, "If it is of another group or namespace and nobody lists it, name it as namespace@@group@@name.")
		return
	}
	t := table.New("TIME", "AGO", "MEMBER", "INSTANCE", "WHAT HAPPENED")
	for _, e := range s.Events {
		what := table.In(table.Plain, e.Sentence())
		switch {
		case e.Ends() && e.First():
			what.Tone = table.Bad
		case !e.First():
			what.Tone = table.Faint
		}
		if e.Batch {
			what.Text += "; maybe this one too"
		}
		t.Row(e.Time.Format("2006-01-02T15:04:05.000Z"), a.age(e.Time), e.Member, endpoint(e.IP, e.Port), what)
	}
	t.Write(a.Out, o)
}

// present says in one line who lists an instance.
func (a *app) present(now []survey.Instance, members int, p table.Palette) string {
	if len(now) == 0 {
		return p.Paint(table.Bad, "not listed by any member")
	}
	var lines []string
	for _, i := range now {
		h := health(i.Instance)
		text := fmt.Sprintf("%s, listed by %d of %d members", p.Paint(h.Tone, h.Text), len(i.Listed), members)
		if len(i.Missing) > 0 {
			text += p.Paint(table.Warn, " (not by "+strings.Join(i.Missing, ", ")+")")
		}
		text += fmt.Sprintf("; registered %s ago by client %s of %s", a.since(i.Since), i.Client, owner(i.Owner).Text)
		lines = append(lines, text)
	}
	return strings.Join(lines, "\n           ")
}
