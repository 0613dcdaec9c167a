// Package bundle makes an archive for those who help: what a cluster is, what
// happened to it and what its members say, without what may be secret. Scrubbing
// is pure and keeps what is known to be harmless, rather than dropping what looks
// secret.
package bundle

import (
	"slices"
	"strings"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

// ours are the containers that the operator writes: nothing in them is secret.
var ours = []string{resources.SidecarName, "console"}

// harmless are the fields that are kept of containers that users wrote. Commands,
// arguments, environments, probes and hooks may all carry passwords.
var harmless = []string{"name", "image", "imagePullPolicy", "resources", "ports", "restartPolicy", "volumeMounts"}

// known are prefixes of the annotations that are kept.
var known = []string{"naming.distro.io/", v1alpha1.RestartedAnnotation, "deployment.kubernetes.io/", "statefulset.kubernetes.io/"}

// Removed is written where something was taken out.
const Removed = "removed by kubectl naming logs-bundle"

// Scrub returns a copy of an object without what may be secret.
func Scrub(object map[string]any) map[string]any {
	out, _ := scrub(object).(map[string]any)
	return out
}

func scrub(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, inner := range v {
			switch key {
			case "managedFields":
			case "annotations":
				out[key] = annotations(inner)
			case "containers", "initContainers", "ephemeralContainers":
				out[key] = containers(inner)
			case "volumes":
				out[key] = volumes(inner)
			case "lastState", "state": // a message may be the end of a container's log
				out[key] = terminations(inner)
			default:
				out[key] = scrub(inner)
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, inner := range v {
			out = append(out, scrub(inner))
		}
		return out
	default:
		return value
	}
}

func annotations(value any) any {
	list, ok := value.(map[string]any)
	if !ok {
		return Removed
	}
	out := map[string]any{}
	for key, text := range list {
		out[key] = Removed
		if slices.ContainsFunc(known, func(prefix string) bool { return strings.HasPrefix(key, prefix) }) {
			out[key] = text
		}
	}
	return out
}

func containers(value any) any {
	list, ok := value.([]any)
	if !ok {
		return Removed
	}
	out := make([]any, 0, len(list))
	for _, one := range list {
		container, ok := one.(map[string]any)
		name, _ := container["name"].(string)
		switch {
		case !ok:
			out = append(out, Removed)
		case slices.Contains(ours, name):
			out = append(out, scrub(one))
		default:
			out = append(out, only(container, harmless))
		}
	}
	return out
}

// volumes keeps names, and what kind of volume each is.
func volumes(value any) any {
	list, ok := value.([]any)
	if !ok {
		return Removed
	}
	out := make([]any, 0, len(list))
	for _, one := range list {
		volume, _ := one.(map[string]any)
		kept := map[string]any{}
		for key, inner := range volume {
			kept[key] = Removed
			if key == "name" {
				kept[key] = inner
			}
		}
		out = append(out, kept)
	}
	return out
}

// only keeps some fields and says which others there were.
func only(m map[string]any, fields []string) map[string]any {
	out := map[string]any{}
	for key, inner := range m {
		out[key] = Removed
		if slices.Contains(fields, key) {
			out[key] = inner
		}
	}
	return out
}

// terminations takes messages out of states of containers.
func terminations(value any) any {
	state, ok := value.(map[string]any)
	if !ok {
		return value // of a member in status: a word
	}
	out := map[string]any{}
	for kind, inner := range state {
		detail, ok := inner.(map[string]any)
		if ok && kind == "terminated" {
			detail = only(detail, []string{"exitCode", "signal", "reason", "startedAt", "finishedAt", "containerID"})
			inner = detail
		}
		out[kind] = inner
	}
	return out
}
