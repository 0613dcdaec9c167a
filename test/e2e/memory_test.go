//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// starve fills the registry beyond the memory that it then allows members: the
// first that is replaced loads it from the other, and the kernel kills it.
func starve(t *testing.T, key client.ObjectKey) {
	t.Helper()
	fill(t, podOf(t, key, 1).Status.PodIP+":8848", 12000)
	patch(`{"spec":{"resources":{"requests":{"cpu":"10m","memory":"16Mi"},"limits":{"memory":"16Mi"}}}}`)(t, key)
}

// fill registers n instances, each a client of its own with as much metadata as
// is allowed, that nobody has to beat for in the next hour.
func fill(t *testing.T, member string, n int) {
	t.Helper()
	keep := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 8, MaxIdleConnsPerHost: 8}}
	defer keep.CloseIdleConnections()
	todo, failed := make(chan int), make(chan error, 8)
	var workers sync.WaitGroup
	for range cap(failed) {
		workers.Go(func() {
			for i := range todo {
				if err := registerLarge(t.Context(), keep, member, i); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	go func() {
		defer close(todo)
		for i := range n {
			select {
			case todo <- i:
			case <-t.Context().Done():
				return
			}
		}
	}()
	workers.Wait()
	select {
	case err := <-failed:
		t.Fatal(err)
	default:
	}
}

func registerLarge(ctx context.Context, c *http.Client, member string, i int) error {
	metadata := fmt.Sprintf(`{"preserved.heart.beat.timeout":"3600000","preserved.ip.delete.timeout":"3600000","a":"%0850d"}`, i)
	form := url.Values{
		"serviceName": {"large"}, "ip": {fmt.Sprintf("192.0.2.%d", 1+i%250)}, "port": {fmt.Sprint(1 + i/250)}, "metadata": {metadata},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+member+"/nacos/v1/ns/instance", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := c.Do(request)
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK {
		return notYet("register instance %d: %s, %w", i, answer.Status, err)
	}
	return nil
}
