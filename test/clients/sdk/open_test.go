package sdk

import (
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// says is an error with words of others.
type says string

func (s says) Error() string { return string(s) }

func TestUnanswered(t *testing.T) {
	for name, tc := range map[string]struct {
		err  error
		want bool
	}{
		"the SDK connects":                   {says("client not connected, current status:UNHEALTHY"), true},
		"its connection broke":               {status.Error(codes.Unavailable, "error reading from server: EOF"), true},
		"the member has not seen the set-up": {says("Connection is unregistered."), true},
		"the member loads":                   {says("Server is starting,please try later."), true},
		"the member refuses":                 {says("authorization failed!"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Unanswered(fmt.Errorf("register: %w", tc.err)); got != tc.want {
				t.Errorf("Unanswered(%v) = %t, want %t", tc.err, got, tc.want)
			}
		})
	}
}
