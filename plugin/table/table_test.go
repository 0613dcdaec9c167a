package table

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrite(t *testing.T) {
	fill := func() *Table {
		out := New("NAME", "STATE", "+WHERE")
		out.Row("demo-0", In(Good, "Serving"), "node-a")
		out.Row("demo-ünder", In(Bad, ""), "node-b")
		return out
	}
	tests := map[string]struct {
		options Options
		want    []string
	}{
		"as people read it": {Options{}, []string{
			"NAME         STATE",
			"demo-0       Serving",
			"demo-ünder",
		}},
		"wide, for programs": {Options{Wide: true, NoHeaders: true}, []string{
			"demo-0       Serving   node-a",
			"demo-ünder             node-b",
		}},
		"painted: columns stay where they are": {Options{Palette: true, NoHeaders: true, Wide: true, Indent: "  "}, []string{
			"  demo-0       \x1b[32mServing\x1b[0m   node-a",
			"  demo-ünder             node-b",
		}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			fill().Write(&out, tc.options)
			if diff := cmp.Diff(tc.want, strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")); diff != "" {
				t.Errorf("table differs (-want +got):\n%s", diff)
			}
		})
	}
}
