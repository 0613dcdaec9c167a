package report

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDigestsOfReports(t *testing.T) {
	of := func(triples ...string) (out []Report) {
		for i := 0; i < len(triples); i += 3 {
			out = append(out, Report{Member: triples[i], Digest: triples[i+1], SettingsDigest: triples[i+2]})
		}
		return out
	}
	tests := map[string]struct {
		reports            []Report
		registry, settings []string // the minority
	}{
		"no reports agree":                      {nil, nil, nil},
		"one agrees with itself":                {of("a", "1", "s"), nil, nil},
		"all alike":                             {of("a", "1", "s", "b", "1", "s", "c", "1", "s"), nil, nil},
		"one differs":                           {of("a", "2", "s", "b", "1", "s", "c", "1", "s"), []string{"a"}, nil},
		"of equally common ones the first wins": {of("a", "2", "s", "b", "1", "s"), []string{"b"}, nil},
		"also over one that is empty":           {of("a", "2", "s", "b", "", "s"), []string{"b"}, nil},
		"and the empty one may be first":        {of("a", "", "s", "b", "2", "s"), []string{"b"}, nil},
		"one has other settings":                {of("a", "1", "s", "b", "1", "t", "c", "1", "s"), nil, []string{"b"}},
		"one tells nothing of its settings":     {of("a", "1", "", "b", "1", "s", "c", "1", "s"), nil, nil},
		"nobody does":                           {of("a", "1", "", "b", "1", ""), nil, nil},
		"two of those who do differ":            {of("a", "1", "", "b", "1", "s", "c", "1", "t"), nil, []string{"c"}},
		"each differs in something":             {of("a", "1", "s", "b", "1", "t", "c", "2", "s"), []string{"c"}, []string{"b"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.registry, Minority(tc.reports)); diff != "" {
				t.Errorf("Minority (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.settings, SettingsMinority(tc.reports)); diff != "" {
				t.Errorf("SettingsMinority (-want +got):\n%s", diff)
			}
			if got, want := Agree(tc.reports), tc.registry == nil && tc.settings == nil; got != want {
				t.Errorf("Agree = %t, want %t", got, want)
			}
		})
	}
}

// The operator and the sidecar may be of different versions: these names stay.
func TestReportGolden(t *testing.T) {
	got, err := json.Marshal(Report{
		Member: "a:8848", SettingsDigest: "5e", Time: time.Unix(0, 0).UTC(), Peers: []Peer{{Member: "b:8848", State: "UP"}},
	})
	want := `{"member":"a:8848","epoch":0,"version":"","generation":0,"loaded":false,"draining":false,"digest":"","settingsDigest":"5e","connections":0,"clients":0,` +
		`"owned":0,"services":0,"instances":0,"braked":0,"pending":0,"peers":[{"member":"b:8848","state":"UP","pending":0}],` +
		`"time":"1970-01-01T00:00:00Z"}`
	if err != nil || string(got) != want {
		t.Errorf("Marshal = %s, %v\nwant %s", got, err, want)
	}
}
