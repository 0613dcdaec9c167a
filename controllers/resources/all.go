package resources

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/sidecar/member"
)

// Plan is what a pass has decided and the spec alone does not say.
type Plan struct {
	DefaultImage string      // of the sidecar, where the spec names none
	Replicas     int32       // members that the set is to have now
	Partition    int32       // ordinals at and above it get the newest template
	Members      member.List // the list to publish
	TLS          TLS         // certificates that pods mount, and what they are told
	Secrets      []Secret    // that the operator makes
}

// Child is one object of a cluster as it should be.
type Child struct {
	Kind   string
	Name   string
	Object *unstructured.Unstructured
}

// String names the child in errors and events.
func (c Child) String() string { return c.Kind + " " + c.Name }

// All lists the children in the order in which they must exist: pods mount
// certificates and the member list, run as the account and resolve the headless Service as soon as
// they start.
func All(c *v1alpha1.NamingCluster, p Plan) []Child {
	var out []Child
	for _, s := range p.Secrets {
		out = append(out, child(secret(c, s)))
	}
	out = append(out,
		child(memberList(c, p.Members, p.TLS)),
		child(serviceAccount(c)),
		child(headlessService(c)),
		child(clientService(c)),
	)
	if Shielded(c) {
		out = append(out, child(networkPolicy(c))) // the port is guarded before anybody listens there
	}
	return append(out, child(statefulSet(c, p)), child(disruptionBudget(c)))
}

// Names lists the children of All that are there under any plan, Secrets not among them, without
// what they are to be.
func Names(c *v1alpha1.NamingCluster) []Child {
	out := []Child{
		{Kind: "ConfigMap", Name: MembersName(c)},
		{Kind: "ServiceAccount", Name: c.Name},
		{Kind: "Service", Name: HeadlessName(c)},
		{Kind: "Service", Name: c.Name},
	}
	if Shielded(c) {
		out = append(out, Child{Kind: "NetworkPolicy", Name: c.Name})
	}
	return append(out, Child{Kind: "StatefulSet", Name: c.Name}, Child{Kind: "PodDisruptionBudget", Name: c.Name})
}

// child turns an apply configuration into what is sent, with a hash of itself.
func child(config any) Child {
	var content map[string]any
	raw := encode(config)
	possible(utiljson.Unmarshal(raw, &content))
	object := &unstructured.Unstructured{Object: content}
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[ShapeAnnotation] = hash(raw)
	object.SetAnnotations(annotations)
	return Child{Kind: object.GetKind(), Name: object.GetName(), Object: object}
}

// as turns a value of the API into the apply configuration with the same JSON.
func as[T any](from any) *T {
	out := new(T)
	possible(json.Unmarshal(encode(from), out))
	return out
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	possible(err)
	return raw
}

// possible states that API types and apply configurations are plain data of
// one schema: their JSON can always be written and read. A program in which
// that is not so is wrong, and no error could be handled.
func possible(err error) {
	if err != nil {
		panic(err) //nolint:forbidigo // see above: only a wrong program gets here
	}
}

// hash is short, since it guards against change and not against attack.
func hash(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}
