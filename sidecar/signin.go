package sidecar

import (
	"net/http"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/mounted"
)

// signIn shows a name and a password with each call.
type signIn struct {
	http.RoundTripper
	name, password string
}

// signedIn reads them from a folder, as Secrets of type kubernetes.io/basic-auth have
// them; without one nothing is shown.
func signedIn(calls http.RoundTripper, folder string) (http.RoundTripper, error) {
	if folder == "" {
		return calls, nil
	}
	files, err := mounted.Read(folder, []string{"username", "password"})
	if err != nil {
		return nil, err
	}
	return signIn{calls, strings.TrimSpace(string(files["username"])), strings.TrimRight(string(files["password"]), "\r\n")}, nil
}

// RoundTrip implements http.RoundTripper.
func (s signIn) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.SetBasicAuth(s.name, s.password)
	return s.RoundTripper.RoundTrip(r)
}
