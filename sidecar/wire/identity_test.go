package wire

import (
	"errors"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

func TestIdentityIsReadFromOneLine(t *testing.T) {
	tests := map[string]struct {
		text string
		want Identity
		good bool
	}{
		"a key and a value":         {"serverIdentity: s3cret\n", Identity{"serverIdentity", "s3cret"}, true},
		"a value with a colon":      {"k:a:b", Identity{"k", "a:b"}, true},
		"no value":                  {"k:", Identity{}, false},
		"no key":                    {":v", Identity{}, false},
		"nothing":                   {"", Identity{}, false},
		"no colon":                  {"k v", Identity{}, false},
		"two lines":                 {"k: v\nl: w", Identity{}, false},
		"a key that is no header":   {"k k: v", Identity{}, false},
		"a key that is one of ours": {"Distro-Member: v", Identity{}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParseIdentity(tc.text)
			if got != tc.want || (err == nil) != tc.good || err != nil && !errors.Is(err, ErrIdentity) {
				t.Errorf("ParseIdentity = %+v, %v", got, err)
			}
		})
	}
}

func TestIdentityAdmits(t *testing.T) {
	secret := Identity{Key: "k", Value: "v"}
	signed := func(i Identity) bool { return secret.Admits(Headers(i.Sign(Payload(MemberReportRequest, nil)))) }
	tests := map[string]struct{ got, want bool }{
		"who has it":                  {signed(secret), true},
		"whatever the key's case":     {signed(Identity{"K", "v"}), true},
		"not who has another value":   {signed(Identity{"k", "w"}), false},
		"not who has a longer value":  {signed(Identity{"k", "vv"}), false},
		"not who has another key":     {signed(Identity{"l", "v"}), false},
		"not who has none":            {signed(Identity{}), false},
		"everybody if none is needed": {Identity{}.Admits(Headers(Payload(MemberReportRequest, nil))), true},
		"beside our own headers":      {secret.Admits(Headers(secret.Sign(Sign(Payload(MemberReportRequest, nil), member.Node{})))), true},
		"but nobody is known then":    {Identity{}.Knows(Headers(Payload(MemberReportRequest, nil))), false},
	}
	for name, tc := range tests {
		if tc.got != tc.want {
			t.Errorf("%s: %v", name, tc.got)
		}
	}
}
