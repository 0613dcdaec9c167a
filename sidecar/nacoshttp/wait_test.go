package nacoshttp

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// ownerSaying starts a server that always answers one status, and returns where.
func ownerSaying(t *testing.T, status int) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// TestListenersOfConfigurationWait for as long as they ask, within a limit.
func TestListenersOfConfigurationWait(t *testing.T) {
	tests := map[string]struct {
		timeout, noHangup string
		want              time.Duration
	}{
		"as long as is asked":  {"10000", "", 9500 * time.Millisecond},
		"not for ever":         {"9999999", "", longestWait},
		"not without a header": {"", "", 0},
		"not the first time":   {"30000", "true", 0},
		"not for a wrong one":  {"soon", "", 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := New(DefaultConfig(), Deps{})
				r := httptest.NewRequestWithContext(t.Context(), post, "/nacos/v1/cs/configs/listener", nil)
				r.Header.Set("Long-Pulling-Timeout", tc.timeout)
				r.Header.Set("Long-Pulling-Timeout-No-Hangup", tc.noHangup)
				began := time.Now()
				_, err := h.listen(r, request{form: wire.Form{"Listening-Configs": "a\x02b\x02\x01"}})
				if waited := time.Since(began); err != nil || waited != tc.want {
					t.Errorf("answered after %s, %v, want %s", waited, err, tc.want)
				}
			})
		})
	}
}

func TestListenersAreLetGoWhenTheMemberLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(DefaultConfig(), Deps{})
		r := httptest.NewRequestWithContext(t.Context(), post, "/nacos/v1/cs/configs/listener", nil)
		r.Header.Set("Long-Pulling-Timeout", "30000")
		began, done := time.Now(), make(chan struct{})
		go func() {
			defer close(done)
			if _, err := h.listen(r, request{form: wire.Form{"Listening-Configs": "a\x02b\x02\x01"}}); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		h.Drain()
		<-done
		if waited := time.Since(began); waited != 0 {
			t.Errorf("let go after %s", waited)
		}
	})
}
