package bundle

import (
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/operator-framework/api/pkg/manifests"
	"github.com/operator-framework/api/pkg/validation"
	interfaces "github.com/operator-framework/api/pkg/validation/interfaces"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// TestSecretsAreForUsersToPermit: OLM gives what a CSV asks for in all namespaces
// that the operator looks at, so rights on Secrets are a role that users bind.
func TestSecretsAreForUsersToPermit(t *testing.T) {
	bundle, err := manifests.GetBundleFromDir("../../bundle")
	if err != nil {
		t.Fatal(err)
	}
	strategy := bundle.CSV.Spec.InstallStrategy.StrategySpec
	for _, given := range slices.Concat(strategy.ClusterPermissions, strategy.Permissions) {
		for _, rule := range given.Rules {
			if slices.Contains(rule.Resources, "secrets") || slices.Contains(rule.Resources, "*") {
				t.Errorf("OLM would give the operator %v in all namespaces", rule)
			}
		}
	}
	raw, err := os.ReadFile("../../config/rbac/secrets_role.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := new(unstructured.Unstructured)
	if err := yaml.Unmarshal(raw, want); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(bundle.Objects, func(o *unstructured.Unstructured) bool {
		return o.GetKind() == "ClusterRole" && o.GetName() == want.GetName() && reflect.DeepEqual(o.Object["rules"], want.Object["rules"])
	}) {
		t.Errorf("the bundle lacks the ClusterRole %s, which users bind", want.GetName())
	}
}

func TestBundleIsValid(t *testing.T) {
	bundle, err := manifests.GetBundleFromDir("../../bundle")
	if err != nil {
		t.Fatal(err)
	}
	if bundle.CSV == nil || len(bundle.V1CRDs) != 1 {
		t.Fatalf("the bundle has the CSV %v and %d definitions, want one of each", bundle.CSV, len(bundle.V1CRDs))
	}
	// Not all there are: the one of architectures pulls images.
	checks := interfaces.Validators{
		validation.ClusterServiceVersionValidator, validation.CustomResourceDefinitionValidator, validation.BundleValidator,
		validation.ObjectValidator, validation.OperatorHubV2Validator, validation.StandardCapabilitiesValidator,
		validation.StandardCategoriesValidator, validation.GoodPracticesValidator,
	}
	results := checks.Validate(bundle.ObjectsToValidate()...)
	if len(results) == 0 {
		t.Fatal("nothing was judged")
	}
	for _, result := range results {
		for _, e := range result.Errors {
			t.Errorf("%s: %v", result.Name, e)
		}
		for _, w := range result.Warnings {
			t.Logf("%s: %v", result.Name, w)
		}
	}
}
