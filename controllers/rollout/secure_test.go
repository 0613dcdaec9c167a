package rollout

import "testing"

// Pods as TLS sees them.
var (
	plain   = Speaker{Running: true}
	permits = Speaker{Mounted: true, Same: true, Running: true, Mode: Permissive, Good: true}
	insists = Speaker{Mounted: true, Same: true, Running: true, Mode: Required, Good: true}
	mute    = Speaker{Mounted: true, Same: true, Running: true}
	bad     = Speaker{Mounted: true, Same: true, Running: true, Mode: Permissive}
	waiting = Speaker{Mounted: true, Same: true}
)

// other is s with certificates that are not those that are wanted now.
func other(s Speaker) Speaker { s.Same = false; return s }

func all(s Speaker) []Speaker { return []Speaker{s, s, s} }

// secured are what pods look like, and what comes of it.
var secured = map[string]struct {
	use    Use
	change bool
	told   Mode
}{
	"off stays off": {Use{Exists: true, Same: true, Speakers: all(plain)}, true, Off},
	"a new cluster insists from the start": {
		Use{Wanted: Required, Usable: true}, true, Required,
	},
	"a new cluster waits for its certificates rather than speak plaintext": {
		Use{Wanted: Required}, true, Required,
	},
	"turned on, plaintext is taken at first": {
		Use{Wanted: Required, Usable: true, Exists: true, Speakers: all(plain)}, true, Permissive,
	},
	"without certificates nothing is turned on": {
		Use{Wanted: Required, Exists: true, Speakers: all(plain)}, false, Off,
	},
	"some have certificates": {
		Use{Wanted: Required, Usable: true, Exists: true, Mounted: true, Same: true, Published: Permissive, Speakers: []Speaker{plain, permits, permits}},
		true, Permissive,
	},
	"one that has them does not answer": {
		Use{Wanted: Required, Usable: true, Exists: true, Mounted: true, Same: true, Published: Permissive, Speakers: []Speaker{mute, permits, permits}},
		true, Permissive,
	},
	"one cannot use them": {
		Use{Wanted: Required, Usable: true, Exists: true, Mounted: true, Same: true, Published: Permissive, Speakers: []Speaker{bad, permits, permits}},
		true, Permissive,
	},
	"all have and use them": {
		Use{Wanted: Required, Usable: true, Exists: true, Mounted: true, Same: true, Published: Permissive, Speakers: all(permits)}, true, Required,
	},
	"one that does not run yet is no obstacle": {
		Use{Wanted: Required, Usable: true, Exists: true, Mounted: true, Same: true, Published: Permissive, Speakers: []Speaker{waiting, permits, permits}},
		true, Required,
	},
	"nobody is wanted": {
		Use{Wanted: Required, Usable: true, Exists: true, Mounted: true, Same: true, Published: Permissive}, true, Required,
	},
	"one that falls silent later opens nothing": {
		Use{Wanted: Required, Usable: true, Exists: true, Mounted: true, Same: true, Published: Required, Speakers: []Speaker{mute, insists, insists}},
		true, Required,
	},
	"certificates that are bad later open nothing": {
		Use{Wanted: Required, Exists: true, Mounted: true, Same: true, Published: Required, Speakers: all(insists)}, true, Required,
	},
	"one without certificates comes back": {
		Use{Wanted: Required, Usable: true, Exists: true, Mounted: true, Same: true, Published: Required, Speakers: []Speaker{plain, insists, insists}},
		true, Permissive,
	},
	"permissive is switched at once": {
		Use{Wanted: Permissive, Usable: true, Exists: true, Mounted: true, Same: true, Published: Required, Speakers: all(insists)}, true, Permissive,
	},
	"turned off, nobody may insist first": {
		Use{Exists: true, Mounted: true, Published: Required, Speakers: other3(insists)}, false, Permissive,
	},
	"turned off, one still insists": {
		Use{Exists: true, Mounted: true, Published: Permissive, Speakers: []Speaker{other(insists), other(permits), other(permits)}}, false, Permissive,
	},
	"turned off, one does not answer": {
		Use{Exists: true, Mounted: true, Published: Permissive, Speakers: []Speaker{other(mute), other(permits), other(permits)}}, false, Permissive,
	},
	"turned off, nobody insists": {
		Use{Exists: true, Mounted: true, Published: Permissive, Speakers: other3(permits)}, true, Permissive,
	},
	"turned off, some have no certificates any more": {
		Use{Exists: true, Same: true, Published: Permissive, Speakers: []Speaker{other(permits), plain, plain}}, true, Permissive,
	},
	"other certificates for members wait until nobody insists": {
		Use{Wanted: Required, Usable: true, Exists: true, Mounted: true, Peers: true, Published: Required, Speakers: other3(insists)}, false, Permissive,
	},
	"other certificates for members come while nobody insists": {
		Use{Wanted: Required, Usable: true, Exists: true, Mounted: true, Peers: true, Published: Permissive, Speakers: other3(permits)}, true, Permissive,
	},
	"other certificates for members mix": {
		Use{
			Wanted: Required, Usable: true, Exists: true, Mounted: true, Same: true, Peers: true, Published: Permissive,
			Speakers: []Speaker{permits, other(permits), other(permits)},
		}, true, Permissive,
	},
	"other certificates for clients open nothing": {
		Use{Wanted: Required, Usable: true, Exists: true, Mounted: true, Published: Required, Speakers: other3(insists)}, true, Required,
	},
	"other certificates that are bad replace nothing": {
		Use{Wanted: Required, Exists: true, Mounted: true, Peers: true, Published: Required, Speakers: other3(insists)}, false, Required,
	},
	"bad ones that members mount can be replaced": {
		Use{Wanted: Required, Usable: true, Exists: true, Mounted: true, Peers: true, Published: Permissive, Speakers: other3(bad)}, true, Permissive,
	},
}

func TestSecure(t *testing.T) {
	for name, tc := range secured {
		t.Run(name, func(t *testing.T) {
			change, told := tc.use.Secure()
			if change != tc.change || told != tc.told {
				t.Errorf("Secure = %t, %q, want %t, %q", change, told, tc.change, tc.told)
			}
		})
	}
}

func other3(s Speaker) []Speaker { return all(other(s)) }
