//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// load is a set of SDK clients that go on registering while something happens.
type load struct {
	service string
	helper  *helper
	token   string // of a user who may read, where auth is on
}

// grow starts three clients that come through the client Service and register
// an instance every tenth of a second between them.
func grow(t *testing.T, service string) *load {
	t.Helper()
	return &load{service: service, helper: startHelper(t, "grow", "-service", service, "-member", serviceAddress(t), "-clients", "3")}
}

// settle ends the growth and waits until each of the members lists all that
// was acknowledged, and nothing else.
func (l *load) settle(t *testing.T, on ...string) {
	t.Helper()
	_ = l.helper.cmd.Process.Signal(os.Interrupt) // if it has ended, there is no number to be found
	grown := 0
	eventually(t, "the clients say how many they registered", func(context.Context) error {
		_, rest, found := strings.Cut(l.helper.said(), "grown ")
		if !found {
			return notYet("they said: %s", l.helper.said())
		}
		var err error
		grown, err = strconv.Atoi(strings.TrimSpace(rest))
		return err
	})
	for _, member := range on {
		eventually(t, member+" lists all that was acknowledged", func(ctx context.Context) error {
			if list, err := listed(ctx, member, l.service, l.token); err != nil || len(list) != grown {
				return notYet("it lists %d of %d: %w", len(list), grown, err)
			}
			return nil
		})
	}
	t.Logf("%d registrations were acknowledged and are listed by %d members:\n%s", grown, len(on), l.helper.said())
	l.helper.finish(t)
}

var plain = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// listed returns the endpoints that a member lists for a service, to whoever shows
// the token; where auth is off it may be "".
func listed(ctx context.Context, member, service, token string) ([]string, error) {
	var answer struct {
		Hosts []struct {
			IP   string
			Port int
		}
	}
	query := url.Values{"serviceName": {service}, "accessToken": {token}}
	err := read(ctx, "http://"+member+listPath+"?"+query.Encode(), &answer)
	var list []string
	for _, h := range answer.Hosts {
		list = append(list, net.JoinHostPort(h.IP, strconv.Itoa(h.Port)))
	}
	slices.Sort(list)
	return list, err
}

// read gets a JSON document into the given place, or nothing into nil.
func read(ctx context.Context, at string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	response, err := plain.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return notYet("%s: %s", at, response.Status)
	}
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fmt.Errorf("read %s: %w", at, err)
	}
	return nil
}

// addresses returns where all members serve.
func addresses(t *testing.T) []string {
	t.Helper()
	return addressesOf(t, demo, members)
}
