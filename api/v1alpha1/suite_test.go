//go:build envtest

package v1alpha1_test

import (
	"fmt"
	"os"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

const crds = "../../config/crd/bases"

// api talks to a real API server that knows the NamingCluster.
var api client.Client

func TestMain(m *testing.M) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		fmt.Fprintln(os.Stderr, "NOT TESTED: the rules of the API need an API server;",
			"set KUBEBUILDER_ASSETS, as make test-envtest does")
		if os.Getenv("CI") != "" {
			os.Exit(1)
		}
		os.Exit(0)
	}
	code, err := runWithAPI(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "start API server:", err)
		code = 1
	}
	os.Exit(code)
}

func runWithAPI(m *testing.M) (code int, err error) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return 1, err
	}
	server := &envtest.Environment{CRDDirectoryPaths: []string{crds}, ErrorIfCRDPathMissing: true}
	config, err := server.Start()
	if err != nil {
		return 1, err
	}
	defer func() {
		if stopErr := server.Stop(); err == nil {
			err = stopErr
		}
	}()
	api, err = client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return 1, err
	}
	return m.Run(), nil
}
