package reach

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

// Clusters is where NamingClusters are found in the API.
var Clusters = v1alpha1.SchemeGroupVersion.WithResource("namingclusters")

// Client reaches one Kubernetes cluster. Use New.
type Client struct {
	Kube      kubernetes.Interface
	Dynamic   dynamic.Interface
	Namespace string // where clusters are looked for

	// Forwards is set to ask members through forwarded ports only.
	Forwards bool
	// Forward opens a way to the admin port of a pod.
	Forward Forwarder
}

// New returns a Client for config. Clusters are looked for in namespace.
func New(config *rest.Config, namespace string) (*Client, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = -1, 0 // a few members are asked at once; the server protects itself
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	return &Client{Kube: kube, Dynamic: objects, Namespace: namespace, Forward: forwarder(config, kube, namespace)}, nil
}

// Member is one member of a cluster, whether or not it has a pod.
type Member struct {
	Name    string // of its pod
	Address string // host:port, by which other members know it
	Pod     *corev1.Pod
}

// Cluster is a NamingCluster and its members, in order of ordinal.
type Cluster struct {
	*v1alpha1.NamingCluster
	Members []Member
}

// Cluster returns the cluster with that name.
func (c *Client) Cluster(ctx context.Context, name string) (*Cluster, error) {
	found, err := c.Dynamic.Resource(Clusters).Namespace(c.Namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, c.unknown(ctx, name)
	}
	if err != nil {
		return nil, c.explain(err, "get namingclusters")
	}
	cluster, err := decode(found)
	if err != nil {
		return nil, err
	}
	selected := metav1.ListOptions{LabelSelector: resources.Selector(cluster)}
	pods, err := c.Kube.CoreV1().Pods(c.Namespace).List(ctx, selected)
	if err != nil {
		return nil, c.explain(err, "list pods")
	}
	return &Cluster{cluster, membersOf(cluster, pods.Items)}, nil
}

// List returns all clusters of the namespace, or of every one, in order.
func (c *Client) List(ctx context.Context, everywhere bool) ([]*v1alpha1.NamingCluster, error) {
	namespace := c.Namespace
	if everywhere {
		namespace = metav1.NamespaceAll
	}
	found, err := c.Dynamic.Resource(Clusters).Namespace(namespace).List(ctx, metav1.ListOptions{})
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("this Kubernetes has no NamingClusters: install the operator first (docs/how-to/install.md): %w", err)
	}
	if err != nil {
		return nil, c.explain(err, "list namingclusters")
	}
	var out []*v1alpha1.NamingCluster
	for i := range found.Items {
		cluster, err := decode(&found.Items[i])
		if err != nil {
			return nil, err
		}
		out = append(out, cluster)
	}
	slices.SortFunc(out, func(a, b *v1alpha1.NamingCluster) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	return out, nil
}

// unknown names the clusters that there are.
func (c *Client) unknown(ctx context.Context, name string) error {
	others, err := c.List(ctx, true)
	if err != nil { // who may not look elsewhere is told of here only
		others, err = c.List(ctx, false)
	}
	if err != nil {
		return err
	}
	var names []string
	for _, o := range others {
		names = append(names, o.Namespace+"/"+o.Name)
	}
	if len(names) == 0 {
		return fmt.Errorf("no NamingCluster %q in namespace %q, nor any other: make one with kubectl apply", name, c.Namespace)
	}
	return fmt.Errorf("no NamingCluster %q in namespace %q; there are: %s (choose the namespace with -n)",
		name, c.Namespace, strings.Join(names, ", "))
}

func (c *Client) explain(err error, doing string) error {
	if apierrors.IsForbidden(err) {
		return fmt.Errorf("you may not %s in namespace %q: ask for the role view there: %w", doing, c.Namespace, err)
	}
	if utilnet.IsConnectionRefused(err) {
		return fmt.Errorf("no API server there; does KUBECONFIG, or --context, name the right one? %s: %w", doing, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func decode(u *unstructured.Unstructured) (*v1alpha1.NamingCluster, error) {
	out := &v1alpha1.NamingCluster{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, out); err != nil {
		return nil, fmt.Errorf("read NamingCluster %s: %w", u.GetName(), err)
	}
	return out, nil
}

// membersOf joins the members that status lists and the pods that there are.
func membersOf(c *v1alpha1.NamingCluster, pods []corev1.Pod) []Member {
	var out []Member
	at := map[int32]int{}
	add := func(name string) *Member {
		o, ok := resources.Ordinal(c, name)
		if !ok {
			return &Member{} // a pod that somebody else gave the label
		}
		if _, known := at[o]; !known {
			at[o] = len(out)
			out = append(out, Member{Name: name, Address: string(resources.Address(c, o))})
		}
		return &out[at[o]]
	}
	for _, m := range c.Status.Members {
		add(m.Name)
	}
	for i := range pods {
		add(pods[i].Name).Pod = &pods[i]
	}
	slices.SortFunc(out, func(a, b Member) int {
		i, _ := resources.Ordinal(c, a.Name)
		j, _ := resources.Ordinal(c, b.Name)
		return int(i - j)
	})
	return out
}
