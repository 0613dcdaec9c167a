package nacosv1

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

var start = time.Unix(1_700_000_000, 0)

// due does what is due as link does, and returns it in words. The other member
// knows what it was told, and answers as fails says.
func due(h *handover, now time.Time, fails error) (out []string) {
	for p, t := range h.take(now, 100, time.Minute) {
		verb := "register "
		switch {
		case t.ended:
			verb = "deregister "
		case t.told:
			verb = "beat for "
		}
		out = append(out, verb+p.IP)
		h.done(now, p, t, true, fails, DefaultConfig())
	}
	slices.Sort(out)
	return out
}

func TestHandover(t *testing.T) {
	heavy := instance("1")
	heavy.Weight = 7
	none := naming.Own{}
	held := func(list ...naming.Instance) naming.Own { return naming.Own{Held: list} }
	beats := func(list ...naming.Instance) naming.Own { return naming.Own{Beats: list} }
	tests := map[string]struct {
		before, after naming.Own
		want          []string // at once
		later         []string // when beats are due
	}{
		"what a connection publishes":          {none, held(instance("1")), []string{"register 1"}, []string{"beat for 1"}},
		"what it goes on to publish":           {held(instance("1")), held(instance("1")), nil, []string{"beat for 1"}},
		"what it publishes otherwise":          {held(instance("1")), held(heavy), []string{"register 1"}, []string{"beat for 1"}},
		"what it publishes no more":            {held(instance("1")), none, []string{"deregister 1"}, nil},
		"what a client that beats publishes":   {none, beats(instance("1")), []string{"register 1"}, []string{"beat for 1"}},
		"what it publishes no more, it said":   {beats(instance("1")), none, nil, nil},
		"a client that moved to a connection":  {beats(instance("1")), held(instance("1")), nil, []string{"beat for 1"}},
		"one instance that follows another":    {held(instance("1")), held(instance("2")), []string{"deregister 1", "register 2"}, []string{"beat for 2"}},
		"a connection beside a client by beat": {none, naming.Own{Held: []naming.Instance{heavy}, Beats: []naming.Instance{instance("1")}}, []string{"register 1"}, []string{"beat for 1"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHandover()
			h.update(start, web, tc.before)
			due(&h, start, nil)
			h.update(start, web, tc.after)
			if diff := cmp.Diff(tc.want, due(&h, start, nil)); diff != "" {
				t.Errorf("at once (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.later, due(&h, start.Add(5*time.Second), nil)); diff != "" {
				t.Errorf("later (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHandoverIsTriedAgain(t *testing.T) {
	h := newHandover()
	h.update(start, web, naming.Own{Held: []naming.Instance{instance("1")}})
	failed := errors.New("no answer")
	now := start
	for _, pause := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second} {
		if got := due(&h, now, failed); len(got) != 1 {
			t.Fatalf("due %v after %v, want the registration again", got, now.Sub(start))
		}
		if got := due(&h, now.Add(pause-time.Millisecond), failed); len(got) != 0 {
			t.Errorf("due %v before %v have passed", got, pause)
		}
		now = now.Add(pause)
	}
	h.leave(web)
	if got := due(&h, now, nil); len(got) != 0 {
		t.Errorf("due %v in a service that it does not own any more", got)
	}
}

func TestHandoverOfWhatWasForgotten(t *testing.T) {
	h := newHandover()
	h.update(start, web, naming.Own{Held: []naming.Instance{instance("1")}})
	due(&h, start, nil)
	later := start.Add(5 * time.Second)
	for p, task := range h.take(later, 1, time.Minute) {
		h.done(later, p, task, false, nil, DefaultConfig()) // a beat of an unknown instance
	}
	if got := due(&h, later, nil); !slices.Equal(got, []string{"register 1"}) {
		t.Errorf("due %v, want the registration again at once", got)
	}
}

func TestBeatsFollowTheInstance(t *testing.T) {
	tests := map[string]time.Duration{"": 5 * time.Second, "2000": 2 * time.Second, "10": time.Second, "60000": 5 * time.Second}
	for text, want := range tests {
		i := instance("1")
		if text != "" {
			i.Metadata = map[string]string{"preserved.heart.beat.interval": text}
		}
		if got := beatEvery(i, DefaultConfig()); got != want {
			t.Errorf("every %v for %q, want %v", got, text, want)
		}
	}
}

// TestRefusalsForWantOfAnIdentityAreLoggedOnce until a call succeeds: they do not end
// by themselves, and the log says what to set.
func TestRefusalsForWantOfAnIdentityAreLoggedOnce(t *testing.T) {
	var said []string
	log := funcr.New(func(_, args string) { said = append(said, args) }, funcr.Options{})
	l := newLink(&Exchange{cfg: Config{Log: log}}, old)
	refused := fmt.Errorf("%w: answered 403", errForbidden)
	for _, err := range []error{errors.New("no answer"), refused, refused, nil, refused} {
		l.note(place{ServiceKey: web}, err)
	}
	if len(said) != 2 || !strings.Contains(said[0], "nacos.core.auth.server.identity.key") {
		t.Errorf("logged %q, want what to set, twice", said)
	}
}
