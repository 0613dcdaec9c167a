//go:build envtest

package controllers

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// The suite has one API server, one operator that runs as its real
// ServiceAccount, and stand-ins for what an API server alone does not have:
// the StatefulSet controller with its nodes, and the members.
var (
	admin       client.Client // may do everything; used by the tests themselves
	adminConfig *rest.Config
	operator    client.Client // may do what the operator may do
	nodes       = newPlayer()
	members     = &chorus{}
)

func TestMain(m *testing.M) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		fmt.Fprintln(os.Stderr, "NOT TESTED: the operator needs an API server;",
			"set KUBEBUILDER_ASSETS, as make test-envtest does")
		if os.Getenv("CI") != "" {
			os.Exit(1)
		}
		os.Exit(0)
	}
	code, err := runSuite(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "run suite:", err)
		code = 1
	}
	os.Exit(code)
}

func runSuite(m *testing.M) (code int, err error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return 1, err
	}
	server := &envtest.Environment{CRDDirectoryPaths: []string{"../config/crd/bases"}, ErrorIfCRDPathMissing: true}
	config, err := server.Start()
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	adminConfig = config
	if admin, err = client.New(config, client.Options{Scheme: scheme}); err != nil {
		return 1, err
	}
	nodes.client, members.client = admin, admin
	ctx, cancel := context.WithCancel(context.Background())
	if err := install(ctx, "../config/rbac"); err != nil {
		cancel()
		return 1, err
	}
	account := asOperator(config)
	if operator, err = client.New(account, client.Options{Scheme: scheme}); err != nil {
		cancel()
		return 1, err
	}
	stopped := make(chan error, 1)
	go func() { stopped <- runOperator(ctx, account, scheme) }()
	go nodes.run(ctx)

	code = m.Run()
	cancel()
	return code, <-stopped
}

// asOperator is the configuration of the operator's own ServiceAccount.
func asOperator(config *rest.Config) *rest.Config {
	account := rest.CopyConfig(config)
	account.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:naming-system:naming-operator",
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:naming-system", "system:authenticated"},
	}
	return account
}

func runOperator(ctx context.Context, config *rest.Config, scheme *runtime.Scheme) error {
	log := funcr.New(func(prefix, args string) { fmt.Fprintln(os.Stderr, prefix, args) }, funcr.Options{})
	ctrl.SetLogger(log)
	caching, err := CacheOptions()
	if err != nil {
		return err
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme, Cache: caching, Metrics: metricsserver.Options{BindAddress: "0"}, Logger: log,
	})
	if err != nil {
		return err
	}
	r := &Reconciler{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Prober: members,
		Events: mgr.GetEventRecorder("naming-operator"), Image: testImage, Now: time.Now,
		Random: rand.Reader, Domain: "cluster.local",
	}
	if err := r.SetupWithManager(ctx, mgr); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

// install applies every manifest of a folder, after its namespace.
func install(ctx context.Context, folder string) error {
	objects := []client.Object{&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "naming-system"}}}
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return err
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096)
		for !strings.HasSuffix(file, "kustomization.yaml") {
			object := new(unstructured.Unstructured)
			if err := decoder.Decode(object); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return fmt.Errorf("read %s: %w", file, err)
			}
			objects = append(objects, object)
		}
	}
	for _, object := range objects {
		if err := admin.Create(ctx, object); err != nil {
			return fmt.Errorf("create %s: %w", object.GetName(), err)
		}
	}
	return nil
}

// eventually waits until check returns nil, and fails with its last error if
// that does not happen before a generous deadline.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	deadline := time.NewTimer(3 * time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("still not so: %v", err)
		}
	}
}

// newNamespace makes a namespace for one test.
func newNamespace(t *testing.T) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	if err := admin.Create(t.Context(), ns); err != nil {
		t.Fatalf("create namespace: %v", err)
	}
	return ns.Name
}
