package rollout

import "slices"

// Mode is how members insist on TLS; the zero Mode is off.
type Mode string

// The modes.
const (
	Off        Mode = ""
	Permissive Mode = "Permissive" // plaintext is taken as well
	Required   Mode = "Required"
)

// Use is what one pass has seen of TLS between members, or of that for clients.
//
// Laws, each with a test: members are told to insist on TLS only when all of them
// have it and use it; certificates come, go and are exchanged for others only
// while nobody insists on them; certificates that cannot be used replace nothing.
type Use struct {
	Wanted    Mode
	Usable    bool // the certificates that are wanted exist and are good
	Exists    bool // the set of pods exists
	Mounted   bool // its template mounts certificates
	Same      bool // its template mounts what is wanted, which may be nothing
	Peers     bool // the pods show certificates to each other, so different ones do not mix
	Published Mode // what pods are told
	Speakers  []Speaker
}

// Speaker is what is known about one pod.
type Speaker struct {
	Mounted bool // it mounts certificates
	Same    bool // it mounts those that are wanted
	Running bool // it may be talking to others
	Mode    Mode // that it says to follow; Off while it is silent
	Good    bool // it says that it uses what it mounts
}

// Secure says whether new pods are to mount what is wanted, rather than what the
// set's template mounts, and what all pods are to be told.
func (u Use) Secure() (change bool, told Mode) {
	if !u.Exists {
		return true, u.Wanted // nobody is there to be cut off
	}
	anybody := u.Mounted || slices.ContainsFunc(u.Speakers, func(s Speaker) bool { return s.Mounted })
	switch {
	case u.Wanted == Off && !anybody:
		return true, Off
	case u.Wanted != Off && !u.Usable && !u.Same:
		return false, u.Published
	case u.Wanted != Required || !u.uniform():
		return u.Same || u.lenient(), Permissive
	case u.Published == Required || u.spoken():
		return true, Required
	}
	return true, Permissive
}

// uniform reports whether all pods have certificates, and new ones will, that
// make them understand each other.
func (u Use) uniform() bool {
	if !u.Peers {
		return !slices.ContainsFunc(u.Speakers, func(s Speaker) bool { return !s.Mounted }) && u.Mounted
	}
	return !slices.ContainsFunc(u.Speakers, func(s Speaker) bool { return !s.Same }) && u.Same
}

// spoken reports whether every pod that runs uses its certificates.
func (u Use) spoken() bool {
	return !slices.ContainsFunc(u.Speakers, func(s Speaker) bool { return s.Running && !s.Good })
}

// lenient reports whether nobody is known to insist on certificates, or could
// without our knowledge.
func (u Use) lenient() bool {
	return !slices.ContainsFunc(u.Speakers, func(s Speaker) bool { return s.Mounted && s.Running && s.Mode != Permissive })
}
