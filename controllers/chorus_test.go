//go:build envtest

package controllers

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/controllers/pki"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// chorus plays the members: they run on the list that is published, hold the
// same registry and answer, unless a test has told one otherwise.
type chorus struct {
	client client.Client // sees the published list
	mu     sync.Mutex
	silent map[member.Address]bool
	alone  map[member.Address]bool           // holds another registry
	set    map[member.Address]string         // digest of settings, "same" unless told otherwise
	cut    map[member.Address]member.Address // has given another up
	asked  map[string]int                    // by namespace: how often
}

// Probe answers for every pod.
func (c *chorus) Probe(ctx context.Context, pods map[member.Address]string) map[member.Address]report.Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[member.Address]report.Report{}
	for a := range pods {
		namespace := namespaceOf(a)
		if c.asked == nil {
			c.asked = map[string]int{}
		}
		c.asked[namespace]++
		if c.silent[a] {
			continue
		}
		digest := "same"
		if c.alone[a] {
			digest = "other"
		}
		settings, told := c.set[a]
		if !told {
			settings = "same"
		}
		r := report.Report{
			Member: string(a), Generation: c.generation(ctx, a), Loaded: true, Digest: digest, SettingsDigest: settings, Clients: 4, Services: 2, Instances: 5,
		}
		if lost, ok := c.cut[a]; ok {
			r.Peers = []report.Peer{{Member: string(lost), State: string(member.Down)}}
		}
		r.TLS, r.Auth = c.tls(ctx, a), c.users(ctx, a)
		out[a] = r
	}
	return out
}

func (c *chorus) hush(a member.Address, silent bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.silent == nil {
		c.silent = map[member.Address]bool{}
	}
	c.silent[a] = silent
}

func (c *chorus) diverge(a member.Address, alone bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.alone == nil {
		c.alone = map[member.Address]bool{}
	}
	c.alone[a] = alone
}

// settle gives a member a digest of its settings; "" is that of an earlier version,
// which tells none.
func (c *chorus) settle(a member.Address, digest string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.set == nil {
		c.set = map[member.Address]string{}
	}
	c.set[a] = digest
}

// sever makes a give b up, or not.
func (c *chorus) sever(a, b member.Address, severed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut == nil {
		c.cut = map[member.Address]member.Address{}
	}
	c.cut[a] = b
	if !severed {
		delete(c.cut, a)
	}
}

// questions says how often members of a namespace have been asked.
func (c *chorus) questions(namespace string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked[namespace]
}

func namespaceOf(a member.Address) string { return strings.Split(a.Host(), ".")[2] }

// generation is that of the published list, as if every kubelet were quick.
func (c *chorus) generation(ctx context.Context, a member.Address) int64 {
	name := strings.TrimSuffix(strings.Split(a.Host(), ".")[1], "-headless") + "-members"
	var list corev1.ConfigMap
	if err := c.client.Get(ctx, client.ObjectKey{Namespace: namespaceOf(a), Name: name}, &list); err != nil {
		return 0
	}
	parsed, err := member.Parse(list.Data["cluster.conf"])
	if err != nil {
		return 0
	}
	return parsed.Generation()
}

// tls is what the member says of what its pod mounts, as if every kubelet were quick.
func (c *chorus) tls(ctx context.Context, a member.Address) *report.TLS {
	name, _, _ := strings.Cut(a.Host(), ".")
	var pod corev1.Pod
	if c.client.Get(ctx, client.ObjectKey{Namespace: namespaceOf(a), Name: name}, &pod) != nil {
		return nil
	}
	var list corev1.ConfigMap
	cluster := strings.TrimSuffix(strings.Split(a.Host(), ".")[1], "-headless")
	_ = c.client.Get(ctx, client.ObjectKey{Namespace: namespaceOf(a), Name: cluster + "-members"}, &list)
	membersMode, clientsMode := resources.Told(list.Data)
	members, clients := resources.MountsOf(pod.Spec)
	out := &report.TLS{
		Members: c.use(ctx, namespaceOf(a), members, membersMode), Clients: c.use(ctx, namespaceOf(a), clients, clientsMode),
	}
	if *out == (report.TLS{}) {
		return nil
	}
	return out
}

func (c *chorus) use(ctx context.Context, namespace string, mount resources.Mount, mode string) *report.TLSUse {
	if mount.Secret == "" {
		return nil
	}
	out := &report.TLSUse{Mode: cmp.Or(mode, "Required")}
	var secret corev1.Secret
	if err := c.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: mount.Secret}, &secret); err != nil {
		out.Fault = err.Error()
		return out
	}
	life, fault := pki.CheckPair(secret.Data, time.Now())
	if fault != nil {
		out.Fault = fault.Text
		return out
	}
	out.NotAfter = &life.Until
	if mount.CA != "" {
		out.Issuer = pki.Fingerprint(secret.Data[pki.CAKey])
	}
	return out
}
