package reach

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/httpstream" //nolint:staticcheck // portforward takes its types
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"

	"github.com/distro-naming/naming-operator/controllers/resources"
)

// Forwarder opens a way to the admin port of a pod and returns its URL. stop
// closes it.
type Forwarder func(ctx context.Context, pod string) (base string, stop func(), err error)

// forwarder forwards ports of this host's loopback as kubectl port-forward does.
func forwarder(config *rest.Config, kube kubernetes.Interface, namespace string) Forwarder {
	return func(ctx context.Context, pod string) (string, func(), error) {
		dialer, err := dialer(config, kube, namespace, pod)
		if err != nil {
			return "", nil, fmt.Errorf("forward a port of %s: %w", pod, err)
		}
		stop, ready, failed := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		ports := []string{fmt.Sprintf("0:%d", resources.AdminPort)}
		forward, err := portforward.NewOnAddresses(dialer, []string{"127.0.0.1"}, ports, stop, ready, io.Discard, io.Discard)
		if err != nil {
			return "", nil, fmt.Errorf("forward a port of %s: %w", pod, err)
		}
		go func() { failed <- forward.ForwardPorts() }()
		select {
		case err := <-failed:
			return "", nil, forwardError(pod, err)
		case <-ctx.Done():
			close(stop)
			return "", nil, fmt.Errorf("forward a port of %s: %w", pod, context.Cause(ctx))
		case <-ready:
		}
		opened, err := forward.GetPorts()
		if err != nil || len(opened) == 0 {
			close(stop)
			return "", nil, fmt.Errorf("forward a port of %s: %w", pod, err)
		}
		return fmt.Sprintf("http://127.0.0.1:%d", opened[0].Local), func() { close(stop) }, nil
	}
}

// dialer speaks WebSocket, and SPDY to API servers before 1.31.
func dialer(config *rest.Config, kube kubernetes.Interface, namespace, pod string) (httpstream.Dialer, error) {
	url := kube.CoreV1().RESTClient().Post().Namespace(namespace).Resource("pods").Name(pod).SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	old := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, url)
	fresh, err := portforward.NewSPDYOverWebsocketDialer(url, config)
	if err != nil {
		return nil, err
	}
	return portforward.NewFallbackDialer(fresh, old, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	}), nil
}

func forwardError(pod string, err error) error {
	if apierrors.IsForbidden(err) || err != nil && strings.Contains(err.Error(), "orbidden") {
		return fmt.Errorf("you may not forward ports of %s: you need the right to create pods/portforward: %w", pod, err)
	}
	return fmt.Errorf("forward a port of %s: %w", pod, err)
}
