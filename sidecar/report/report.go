// Package report is what a member says about itself: the JSON of GET
// /v1/status on the admin port, written by the sidecar and read by the
// operator, the console and kubectl. It holds counts and digests, never
// registry data, so that it can be polled every few seconds.
package report

import (
	"slices"
	"time"
)

// Report is one member's view of itself and its peers at one moment.
type Report struct {
	Member         string    `json:"member"`                   // its address, host:port
	Epoch          int64     `json:"epoch"`                    // incarnation: Unix milliseconds of its start
	Version        string    `json:"version"`                  // of the program
	Generation     int64     `json:"generation"`               // of the member list in use
	Fault          string    `json:"fault,omitempty"`          // why the newest member list was refused; empty while it is in use
	Loaded         bool      `json:"loaded"`                   // the start-up load is complete
	Draining       bool      `json:"draining"`                 // it is leaving
	Digest         string    `json:"digest"`                   // 32 hex digits over all records; equal registries, equal digests
	SettingsDigest string    `json:"settingsDigest,omitempty"` // the same over what is set by the API; absent from earlier versions
	Connections    int       `json:"connections"`              // clients connected to this member over gRPC
	Clients        int       `json:"clients"`                  // clients that publish something, own and replicated
	Owned          int       `json:"owned"`                    // of those, owned by this member
	Services       int       `json:"services"`                 // services with at least one instance
	Instances      int       `json:"instances"`                // instances listed, after removal of duplicates
	Braked         int       `json:"braked"`                   // services of which lost instances are held as unhealthy
	Pending        int       `json:"pending"`                  // changes not yet acknowledged by some peer
	Peers          []Peer    `json:"peers"`                    // in order of address
	TLS            *TLS      `json:"tls,omitempty"`            // absent while it is off
	Auth           *Auth     `json:"auth,omitempty"`           // the same
	Time           time.Time `json:"time"`                     // when the report was made, UTC
}

// Peer is what a member believes about another.
type Peer struct {
	Member    string `json:"member"`              // its address, host:port
	State     string `json:"state"`               // UP, SUSPICIOUS, DOWN or DRAINING
	Address   string `json:"address,omitempty"`   // the IP last used to reach it
	Transport string `json:"transport,omitempty"` // how it is told changes: stream, v2 or v1; empty while it cannot be
	Pending   int    `json:"pending"`             // changes it has not acknowledged
	Error     string `json:"error,omitempty"`     // the last failure, empty while all is well
}

// TLS is how connections are protected, for each use that has certificates.
type TLS struct {
	Members *TLSUse `json:"members,omitempty"`
	Clients *TLSUse `json:"clients,omitempty"`
}

// TLSUse is how TLS stands for one use.
type TLSUse struct {
	Mode      string     `json:"mode"`               // Permissive or Required
	NotAfter  *time.Time `json:"notAfter,omitempty"` // when the certificate in use expires, UTC; absent without one
	Issuer    string     `json:"issuer,omitempty"`   // SHA-256 of the first certificate in the bundle of authorities, hex
	Fault     string     `json:"fault,omitempty"`    // what is wrong with the files, and the way out
	Plaintext int        `json:"plaintext"`          // connections that are open here and plaintext
}

// Auth is how rights are insisted on, and by which files.
type Auth struct {
	Mode     string `json:"mode"`            // Permissive or Required
	Members  string `json:"members"`         // of members that prove themselves, the same
	Revision string `json:"revision"`        // of the files in use: equal where they are
	Users    int    `json:"users"`           // how many there are
	Keys     int    `json:"keys"`            // that tokens may be signed by
	Fault    string `json:"fault,omitempty"` // why the newest files are not in use, and the way out
}

// Agree reports whether all hold the same, in registry and in settings. No reports
// agree.
func Agree(reports []Report) bool {
	return len(Minority(reports)) == 0 && len(SettingsMinority(reports)) == 0
}

// Minority returns the members whose digest of the registry differs from the most
// common one, in the order given. Of equally common digests the first wins.
func Minority(reports []Report) []string {
	return minority(reports, func(r Report) string { return r.Digest })
}

// SettingsMinority does the same with settings. Who tells no digest of them differs
// from nobody.
func SettingsMinority(reports []Report) []string {
	telling := slices.DeleteFunc(slices.Clone(reports), func(r Report) bool { return r.SettingsDigest == "" })
	return minority(telling, func(r Report) string { return r.SettingsDigest })
}

func minority(reports []Report, digest func(Report) string) (out []string) {
	count := map[string]int{}
	for _, r := range reports {
		count[digest(r)]++
	}
	common, most := "", 0
	for _, r := range reports {
		if d := digest(r); count[d] > most {
			common, most = d, count[d]
		}
	}
	for _, r := range reports {
		if digest(r) != common {
			out = append(out, r.Member)
		}
	}
	return out
}
