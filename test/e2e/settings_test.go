//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestWhatIsSetByTheAPIOutlivesEveryPod sets a weight, takes an instance out and
// protects the service at one member, and then has every pod replaced. A subscriber
// must see the same lists all the time.
func TestWhatIsSetByTheAPIOutlivesEveryPod(t *testing.T) {
	t.Parallel()
	key := client.ObjectKey{Namespace: "settings", Name: "three"}
	found(t, key, members, nil)
	service, all := serviceOf(t, key), addressesOf(t, key, members)
	holder := startHelper(t, "hold", "-service", "set", "-member", service, "-count", "4", "-clients", "2")
	requireListed(t, "set", 4, all...) // only who knows an instance can change it

	first := url.Values{"serviceName": {"set"}, "ip": {"192.0.2.1"}, "port": {"10000"}}
	heavy, out, settings := maps.Clone(first), maps.Clone(first), url.Values{"serviceName": {"set"}, "protectThreshold": {"0.5"}}
	heavy.Set("weight", "2.5")
	out.Set("ip", "192.0.2.2")
	out.Set("enabled", "false")
	requireAnswer(t, all[0], http.MethodPatch, instancePath, heavy, http.StatusOK, "ok")
	requireAnswer(t, all[0], http.MethodPatch, instancePath, out, http.StatusOK, "ok")
	requireAnswer(t, all[0], http.MethodPut, servicePath, settings, http.StatusOK, "ok")
	for _, m := range all {
		requireSet(t, m)
	}

	watcher := startHelper(t, "watch", "-service", "set", "-member", service, "-count", "3")
	before := uidsOf(t, key, members)
	kubectl(t, "-n", key.Namespace, "annotate", "nmc", key.Name, "kubectl.kubernetes.io/restartedAt="+time.Now().Format(time.RFC3339))
	eventually(t, "every pod is another one", func(ctx context.Context) error {
		var pods corev1.PodList
		if err := k8s.List(ctx, &pods, client.InNamespace(key.Namespace)); err != nil {
			return err
		}
		old := func(p corev1.Pod) bool { return slices.Contains(before, p.UID) }
		if len(pods.Items) != members || slices.ContainsFunc(pods.Items, old) {
			return notYet("there are %d pods, and old ones among them: %t", len(pods.Items), slices.ContainsFunc(pods.Items, old))
		}
		return nil
	})
	settle(t, key, members)
	for _, m := range addressesOf(t, key, members) {
		requireSet(t, m)
	}
	watcher.finish(t)
	holder.finish(t)
	for _, wrong := range []string{" +192.0.2.1:10000\n", " +192.0.2.1:10000 ", "192.0.2.2"} {
		if strings.Contains(watcher.said(), wrong) {
			t.Errorf("the subscriber was shown %q meanwhile:\n%s", wrong, watcher.said())
		}
	}
}

// requireSet waits until a member shows what was set.
func requireSet(t *testing.T, member string) {
	t.Helper()
	eventually(t, member+" shows what was set", func(ctx context.Context) error {
		var list struct {
			Hosts []struct {
				IP     string
				Weight float64
			}
		}
		if err := read(ctx, "http://"+member+listPath+"?serviceName=set", &list); err != nil {
			return err
		}
		weights := map[string]float64{}
		for _, h := range list.Hosts {
			weights[h.IP] = h.Weight
		}
		if want := map[string]float64{"192.0.2.1": 2.5, "192.0.2.3": 1, "192.0.2.4": 1}; !maps.Equal(weights, want) {
			return notYet("it lists %v, want %v", weights, want)
		}
		var service struct{ ProtectThreshold json.Number }
		if err := read(ctx, "http://"+member+servicePath+"?serviceName=set", &service); err != nil || service.ProtectThreshold != "0.5" {
			return notYet("the threshold is %s: %w", service.ProtectThreshold, err)
		}
		return nil
	})
}
