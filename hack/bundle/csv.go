package main

import (
	"errors"
	"fmt"
)

const home = "https://github.com/distro-naming/naming-operator"

const about = `Service discovery for Kubernetes that speaks the Nacos naming protocol.
A NamingCluster is a set of pods, each with a
full replica of the registry in a native sidecar. Unmodified Nacos clients register, query and subscribe; members replicate
by Nacos's own Distro protocol; the operator keeps the member list, the pods and the status.

The data plane needs no Kubernetes API, and rollouts wait until all members serve and agree.`

// serviceVersion is the ClusterServiceVersion: how OLM installs the operator,
// and what it shows to people.
func serviceVersion(version, description string, keywords []string) (object, error) {
	strategy, image, err := install()
	if err != nil {
		return nil, err
	}
	examples, err := samples("demo", "production")
	if err != nil {
		return nil, err
	}
	modes := []any{}
	for _, mode := range []string{"OwnNamespace", "SingleNamespace", "MultiNamespace", "AllNamespaces"} {
		modes = append(modes, object{"type": mode, "supported": true})
	}
	return object{
		"apiVersion": "operators.coreos.com/v1alpha1",
		"kind":       "ClusterServiceVersion",
		"metadata": object{
			"name":      "naming-operator.v" + version,
			"namespace": "placeholder",
			"labels": object{
				"operatorframework.io/arch.amd64": "supported", "operatorframework.io/arch.arm64": "supported",
				"operatorframework.io/os.linux": "supported",
			},
			"annotations": object{
				"alm-examples":   examples,
				"capabilities":   "Deep Insights",
				"categories":     "Networking",
				"containerImage": image,
				"description":    description,
				"repository":     home,
				"support":        "naming-operator authors",
			},
		},
		"spec": object{
			"displayName":    "Naming operator",
			"description":    about,
			"version":        version,
			"minKubeVersion": "1.29.0",
			"maturity":       "alpha",
			"keywords":       keywords,
			"provider":       object{"name": "naming-operator authors", "url": home},
			"links":          []any{object{"name": "Documentation", "url": home + "/blob/main/docs/README.md"}},
			"maintainers":    []any{object{"name": "naming-operator authors", "email": "maintainers@example.org"}},
			"installModes":   modes,
			"install":        strategy,
			"customresourcedefinitions": object{"owned": []any{object{
				"name": "namingclusters.naming.distro.io", "kind": "NamingCluster", "version": "v1alpha1",
				"displayName": "Naming cluster", "description": "A registry that speaks the Nacos naming protocol",
			}}},
		},
	}, nil
}

var errShape = errors.New("the manifest has another shape than expected")

// install takes Deployment and rights as they are. The namespaces to look at
// come from OLM, by an annotation of the pod.
func install() (strategy object, image string, err error) {
	deployments, err := read("config/manager/manager.yaml")
	if err != nil {
		return nil, "", err
	}
	spec, _ := deployments[0]["spec"].(object)
	template, _ := spec["template"].(object)
	pod, _ := template["spec"].(object)
	containers, _ := pod["containers"].([]any)
	if len(containers) != 1 {
		return nil, "", fmt.Errorf("read Deployment: %w", errShape)
	}
	manager, _ := containers[0].(object)
	image, _ = manager["image"].(string)
	manager["env"] = []any{object{
		"name":      "WATCH_NAMESPACE",
		"valueFrom": object{"fieldRef": object{"fieldPath": "metadata.annotations['olm.targetNamespaces']"}},
	}}
	everywhere, err := rules("config/rbac/role.yaml")
	if err != nil {
		return nil, "", err
	}
	own, err := rules("config/rbac/leader_election.yaml")
	if err != nil {
		return nil, "", err
	}
	account := pod["serviceAccountName"]
	return object{
		"strategy": "deployment",
		"spec": object{
			"deployments":        []any{object{"name": "naming-operator", "spec": spec}},
			"clusterPermissions": []any{object{"serviceAccountName": account, "rules": everywhere}},
			"permissions":        []any{object{"serviceAccountName": account, "rules": own}},
		},
	}, image, nil
}

func rules(path string) (any, error) {
	objects, err := read(path)
	if err != nil {
		return nil, err
	}
	return objects[0]["rules"], nil
}
