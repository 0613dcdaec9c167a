package limits

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestWhatIsNotSaidIsTheDefault(t *testing.T) {
	got, err := Parse("")
	if err != nil || got != Default() {
		t.Errorf("%+v, %v; want %+v", got, err, Default())
	}
}

func TestParse(t *testing.T) {
	want := Default()
	want.PerIP, want.Message, want.HeaderWithin, want.Unfinished = 3000, 4<<20, 2*time.Second, 0
	got, err := Parse("connections-per-ip=3000, message=4MiB,header-within=2s,unfinished=0")
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	for text, want := range map[string]string{
		"conections=1":               `"conections" is no limit; there are connections, member-connections`,
		"connections":                "connections: want connections=VALUE, once",
		"batch=1,batch=2":            "batch: want batch=VALUE, once",
		"batch=-1":                   `batch: "-1": must not be negative`,
		"batch=many":                 `batch: "many": is no whole number`,
		"batch=1MiB":                 `batch: "1MiB": is no whole number`,
		"body=3GiB":                  `body: "3GiB": is too large`,
		"body=9223372036854775807":   "is too large",
		"message=1":                  `message: "1": the least is 64KiB`,
		"header-within=1":            "header-within:",
		"header-within=0":            `header-within: "0": the least is 100ms`,
		"batch=x,body=y":             "body:",
		"message-within=-5s":         "must not be negative",
		"idle-within=100000000000ms": "",
	} {
		_, err := Parse(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}

// Every row has a field of its own, its default is one that may be set, and a
// number is written as it is read.
func TestTableIsWhole(t *testing.T) {
	fields := map[*int64]string{}
	var l Limits
	for _, row := range Table {
		if other := fields[row.in(&l)]; other != "" {
			t.Errorf("%s and %s are one number", row.Name, other)
		}
		fields[row.in(&l)] = row.Name
		for _, n := range []int64{row.Default, row.Least} {
			got, err := row.read(row.Text(n))
			if n == 0 {
				got, err = row.read("0")
			}
			if err != nil || got != n {
				t.Errorf("%s: %d is written %q and read %d, %v", row.Name, n, row.Text(n), got, err)
			}
		}
		if row.What == "" || row.Seen == "" {
			t.Errorf("%s is not described", row.Name)
		}
	}
	if want := reflect.TypeFor[Limits]().NumField(); len(fields) != want {
		t.Errorf("%d fields, want %d", len(fields), want)
	}
}

func TestWhoIsOverALimitIsToldWhichAndHowToChangeIt(t *testing.T) {
	err := &Over{Limit: PerIP, Most: 3, What: "too many connections of 10.0.0.1"}
	if want := "too many connections of 10.0.0.1: the limit is 3 (--limits connections-per-ip=..., or spec.limits of a NamingCluster)"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}
