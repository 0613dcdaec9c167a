package nacosgrpc

import (
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// A client that acknowledges no push for long is closed, not one that does now
// and then.
func TestDeafClientIsClosed(t *testing.T) {
	s := start(t, func(c *Config) { c.AnswerWithin, c.DeafAfter = time.Millisecond, time.Nanosecond })
	connect(t, s.sdk, namingSetup)
	session := s.open.all()[0]
	unheard := session.deliverer("")(t.Context(), &naming.View{})
	if unheard == nil {
		t.Fatal("a push that nobody acknowledged was delivered")
	}
	session.pushed(nil)
	session.pushed(unheard)
	if s.Clients() != 1 {
		t.Fatal("closed at the first push that was not acknowledged")
	}
	session.pushed(unheard)
	<-session.done
}
