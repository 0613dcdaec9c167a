package chart

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

func TestRefusedValues(t *testing.T) {
	tests := map[string]struct {
		chart, values string
		says          string
	}{
		"a misspelled value":               {"naming-operator", "replica: 2", "replica"},
		"a misspelled value further below": {"naming-operator", "metrics: {secured: true}", "secured"},
		"two replicas that both act":       {"naming-operator", "{replicas: 2, leaderElection: {enabled: false}}", "leaderElection"},
		"a level that is none":             {"naming-operator", "logLevel: loud", "logLevel"},
		"a digest that is none":            {"naming-operator", "image: {digest: latest}", "digest"},
		"a namespace in capitals":          {"naming-operator", "watchNamespaces: [Payments]", "watchNamespaces"},
		"a namespace twice":                {"naming-operator", "watchNamespaces: [payments, payments]", "watchNamespaces"},
		"a pull secret as a word":          {"naming-operator", "imagePullSecrets: [pull]", "imagePullSecrets"},
		"an argument that is no flag":      {"naming-operator", "extraArgs: [serve]", "extraArgs"},
		"a port out of range":              {"naming-operator", "metrics: {port: 70000}", "port"},
		"an interval without a unit":       {"naming-operator", "podMonitor: {interval: \"30\"}", "interval"},
		"a number among labels":            {"naming-operator", "commonLabels: {tier: 1}", "commonLabels"},
		"a reader without a namespace":     {"naming-operator", "metrics: {readers: [{name: prometheus}]}", "namespace"},
		"an alert of others":               {"naming-operator", "prometheusRule: {disabled: [Watchdog]}", "disabled"},
		"a monitor of nothing":             {"naming-operator", "{metrics: {enabled: false}, serviceMonitor: {enabled: true}}", "set metrics.enabled"},
		"an account without a name":        {"naming-operator", "serviceAccount: {create: false}", "name the account"},
		"spec's fields at the top":         {"naming-cluster", "replicas: 3", "replicas"},
		"nothing to show where it is asked": {
			"naming-cluster", "spec: {tls: {clients: {mode: Required, caSecretName: clients}}}", "test.tls.secretName",
		},
		"a test without a user": {
			"naming-cluster", "spec: {auth: {mode: Required, secretName: users}}", "test.login.secretName",
		},
		"less than no members": {"naming-cluster", "spec: {replicas: -1}", "replicas"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			values := map[string]any{}
			if err := yaml.Unmarshal([]byte(tc.values), &values); err != nil {
				t.Fatal(err)
			}
			_, err := render(tc.chart, values)
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("render = %v, want it to say %q", err, tc.says)
			}
		})
	}
}
