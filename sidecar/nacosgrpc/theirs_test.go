package nacosgrpc

import (
	"context"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// TestAnswersOfPeersAreReadAsTheProtocolNeeds: a change is delivered only when
// its receiver says so in both codes, and a verdict on a record is only one that
// is given in kind.
func TestAnswersOfPeersAreReadAsTheProtocolNeeds(t *testing.T) {
	typed := func(result, err int) func() (*nacospb.Payload, error) {
		return func() (*nacospb.Payload, error) {
			return wire.Payload(wire.DistroDataResponse, wire.Failure(result, err, "no", "")), nil
		}
	}
	tests := map[string]struct {
		answer    func() (*nacospb.Payload, error)
		delivered bool // a change or its end
		different bool // a verdict on a mark
		verdict   bool
	}{
		"200":                            {func() (*nacospb.Payload, error) { return accepted, nil }, true, false, true},
		"200 with an error code":         {typed(200, 500), false, true, true},
		"a typed 500":                    {typed(500, 500), false, true, true},
		"a typed 500 for want of rights": {typed(500, 403), false, false, false},
		"an ErrorResponse":               {func() (*nacospb.Payload, error) { return wire.Error(500, 500, "no"), nil }, false, false, false},
		"UNAVAILABLE": {
			func() (*nacospb.Payload, error) { return nil, status.Error(codes.Unavailable, "no") }, false, false, false,
		},
		"an answer of another kind": {func() (*nacospb.Payload, error) { return healthy, nil }, false, false, false},
		"what is no JSON": {
			func() (*nacospb.Payload, error) { return wire.Payload(wire.DistroDataResponse, []byte("{")), nil }, false, false, false,
		},
	}
	java := startJava(t, "2.5.1")
	p, _ := meeting(t, java)
	r := someRecord(theirs, 3)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			java.answer(wire.DistroDataRequest, tc.answer)
			if err := p.Send(t.Context(), selfAddress, r); (err == nil) != tc.delivered {
				t.Errorf("a change: %v, want it delivered: %v", err, tc.delivered)
			}
			if err := p.Drop(t.Context(), selfAddress, r.Client, 3); (err == nil) != tc.delivered {
				t.Errorf("an end: %v, want it delivered: %v", err, tc.delivered)
			}
			different, err := p.Verify(t.Context(), selfAddress, []naming.Mark{r.Mark()})
			if (err == nil) != tc.verdict || slices.Contains(different, r.Client) != tc.different {
				t.Errorf("verified: %v, %v, want a verdict: %v, different: %v", different, err, tc.verdict, tc.different)
			}
		})
	}
}

func TestPeerThatDoesNotAnswerIsNotWaitedForForEver(t *testing.T) {
	java := startJava(t, "2.5.1")
	p, routes := tuned(t, map[member.Address]string{selfAddress: java.at}, func(c *PeersConfig) { c.CallWithin = 100 * time.Millisecond })
	p.SetPeers([]member.Address{selfAddress})
	if !routes.met() {
		t.Fatal("not reached")
	}
	released := make(chan struct{})
	t.Cleanup(func() { close(released) })
	java.answer(wire.DistroDataRequest, func() (*nacospb.Payload, error) { <-released; return accepted, nil })
	if err := p.Send(t.Context(), selfAddress, someRecord(theirs, 3)); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("Send: %v, want %v", err, context.DeadlineExceeded)
	}
}

// TestReportsThatPeersAnswerOtherwiseAreFailures: the state of a member follows
// from these (package membership counts them).
func TestReportsThatPeersAnswerOtherwiseAreFailures(t *testing.T) {
	tests := map[string]func() (*nacospb.Payload, error){
		"a typed 500": func() (*nacospb.Payload, error) {
			return wire.Payload(wire.MemberReportResponse, wire.Failure(500, 400, "no", "")), nil
		},
		"200 without a node": func() (*nacospb.Payload, error) {
			return wire.Payload(wire.MemberReportResponse, wire.Success()), nil
		},
		"an ErrorResponse": func() (*nacospb.Payload, error) { return wire.Error(500, 500, "no"), nil },
		"UNAVAILABLE":      func() (*nacospb.Payload, error) { return nil, status.Error(codes.Unavailable, "no") },
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			java := startJava(t, "2.5.1")
			_, routes := meeting(t, java)
			java.answer(wire.MemberReportRequest, answer)
			if !routes.until(func() bool { return len(routes.failed) > 1 }) {
				t.Fatal("no failures")
			}
			java.answer(wire.MemberReportRequest, nil)
			met := routes.reachedNow()
			if !routes.until(func() bool { return routes.reached[selfAddress] > met }) {
				t.Error("not reached again after a good answer")
			}
		})
	}
}
