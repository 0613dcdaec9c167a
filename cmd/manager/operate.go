package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/go-logr/logr"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers"
	"github.com/distro-naming/naming-operator/controllers/census"
	"github.com/distro-naming/naming-operator/controllers/probe"
)

const (
	lease    = "naming-operator.naming.distro.io"
	reporter = "naming-operator" // of events

	// memberAdminPort is where members answer questions about themselves.
	memberAdminPort = 8080
)

// operate runs the operator until ctx ends. It gives the lease back on the
// way out, so that another replica takes over at once.
func operate(ctx context.Context, o options, stdout io.Writer) error {
	log := newLog(o.logLevel, stdout)
	ctrl.SetLogger(log)

	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("find the API server: run in a pod, or set KUBECONFIG: %w", err)
	}
	settings, err := o.manager()
	if err != nil {
		return err
	}
	mgr, err := ctrl.NewManager(config, settings)
	if err != nil {
		return fmt.Errorf("make manager: %w", err)
	}
	reconciler := &controllers.Reconciler{
		Client: mgr.GetClient(),
		Live:   mgr.GetAPIReader(),
		Prober: probe.New(memberAdminPort),
		Events: mgr.GetEventRecorder(reporter),
		Image:  o.sidecarImage,
		Now:    time.Now,
		Random: rand.Reader,
		Domain: o.clusterDomain,
	}
	if err := reconciler.SetupWithManager(ctx, mgr); err != nil {
		return err
	}
	if err := metrics.Registry.Register(census.New(mgr.GetCache())); err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	if err := errors.Join(mgr.AddHealthzCheck("alive", healthz.Ping), mgr.AddReadyzCheck("ready", healthz.Ping)); err != nil {
		return fmt.Errorf("add health checks: %w", err)
	}
	log.Info("Starting", "version", version, "sidecarImage", o.sidecarImage, "watchNamespaces", o.namespaces())
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("run manager: %w", err)
	}
	log.Info("Stopped")
	return nil
}

// manager translates the command line for controller-runtime.
func (o options) manager() (ctrl.Options, error) {
	scheme := k8sruntime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return ctrl.Options{}, fmt.Errorf("build scheme: %w", err)
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return ctrl.Options{}, fmt.Errorf("build scheme: %w", err)
	}
	caching, err := controllers.CacheOptions(o.namespaces()...)
	if err != nil {
		return ctrl.Options{}, err
	}
	serving := metricsserver.Options{BindAddress: o.metricsAddress, SecureServing: o.metricsSecure}
	if o.metricsSecure {
		serving.FilterProvider = filters.WithAuthenticationAndAuthorization
	}
	return ctrl.Options{
		Scheme:                        scheme,
		Cache:                         caching,
		Metrics:                       serving,
		HealthProbeBindAddress:        o.healthAddress,
		LeaderElection:                o.leaderElect,
		LeaderElectionID:              lease,
		LeaderElectionNamespace:       o.leaderSpace,
		LeaderElectionReleaseOnCancel: true, // nothing runs after the manager has stopped
	}, nil
}

// levels maps the words of --log-level.
var levels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "error": slog.LevelError}

// newLog writes one JSON object a line, as the sidecar does.
func newLog(level string, out io.Writer) logr.Logger {
	return logr.FromSlogHandler(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: levels[level]}))
}
