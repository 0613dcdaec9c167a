package stream

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

func TestRecordsAreGivenInOrderOfClient(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		begin := rapid.SampledFrom([]string{"", "17000", "1700000000000_10."}).Draw(t, "all begin with")
		ids := rapid.SliceOfDistinct(rapid.StringMatching(`[01\x00]{0,12}`), func(s string) string { return s }).Draw(t, "then")
		var records []*naming.Record
		var want []naming.ClientID
		for _, id := range ids {
			c := naming.ClientID(begin + id)
			records, want = append(records, &naming.Record{Client: c}), append(want, c)
		}
		slices.Sort(want)
		sortByClient(records)
		for i, r := range records {
			if r.Client != want[i] {
				t.Fatalf("%q is in place %d, want %q", r.Client, i, want[i])
			}
		}
	})
}
