package pki

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"
)

func TestCheckMembers(t *testing.T) {
	authority, err := NewAuthority(rand.Reader, "theirs", noon)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := NewAuthority(rand.Reader, "other", noon)
	leaf, _ := issue(rand.Reader, authority.parse(), names, time.Time{}, noon)
	narrow, _ := issue(rand.Reader, authority.parse(), []string{"demo-0.demo-headless.prod.svc"}, time.Time{}, noon)
	hosts := []string{"demo-0.demo-headless.prod.svc", "demo-1.demo-headless.prod.svc"}
	tests := map[string]struct {
		change func(map[string][]byte)
		now    time.Time
		flaw   Flaw
		says   string
	}{
		"as it should be":             {func(map[string][]byte) {}, noon, "", ""},
		"no certificate":              {func(d map[string][]byte) { delete(d, CertKey) }, noon, KeyMissing, "tls.crt"},
		"no key":                      {func(d map[string][]byte) { delete(d, KeyKey) }, noon, KeyMissing, "tls.key"},
		"no authorities":              {func(d map[string][]byte) { d[CAKey] = nil }, noon, KeyMissing, "ca.crt"},
		"a certificate of nonsense":   {func(d map[string][]byte) { d[CertKey] = []byte("x") }, noon, Unreadable, "PEM"},
		"a key of nonsense":           {func(d map[string][]byte) { d[KeyKey] = []byte("x") }, noon, Unreadable, "tls.key"},
		"authorities of nonsense":     {func(d map[string][]byte) { d[CAKey] = []byte("x") }, noon, Unreadable, "ca.crt"},
		"the key of another":          {func(d map[string][]byte) { d[KeyKey] = narrow.Key }, noon, Mismatch, "one pair"},
		"from another authority":      {func(d map[string][]byte) { d[CAKey] = other.Cert }, noon, Unreadable, "must come from ca.crt"},
		"an authority as certificate": {func(d map[string][]byte) { d[CertKey], d[KeyKey] = authority.Cert, authority.Key }, noon, NamesMissing, ""},
		"expired":                     {func(map[string][]byte) {}, noon.Add(2 * LeafLife), Expired, "renew it"},
		"from the future":             {func(map[string][]byte) {}, noon.Add(-time.Hour), Expired, "clocks"},
		"good for one member only": {
			func(d map[string][]byte) { d[CertKey], d[KeyKey] = narrow.Cert, narrow.Key }, noon, NamesMissing,
			"demo-1.demo-headless.prod.svc: issue it for *.demo-headless.prod.svc",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			data := map[string][]byte{CertKey: leaf.Cert, KeyKey: leaf.Key, CAKey: authority.Cert}
			tc.change(data)
			_, fault := CheckMembers(data, hosts, tc.now)
			if fault == nil {
				fault = &Fault{}
			}
			if fault.Flaw != tc.flaw || !strings.Contains(fault.Text, tc.says) {
				t.Errorf("fault = %+v, want %s with %q", *fault, tc.flaw, tc.says)
			}
		})
	}
}

func TestEnding(t *testing.T) {
	day := 24 * time.Hour
	tests := map[string]struct {
		whole, left time.Duration
		want        bool
	}{
		"a third of three months": {90 * day, 30 * day, false},
		"less than a fortnight":   {90 * day, 13 * day, true},
		"half of a day":           {day, 12 * time.Hour, false},
		"three hours of a day":    {day, 3 * time.Hour, true},
		"nothing":                 {day, -time.Hour, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			l := Life{From: noon.Add(tc.left - tc.whole), Until: noon.Add(tc.left)}
			if got := l.Ending(noon); got != tc.want {
				t.Errorf("Ending = %t, want %t", got, tc.want)
			}
		})
	}
	if (Life{}).Ending(noon) {
		t.Error("what cannot be read is said to end")
	}
}
