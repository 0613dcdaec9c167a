package main

import (
	"strings"
	"testing"
)

func TestSimulate(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"one seed prints its transcript": {[]string{"-seed", "3", "-steps", "5"}, "a starts"},
		"a seed as a scenario":           {[]string{"-seed", "3", "-steps", "5", "-scenario"}, "members a b c"},
		"a file":                         {[]string{"-file", "../../sidecar/distro/testdata/owner_wins.txt"}, "a owns c1@1"},
		"many print failures and a sum":  {[]string{"-seeds", "3", "-steps", "5"}, "3 seeds passed\n"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := run(tc.args, &out); err != nil || !strings.Contains(out.String(), tc.want) {
				t.Errorf("run(%q) = %v, prints %.200q, want %q", tc.args, err, out.String(), tc.want)
			}
		})
	}
}
