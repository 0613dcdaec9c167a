package report

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDigestsOfReports(t *testing.T) {
	of := func(pairs ...string) (out []Report) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, Report{Member: pairs[i], Digest: pairs[i+1]})
		}
		return out
	}
	tests := map[string]struct {
		reports  []Report
		same     bool
		minority []string
	}{
		"no reports agree":                      {nil, true, nil},
		"one agrees with itself":                {of("a", "1"), true, nil},
		"all alike":                             {of("a", "1", "b", "1", "c", "1"), true, nil},
		"one differs":                           {of("a", "2", "b", "1", "c", "1"), false, []string{"a"}},
		"of equally common ones the first wins": {of("a", "2", "b", "1"), false, []string{"b"}},
		"also over one that is empty":           {of("a", "2", "b", ""), false, []string{"b"}},
		"and the empty one may be first":        {of("a", "", "b", "2"), false, []string{"b"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := SameDigest(tc.reports); got != tc.same {
				t.Errorf("SameDigest = %t, want %t", got, tc.same)
			}
			if diff := cmp.Diff(tc.minority, Minority(tc.reports)); diff != "" {
				t.Errorf("Minority (-want +got):\n%s", diff)
			}
		})
	}
}

// The operator and the sidecar may be of different versions: these names stay.
func TestReportGolden(t *testing.T) {
	got, err := json.Marshal(Report{
		Member: "a:8848", Time: time.Unix(0, 0).UTC(), Peers: []Peer{{Member: "b:8848", State: "UP"}},
	})
	want := `{"member":"a:8848","epoch":0,"version":"","generation":0,"loaded":false,"draining":false,"digest":"","connections":0,"clients":0,` +
		`"owned":0,"services":0,"instances":0,"braked":0,"pending":0,"peers":[{"member":"b:8848","state":"UP","pending":0}],` +
		`"time":"1970-01-01T00:00:00Z"}`
	if err != nil || string(got) != want {
		t.Errorf("Marshal = %s, %v\nwant %s", got, err, want)
	}
}
