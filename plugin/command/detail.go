package command

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/plugin/reach"
	"github.com/distro-naming/naming-operator/plugin/table"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// detail is what status of one cluster prints as JSON.
type detail struct {
	overview
	Deleting bool               `json:"deleting,omitempty"`
	Stale    string             `json:"stale,omitempty"` // why status may be out of date
	Since    *metav1.Time       `json:"convergedSince,omitempty"`
	Digests  string             `json:"digests"` // what members say now
	Progress string             `json:"progress"`
	Clients  string             `json:"clients,omitempty"` // where they connect
	Members  []memberLine       `json:"members"`
	NotFine  []metav1.Condition `json:"notFine"`
}

// memberLine is a member as the operator reports it and as it answers now.
type memberLine struct {
	Name     string         `json:"name"`
	State    string         `json:"state"`
	Since    *metav1.Time   `json:"since,omitempty"`
	WaitsFor string         `json:"waitsFor,omitempty"`
	Fenced   bool           `json:"fenced,omitempty"`
	Node     string         `json:"node,omitempty"`
	Restarts int32          `json:"restarts"`
	Report   *report.Report `json:"report,omitempty"`
	Error    string         `json:"error,omitempty"` // why there is no report
}

func (a *app) detailOf(c *reach.Cluster, answers []reach.Answer[report.Report]) detail {
	out := detail{
		overview: overviewOf(c.NamingCluster), Deleting: c.DeletionTimestamp != nil, Members: []memberLine{},
		NotFine: notFine(c.Status.Conditions), Stale: stale(c.NamingCluster),
	}
	if v := c.Status.Convergence; v != nil {
		out.Since = v.Since
	}
	if e := c.Status.Endpoints; e != nil {
		out.Clients = e.HTTP + " (gRPC " + e.GRPC + ")"
		if len(e.External) > 0 {
			out.Clients += ", from outside " + strings.Join(e.External, ", ")
		}
	}
	if p := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.Progressing); p != nil {
		out.Progress = p.Reason + ": " + p.Message
		if p.Status == metav1.ConditionTrue {
			out.Progress += ", for " + a.age(p.LastTransitionTime.Time)
		}
	}
	var reports []report.Report
	for _, one := range answers {
		line := a.memberLine(c, one)
		if line.Report != nil {
			reports = append(reports, *line.Report)
		}
		out.Members = append(out.Members, line)
	}
	out.Digests = digests(reports, len(answers), c.Name)
	return out
}

func (a *app) memberLine(c *reach.Cluster, one reach.Answer[report.Report]) memberLine {
	line := memberLine{Name: one.Member.Name, State: "NotListed"}
	i := slices.IndexFunc(c.Status.Members, func(m v1alpha1.Member) bool { return m.Name == line.Name })
	if i >= 0 {
		m := c.Status.Members[i]
		line.State, line.Since, line.WaitsFor, line.Fenced = string(m.State), &m.Since, m.WaitsFor, m.Fenced
	}
	if p := one.Member.Pod; p != nil {
		line.Node = p.Spec.NodeName
		for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
			line.Restarts += s.RestartCount
		}
	}
	if one.Err != nil {
		line.Error = one.Err.Error()
	} else {
		line.Report = &one.Value
	}
	return line
}

// digests says whether the members that answered hold the same now.
func digests(reports []report.Report, members int, cluster string) string {
	var apart []string
	for _, address := range report.Minority(reports) {
		apart = append(apart, pod(address))
	}
	for _, address := range report.SettingsMinority(reports) {
		apart = append(apart, pod(address)+" (settings)")
	}
	switch {
	case len(reports) == 0:
		return "no member answered"
	case len(apart) > 0:
		return fmt.Sprintf("at this moment not %s: kubectl naming diff %s says in what, unless it is only on its way",
			strings.Join(apart, ", nor "), cluster)
	case len(reports) < members:
		return fmt.Sprintf("the %d that answered hold the same", len(reports))
	default:
		return "all hold the same"
	}
}

// stale says why what the operator reports may not be how things are.
func stale(c *v1alpha1.NamingCluster) string {
	switch {
	case len(c.Status.Conditions) == 0:
		return "the operator has never looked at it: kubectl get pods -A -l app.kubernetes.io/name=naming-operator"
	case c.Status.ObservedGeneration != c.Generation:
		return fmt.Sprintf("the operator reports on generation %d of the spec, which is at %d: is it running?",
			c.Status.ObservedGeneration, c.Generation)
	}
	return ""
}

// notFine returns the conditions that somebody should know of. What goes on is
// told by the progress, so Progressing and what repeats it are left out.
func notFine(conditions []metav1.Condition) []metav1.Condition {
	out := []metav1.Condition{}
	progress := meta.FindStatusCondition(conditions, v1alpha1.Progressing)
	for _, kind := range v1alpha1.ConditionTypes {
		c := meta.FindStatusCondition(conditions, kind)
		if c == nil {
			continue
		}
		good := metav1.ConditionTrue
		switch kind {
		case v1alpha1.Degraded, v1alpha1.Stalled, v1alpha1.Paused:
			good = metav1.ConditionFalse
		case v1alpha1.Progressing:
			continue
		case v1alpha1.Reconciling:
			if progress != nil && c.Reason == progress.Reason {
				continue
			}
			good = metav1.ConditionFalse
		}
		if c.Status != good {
			out = append(out, *c)
		}
	}
	return out
}

// writeDetail writes it for people: the sum first, then members, then what is
// not fine and what to do about it.
func (a *app) writeDetail(d detail, o table.Options) {
	p := o.Palette
	ready := verdict(d.Ready)
	fmt.Fprintf(a.Out, "%s   %s   %d of %d members serve clients   age %s\n", p.Paint(table.Strong, d.Namespace+"/"+d.Name),
		p.Paint(ready.Tone, map[string]string{"True": "Ready", "False": "not Ready"}[d.Ready]+unknown(d.Ready)),
		d.Serving, d.Desired, a.age(d.created))
	if d.Deleting {
		fmt.Fprintln(a.Out, p.Paint(table.Warn, "it is being deleted"))
	}
	if d.Stale != "" {
		fmt.Fprintln(a.Out, p.Paint(table.Bad, "Out of date: ")+d.Stale)
	}
	fmt.Fprintln(a.Out)
	a.fact(p, "Converged", a.converged(d, p))
	a.fact(p, "Rollout", d.Progress)
	a.fact(p, "Clients", d.Clients)
	if len(d.Members) > 0 {
		fmt.Fprintln(a.Out)
		a.writeMembers(d.Members, o)
	}
	a.writeLinks(d.Members, o)
	a.writeConditions(d.NotFine, o)
}

func unknown(status string) string {
	if status == "True" || status == "False" {
		return ""
	}
	return "nobody knows whether it is Ready"
}

func (a *app) fact(p table.Palette, title, text string) {
	if text != "" {
		fmt.Fprintf(a.Out, "%s %s\n", p.Paint(table.Faint, fmt.Sprintf("%-10s", title)), text)
	}
}

func (a *app) converged(d detail, p table.Palette) string {
	word := map[string]string{"True": "yes", "False": "no"}[d.Converged]
	text := p.Paint(verdict(d.Converged).Tone, cmp.Or(word, "unknown"))
	if d.Since != nil {
		text += ", for " + a.age(d.Since.Time)
	}
	return text + "; " + d.Digests
}

// states tells good ones from others.
var states = map[string]table.Tone{
	string(v1alpha1.MemberServing): table.Good, string(v1alpha1.MemberFenced): table.Warn,
	string(v1alpha1.MemberLoading): table.Warn, string(v1alpha1.MemberDraining): table.Warn,
	string(v1alpha1.MemberPending): table.Warn,
}

func (a *app) writeMembers(members []memberLine, o table.Options) {
	t := table.New("MEMBER", "STATE", "SINCE", "LIST", "DIGEST", "CONNECTED", "OWNED", "SERVICES", "INSTANCES", "PENDING",
		"RESTARTS", "UP", "VERSION", "+SETTINGS", "+NODE", "+EPOCH")
	for _, m := range members {
		tone, known := states[m.State]
		if !known {
			tone = table.Bad
		}
		row := []any{m.Name, table.In(tone, m.State), a.sinceMeta(m.Since)}
		r := m.Report
		if r == nil {
			row = append(row, "-", "-", "-", "-", "-", "-", "-", restarts(m.Restarts), "-", "-", "-", m.Node, "-")
		} else {
			row = append(row, r.Generation, short(r.Digest), r.Connections, r.Owned, r.Services, r.Instances, pending(r.Pending),
				restarts(m.Restarts), a.age(time.UnixMilli(r.Epoch)), r.Version, orDash(short(r.SettingsDigest)), m.Node, r.Epoch)
		}
		t.Row(row...)
	}
	t.Write(a.Out, o)
	for _, m := range members {
		a.remark(m, o.Palette)
	}
}

// remark says below the table what does not fit into it.
func (a *app) remark(m memberLine, p table.Palette) {
	if m.WaitsFor != "" {
		fmt.Fprintf(a.Out, "%s waits: %s\n", p.Paint(table.Warn, m.Name), m.WaitsFor)
	}
	if m.Error != "" {
		fmt.Fprintf(a.Out, "%s %s\n", p.Paint(table.Bad, "no answer:"), m.Error)
	}
	if r := m.Report; r != nil {
		if r.Fault != "" {
			fmt.Fprintf(a.Out, "%s refused its newest member list: %s\n", p.Paint(table.Bad, m.Name), r.Fault)
		}
		if r.Braked > 0 {
			fmt.Fprintf(a.Out, "%s holds lost instances of %d of %d services as unhealthy, since too many were lost at once\n",
				p.Paint(table.Warn, m.Name), r.Braked, r.Services)
		}
	}
}

// writeLinks shows which members cannot speak to which.
func (a *app) writeLinks(members []memberLine, o table.Options) {
	t := table.New("LINK", "STATE", "BY", "PENDING", "ERROR")
	for _, m := range members {
		if m.Report == nil {
			continue
		}
		for _, peer := range m.Report.Peers {
			if peer.State == "UP" && peer.Error == "" {
				continue
			}
			t.Row(m.Name+" -> "+pod(peer.Member), table.In(table.Bad, peer.State), orDash(peer.Transport), peer.Pending,
				orDash(peer.Error))
		}
	}
	if t.Len() > 0 {
		fmt.Fprintln(a.Out)
		t.Write(a.Out, o)
	}
}

func (a *app) writeConditions(list []metav1.Condition, o table.Options) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintln(a.Out)
	t := table.New("NOT FINE", "REASON", "FOR", "WHAT IT IS")
	for _, c := range list {
		t.Row(table.In(table.Bad, c.Type+"="+string(c.Status)), c.Reason, a.age(c.LastTransitionTime.Time), c.Message)
	}
	t.Write(a.Out, o)
}

func (a *app) sinceMeta(t *metav1.Time) string {
	if t == nil {
		return "-"
	}
	return a.age(t.Time)
}

func short(digest string) string { return digest[:min(8, len(digest))] }

func pending(n int) table.Cell {
	if n > 0 {
		return table.In(table.Warn, n)
	}
	return table.In(table.Plain, n)
}

func restarts(n int32) table.Cell {
	if n > 0 {
		return table.In(table.Warn, n)
	}
	return table.In(table.Plain, n)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
