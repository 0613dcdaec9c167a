package survey

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSpread(t *testing.T) {
	tests := map[string]struct {
		loads []Load
		want  []Move
	}{
		"one member has nobody to give to":  {[]Load{{"a", 9}}, nil},
		"nobody has clients":                {[]Load{{"a", 0}, {"b", 0}}, nil},
		"even":                              {[]Load{{"a", 5}, {"b", 5}}, nil},
		"within tolerance":                  {[]Load{{"a", 109}, {"b", 91}}, nil},
		"one client is not worth it":        {[]Load{{"a", 1}, {"b", 0}}, nil},
		"after a restart one has none":      {[]Load{{"a", 6}, {"b", 6}, {"c", 0}}, []Move{{"a", "c", 2}, {"b", "c", 2}}},
		"one has all":                       {[]Load{{"a", 0}, {"b", 10}, {"c", 0}}, []Move{{"b", "c", 3}, {"b", "a", 3}}},
		"what does not divide stays":        {[]Load{{"a", 7}, {"b", 0}}, []Move{{"a", "b", 3}}},
		"who has the mean is left in peace": {[]Load{{"a", 20}, {"b", 10}, {"c", 0}}, []Move{{"a", "c", 10}}},
		"beyond tolerance all is made even": {[]Load{{"a", 130}, {"b", 100}, {"c", 70}}, []Move{{"a", "c", 30}}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Spread(tc.loads, 0.1)); diff != "" {
				t.Errorf("moves (-want +got):\n%s", diff)
			}
		})
	}
}
