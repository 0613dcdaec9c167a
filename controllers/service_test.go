//go:build envtest

package controllers

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// pairs waits until the client Service has the wanted ports: for HTTP, for
// gRPC, and on nodes for both; zero is any on nodes.
func (f *fixture) pairs(http, grpc, nodeHTTP, nodeGRPC int32) {
	f.t.Helper()
	eventually(f.t, func() error {
		service := new(corev1.Service)
		if err := admin.Get(f.t.Context(), f.key("demo"), service); err != nil {
			return err
		}
		p := service.Spec.Ports
		if len(p) != 2 || p[0].Port != http || p[1].Port != grpc ||
			nodeHTTP != 0 && (p[0].NodePort != nodeHTTP || p[1].NodePort != nodeGRPC) {
			return fmt.Errorf("ports = %+v, want %d and %d, on nodes %d and %d", p, http, grpc, nodeHTTP, nodeGRPC)
		}
		if p[0].TargetPort.IntVal != 8848 || p[1].TargetPort.IntVal != 9848 {
			return fmt.Errorf("ports lead to %v and %v, want 8848 and 9848", p[0].TargetPort, p[1].TargetPort)
		}
		return nil
	})
}

func TestThePortsOfTheServiceStayAPair(t *testing.T) {
	f := create(t, newNamespace(t), func(c *v1alpha1.NamingCluster) { c.Spec.Replicas = new(int32) })
	f.pairs(8848, 9848, 0, 0)
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Service = &v1alpha1.Service{Port: 80} })
	f.pairs(80, 1080, 0, 0)
	f.edit(func(c *v1alpha1.NamingCluster) {
		c.Spec.Service = &v1alpha1.Service{Type: corev1.ServiceTypeNodePort, Port: 80, NodePort: new(int32(30480))}
	})
	f.pairs(80, 1080, 30480, 31480)
	f.edit(func(c *v1alpha1.NamingCluster) {
		c.Spec.Service = &v1alpha1.Service{Type: corev1.ServiceTypeLoadBalancer, NodePort: new(int32(30490))}
	})
	f.pairs(8848, 9848, 30490, 31490)
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Service = nil })
	f.pairs(8848, 9848, 0, 0)
}

func TestTheAddressOfALoadBalancerIsShown(t *testing.T) {
	f := create(t, newNamespace(t), func(c *v1alpha1.NamingCluster) {
		c.Spec.Replicas = new(int32)
		c.Spec.Service = &v1alpha1.Service{Type: corev1.ServiceTypeLoadBalancer}
	})
	f.pairs(8848, 9848, 0, 0)
	service := new(corev1.Service)
	f.get("demo", service)
	before := service.DeepCopy()
	service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "192.0.2.7"}}
	if err := admin.Status().Patch(t.Context(), service, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if e := f.read().Status.Endpoints; e == nil || fmt.Sprint(e.External) != "[192.0.2.7:8848]" {
			return fmt.Errorf("endpoints = %+v, want 192.0.2.7:8848 outside", e)
		}
		return nil
	})
}
