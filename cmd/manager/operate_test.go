//go:build envtest

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

func TestSamplesAreAccepted(t *testing.T) {
	files, err := filepath.Glob("../../config/samples/*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatalf("find samples: %v, %d found", err, len(files))
	}
	for _, file := range files {
		if filepath.Base(file) == "kustomization.yaml" {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			samples, err := read(raw)
			if err != nil {
				t.Fatal(err)
			}
			for _, sample := range samples {
				sample.SetNamespace("default")
				if err := admin.Create(t.Context(), sample, client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestInstallManifestIsUpToDate(t *testing.T) {
	want := kustomize(t, "../../config/default")
	got, err := os.ReadFile("../../dist/install.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("dist/install.yaml is not what config/default gives: run make manifests")
	}
}

// kustomize builds a folder as users do.
func kustomize(t *testing.T, folder string) []byte {
	t.Helper()
	kubectl := filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl")
	out, err := exec.CommandContext(t.Context(), kubectl, "kustomize", folder).Output()
	if err != nil {
		t.Fatalf("kustomize: %v", err)
	}
	return out
}

func TestOneNamespaceOnly(t *testing.T) {
	payments := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "payments"}}
	if err := admin.Create(t.Context(), payments); err != nil {
		t.Fatal(err)
	}
	if err := install(t.Context(), kustomize(t, "testdata/payments")); err != nil {
		t.Fatal(err)
	}
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := writeAccount("payments", kubeconfig); err != nil {
		t.Fatal(err)
	}
	for _, namespace := range []string{"default", "payments"} { // the other one first
		c := &v1alpha1.NamingCluster{ObjectMeta: metav1.ObjectMeta{Name: "alone", Namespace: namespace}}
		if err := admin.Create(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := admin.Delete(context.WithoutCancel(t.Context()), c); err != nil {
				t.Error(err)
			}
		}()
	}
	p := startIn(t, "payments", clientcmd.RecommendedConfigPathEnvVar+"="+kubeconfig, "WATCH_NAMESPACE=payments")
	defer p.stop(t)
	madeIn(t, "payments", "alone", new(appsv1.StatefulSet))

	other := new(v1alpha1.NamingCluster)
	madeIn(t, "default", "alone", other)
	if other.Status.ObservedGeneration != 0 {
		t.Error("a cluster of another namespace was looked at")
	}
	account, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	operator, err := client.New(account, client.Options{Scheme: admin.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	for namespace, want := range map[string]bool{"payments": true, "default": false} {
		if got := operator.List(t.Context(), new(corev1.PodList), client.InNamespace(namespace)) == nil; got != want {
			t.Errorf("the operator may list pods in %s: %t, want %t", namespace, got, want)
		}
	}
}

func TestAnotherReplicaTakesOver(t *testing.T) {
	first := start(t)
	defer first.stop(t)
	was := holder(t, "")
	second := start(t)
	defer second.stop(t)

	demo := &v1alpha1.NamingCluster{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "default"}}
	if err := admin.Create(t.Context(), demo); err != nil {
		t.Fatal(err)
	}
	made(t, "demo", new(appsv1.StatefulSet))

	first.stop(t)
	holder(t, was)
	lost := new(corev1.Service)
	made(t, "demo-headless", lost)
	if err := admin.Delete(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	made(t, "demo-headless", new(corev1.Service))
}

func TestMetricsAreForThoseWhoMayReadThem(t *testing.T) {
	p := start(t)
	defer p.stop(t)
	page := "https://" + p.metrics + "/metrics"
	trusting := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	wants := func(token string, code int) string {
		t.Helper()
		var body string
		eventually(t, func() error {
			got, text, err := statusOf(t, trusting, page, token)
			if err == nil && got != code {
				err = fmt.Errorf("GET /metrics = %d, want %d", got, code)
			}
			body = text
			return err
		})
		return body
	}

	wants("", http.StatusUnauthorized)
	token := account(t, "monitoring")
	wants(token, http.StatusForbidden)
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "monitoring"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "naming-operator-metrics-reader"},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "default", Name: "monitoring"}},
	}
	if err := admin.Create(t.Context(), binding); err != nil {
		t.Fatal(err)
	}
	if body := wants(account(t, "monitoring"), http.StatusOK); !strings.Contains(body, "controller_runtime_") {
		t.Errorf("metrics = %.200s, want those of the controller", body)
	}
	counted := &v1alpha1.NamingCluster{ObjectMeta: metav1.ObjectMeta{Name: "counted", Namespace: "default"}}
	if err := admin.Create(t.Context(), counted); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if body := wants(account(t, "monitoring"), http.StatusOK); !strings.Contains(body, `type="Ready"`) {
			return fmt.Errorf("no conditions of clusters in %.200s", body)
		}
		return nil
	})
}

// made waits until an object of the cluster exists.
func made(t *testing.T, name string, object client.Object) {
	t.Helper()
	madeIn(t, "default", name, object)
}

func madeIn(t *testing.T, namespace, name string, object client.Object) {
	t.Helper()
	eventually(t, func() error {
		return admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, object)
	})
}

// holder waits until somebody other than the one before holds the lease.
func holder(t *testing.T, before string) string {
	t.Helper()
	var now string
	eventually(t, func() error {
		var l coordinationv1.Lease
		if err := admin.Get(t.Context(), client.ObjectKey{Namespace: "naming-system", Name: lease}, &l); err != nil {
			return err
		}
		if l.Spec.HolderIdentity == nil || *l.Spec.HolderIdentity == "" || *l.Spec.HolderIdentity == before {
			return fmt.Errorf("the lease is with %v, want somebody but %q", l.Spec.HolderIdentity, before)
		}
		now = *l.Spec.HolderIdentity
		return nil
	})
	return now
}

// account makes a ServiceAccount, if it is missing, and returns a token of it.
func account(t *testing.T, name string) string {
	t.Helper()
	a := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
	if err := client.IgnoreAlreadyExists(admin.Create(t.Context(), a)); err != nil {
		t.Fatal(err)
	}
	request := new(authenticationv1.TokenRequest)
	if err := admin.SubResource("token").Create(t.Context(), a, request); err != nil {
		t.Fatal(err)
	}
	return request.Status.Token
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}
