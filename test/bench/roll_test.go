package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestListsAreShortWithoutWhoIsToBeListed(t *testing.T) {
	tests := map[string]struct {
		hosts []int // one below zero is not healthy
		now   time.Duration
		back  time.Duration // of client 2
		want  lists
	}{
		"all are listed":                         {[]int{0, 2}, time.Minute, time.Second, lists{pushed: 1}},
		"one that came back is not":              {[]int{0}, time.Minute, time.Second, lists{pushed: 1, short: 1}},
		"one that came back is unhealthy":        {[]int{0, -2}, time.Minute, time.Second, lists{pushed: 1, short: 1}},
		"one is not that may yet come back":      {[]int{0}, 20 * time.Second, 0, lists{pushed: 1, short: 1}},
		"one is not that needed too long":        {[]int{0}, time.Minute, 40 * time.Second, lists{pushed: 1, late: 1}},
		"one is not that has not come back":      {[]int{0}, time.Minute, 0, lists{pushed: 1, late: 1}},
		"one of another service does not matter": {[]int{0, 2, 1}, time.Minute, time.Second, lists{pushed: 1}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRoll(4, 2)
			for i, back := range []time.Duration{time.Second, time.Second, tc.back, time.Second} {
				r.back[i].Store(int64(back))
			}
			hosts := make([]string, len(tc.hosts))
			for i, h := range tc.hosts {
				hosts[i] = instance(max(h, -h), 8080, "herd")
				if h < 0 {
					hosts[i] = strings.Replace(hosts[i], `"healthy":true`, `"healthy":false`, 1)
				}
			}
			body := fmt.Sprintf(`{"serviceInfo":{"name":%q,"hosts":[%s]}}`, serviceName(0), strings.Join(hosts, ","))
			if err := r.look(tc.now, []byte(body)); err != nil {
				t.Fatal(err)
			}
			if tc.want.short > 0 && !strings.Contains(r.seen.example, address(2)) {
				t.Errorf("told %q, want %s in it", r.seen.example, address(2))
			}
			if r.seen.example = ""; r.seen != tc.want {
				t.Errorf("%+v, want %+v", r.seen, tc.want)
			}
		})
	}
}
