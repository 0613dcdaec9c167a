package controllers

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

// wishes are what users ask for by annotations, and by the fields of the spec
// that say the same.
type wishes struct {
	paused    string // the reason why nothing may be changed; empty: the operator acts
	unchecked bool   // members need not agree before the next step
	fence     fence
	problems  []string // annotations that mean nothing, and why
}

// fence says which members clients are to be kept from.
type fence struct {
	unknown bool // the annotation cannot be read: nobody's fence changes
	all     bool
	pods    []string
}

// around says whether p is to be fenced, as the value of its label.
func (f fence) around(p pod) string {
	switch {
	case f.all, slices.Contains(f.pods, p.Name), f.unknown && p.fenced():
		return "true"
	}
	return "false"
}

// wishesOf reads what users wish of a cluster. What cannot be understood counts
// as not said.
func wishesOf(c *v1alpha1.NamingCluster) wishes {
	var w wishes
	pause := w.flag(c, v1alpha1.PauseAnnotation)
	w.readFence(c)
	w.unchecked = w.flag(c, v1alpha1.SkipCheckAnnotation)
	switch {
	case c.Spec.Paused:
		w.paused = v1alpha1.ReasonPausedBySpec
	case pause:
		w.paused = v1alpha1.ReasonPausedByAnnotation
	}
	return w
}

// flag reads an annotation that is "true" or "false".
func (w *wishes) flag(c *v1alpha1.NamingCluster, name string) bool {
	value, ok := c.Annotations[name]
	if ok && value != "true" && value != "false" {
		w.problems = append(w.problems, fmt.Sprintf(
			"annotation %s is %q and means nothing: make it \"true\" or remove it", name, value))
	}
	return value == "true"
}

// readFence reads the list of fenced members. A name that is nobody's is a
// problem and fences nobody; the others in the list count.
func (w *wishes) readFence(c *v1alpha1.NamingCluster) {
	value, ok := c.Annotations[v1alpha1.FencedAnnotation]
	if !ok {
		return
	}
	var names []string
	if err := json.Unmarshal([]byte(value), &names); err != nil {
		w.fence.unknown = true
		w.problems = append(w.problems, fmt.Sprintf(
			"annotation %s is not a JSON list of pods and changes no fence: make it one, such as [%q]",
			v1alpha1.FencedAnnotation, resources.PodName(c, 0)))
		return
	}
	for _, name := range names {
		o, ok := resources.Ordinal(c, name)
		switch {
		case name == "*":
			w.fence.all = true
		case ok && o < resources.Replicas(c):
			w.fence.pods = append(w.fence.pods, name)
		default:
			w.problems = append(w.problems, fmt.Sprintf("annotation %s names %q, which is no member: remove it from the list",
				v1alpha1.FencedAnnotation, name))
		}
	}
}
