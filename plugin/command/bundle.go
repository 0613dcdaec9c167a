package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/plugin/bundle"
	"github.com/distro-naming/naming-operator/plugin/reach"
)

// children are the kinds of objects that a cluster is made of. There is no Secret
// among them.
var children = []schema.GroupVersionResource{
	{Group: "apps", Version: "v1", Resource: "statefulsets"},
	{Version: "v1", Resource: "services"},
	{Version: "v1", Resource: "configmaps"},
	{Version: "v1", Resource: "serviceaccounts"},
	{Version: "v1", Resource: "pods"},
	{Group: "policy", Version: "v1", Resource: "poddisruptionbudgets"},
	{Group: "networking.k8s.io", Version: "v1", Resource: "networkpolicies"},
}

// questions are what members are asked, and the files for the answers. Lists of
// instances are not among them: their metadata is the users'.
var questions = []struct{ path, file string }{
	{"/readyz", "readyz.txt"}, {"/v1/status", "status.json"}, {"/v1/digests", "digests.json"}, {"/metrics", "metrics.txt"},
}

// operatorLabel is on the operator's pods.
const operatorLabel = "app.kubernetes.io/name=naming-operator"

// bundler fills an archive. Only the archive itself can fail.
type bundler struct {
	client  *reach.Client
	cluster *reach.Cluster
	archive *bundle.Archive
	since   time.Duration
}

func (a *app) bundle() *cobra.Command {
	var file, operator string
	var since time.Duration
	c := &cobra.Command{
		Use:   "logs-bundle NAME",
		Short: "Write all that helps to find a fault into one archive, without secrets",
		Long: "Write all that helps to find a fault into one archive (tar.gz): the NamingCluster and its children, events, logs " +
			"of members and operator,\n" +
			"what each member says of itself, and metrics.\n\n" +
			"No Secret is read. Of containers that you added only harmless fields are kept, no command, argument, environment, " +
			"probe or log; annotations of\n" +
			"others are taken out. What could not be read is in not-read.txt. Names of services, clients and nodes, and IPs, are in logs.",
		Example:           "  kubectl naming logs-bundle demo\n  kubectl naming logs-bundle demo --file - | tar tz",
		Args:              takes(1, 1),
		ValidArgsFunction: a.completes(clusterNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, cluster, err := a.open(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			name := args[0] + "-" + a.Now().UTC().Format("20060102T150405Z")
			if file == "" {
				file = name + ".tar.gz"
			}
			out, err := a.target(file)
			if err != nil {
				return err
			}
			b := bundler{client, cluster, bundle.New(out, name, a.Now()), since}
			if err := b.fill(cmd.Context(), operator); err != nil {
				return err
			}
			if err := out.Close(); err != nil {
				return fmt.Errorf("write %s: %w", file, err)
			}
			fmt.Fprintf(a.ErrOut, "%s: %d files; %d things could not be read\n", file, b.archive.Files(), len(b.archive.Faults()))
			for _, f := range b.archive.Faults() {
				fmt.Fprintln(a.ErrOut, "  "+f)
			}
			return nil
		},
	}
	c.Flags().StringVarP(&file, "file", "f", "", "where to write it; - for standard output (default NAME-TIME.tar.gz)")
	c.Flags().StringVar(&operator, "operator-namespace", "naming-system", "where the operator runs")
	c.Flags().DurationVar(&since, "since", 24*time.Hour, "how far back logs go")
	return c
}

// target opens the file, which only its owner may read.
func (a *app) target(file string) (io.WriteCloser, error) {
	if file == "-" {
		return nopCloser{a.Out}, nil
	}
	out, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the archive: %w", err)
	}
	return out, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func (b bundler) fill(ctx context.Context, operator string) error {
	steps := []func() error{
		func() error { return b.object(ctx, reach.Clusters, b.cluster.Name, "namingcluster.yaml") },
		func() error { return b.children(ctx) },
		func() error { return b.events(ctx) },
		func() error { return b.members(ctx) },
		func() error { return b.operator(ctx, operator) },
		b.archive.Close,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (b bundler) object(ctx context.Context, kind schema.GroupVersionResource, name, file string) error {
	found, err := b.client.Dynamic.Resource(kind).Namespace(b.client.Namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return b.archive.Add(file, nil, err)
	}
	return b.archive.AddObject(file, found.Object, nil)
}

func (b bundler) children(ctx context.Context) error {
	selected := metav1.ListOptions{LabelSelector: resources.Selector(b.cluster.NamingCluster)}
	for _, kind := range children {
		found, err := b.client.Dynamic.Resource(kind).Namespace(b.client.Namespace).List(ctx, selected)
		if err != nil {
			if err := b.archive.Add("children/"+kind.Resource, nil, err); err != nil {
				return err
			}
			continue
		}
		for _, one := range found.Items {
			if err := b.archive.AddObject("children/"+kind.Resource+"/"+one.GetName()+".yaml", one.Object, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// events writes those about the cluster and what has its name.
func (b bundler) events(ctx context.Context) error {
	kind := schema.GroupVersionResource{Version: "v1", Resource: "events"}
	found, err := b.client.Dynamic.Resource(kind).Namespace(b.client.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return b.archive.Add("events.json", nil, err)
	}
	about := []unstructured.Unstructured{}
	for _, e := range found.Items {
		name, _, _ := unstructured.NestedString(e.Object, "involvedObject", "name")
		if name == b.cluster.Name || strings.HasPrefix(name, b.cluster.Name+"-") {
			e.SetManagedFields(nil)
			about = append(about, e)
		}
	}
	text, err := json.MarshalIndent(about, "", " ")
	return b.archive.Add("events.json", text, err)
}

func (b bundler) members(ctx context.Context) error {
	for _, m := range b.cluster.Members {
		folder := "members/" + m.Name + "/"
		for _, q := range questions {
			text, err := b.client.Read(ctx, m, q.path, nil)
			if err := b.archive.Add(folder+q.file, text, err); err != nil {
				return err
			}
		}
		if m.Pod == nil {
			continue
		}
		if err := b.log(ctx, m.Pod, resources.SidecarName, false, folder+"log.jsonl"); err != nil {
			return err
		}
		for _, s := range m.Pod.Status.InitContainerStatuses {
			if s.Name != resources.SidecarName || s.RestartCount == 0 {
				continue
			}
			if err := b.log(ctx, m.Pod, s.Name, true, folder+"log-before-restart.jsonl"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b bundler) log(ctx context.Context, pod *corev1.Pod, container string, previous bool, file string) error {
	seconds := int64(b.since.Seconds())
	options := &corev1.PodLogOptions{Container: container, Previous: previous, SinceSeconds: &seconds, Timestamps: true}
	text, err := b.client.Kube.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, options).DoRaw(ctx)
	return b.archive.Add(file, text, err)
}

func (b bundler) operator(ctx context.Context, namespace string) error {
	pods, err := b.client.Kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: operatorLabel})
	if err == nil && len(pods.Items) == 0 {
		err = fmt.Errorf("no pod with the label %s in namespace %s: name it with --operator-namespace", operatorLabel, namespace)
	}
	if err != nil {
		return b.archive.Add("operator", nil, err)
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		if err := b.log(ctx, pod, pod.Spec.Containers[0].Name, false, "operator/"+pod.Name+".jsonl"); err != nil {
			return err
		}
	}
	return nil
}
