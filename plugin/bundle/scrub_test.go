package bundle

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// Every place of a pod in which users put passwords, and of the resource that
// pods are made from.
const secrets = `
metadata:
  name: demo
  managedFields: [{manager: SECRET}]
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: SECRET
    vault/token: SECRET
    naming.distro.io/shape: kept-annotation
spec:
  template:
    metadata:
      annotations: {a: SECRET}
    initContainers:
    - name: distro
      args: [kept-argument]
    - name: mine
      env: [{name: PASSWORD, value: SECRET}]
    containers:
    - name: app
      image: kept-image
      command: [sh, -c, SECRET]
      args: [SECRET]
      env: [{name: PASSWORD, value: SECRET}]
      livenessProbe: {httpGet: {httpHeaders: [{name: Authorization, value: SECRET}]}}
      lifecycle: {preStop: {exec: {command: [SECRET]}}}
    volumes:
    - name: kept-volume
      csi: {volumeAttributes: {password: SECRET}}
status:
  members:
  - name: demo-0
    state: kept-state
  containerStatuses:
  - lastState: {terminated: {exitCode: 1, message: SECRET, reason: kept-reason}}
`

func TestScrubKeepsNoSecret(t *testing.T) {
	var object map[string]any
	if err := yaml.Unmarshal([]byte(secrets), &object); err != nil {
		t.Fatal(err)
	}
	out, err := yaml.Marshal(Scrub(object))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), "SECRET") {
		t.Errorf("a secret is left:\n%s", out)
	}
	for _, kept := range []string{"annotation", "argument", "image", "volume", "state", "reason"} {
		if !strings.Contains(string(out), "kept-"+kept) {
			t.Errorf("kept-%s is gone, which is of use:\n%s", kept, out)
		}
	}
}
