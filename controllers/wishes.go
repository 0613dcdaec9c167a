package controllers

import (
	"fmt"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// wishes are what users ask for by annotations, and by the fields of the spec
// that say the same.
type wishes struct {
	paused    string   // the reason why nothing may be changed; empty: the operator acts
	unchecked bool     // members need not agree before the next step
	problems  []string // annotations that mean nothing, and why
}

// wishesOf reads what users wish of a cluster. What cannot be understood counts
// as not said.
func wishesOf(c *v1alpha1.NamingCluster) wishes {
	var w wishes
	pause := w.flag(c, v1alpha1.PauseAnnotation)
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
		w.problems = append(w.problems, fmt.Sprintf("annotation %s is %q and means nothing: make it \"true\" or remove it", name, value))
	}
	return value == "true"
}
