package frame

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func FuzzDecode(f *testing.F) {
	for _, one := range frames() {
		f.Add(one.Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		one, err := Decode(b)
		if err != nil {
			return
		}
		again, err := Decode(one.Append(nil))
		if err != nil {
			t.Fatalf("%+v does not read back: %v", one, err)
		}
		if diff := cmp.Diff(one, again); diff != "" {
			t.Errorf("-read +read again:\n%s", diff)
		}
	})
}
