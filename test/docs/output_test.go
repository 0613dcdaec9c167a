package docs

import (
	"cmp"
	"regexp"
	"strings"
	"testing"
)

// forms are what differs from run to run: what it looks like on a page, and
// what it may be in an output. An earlier one wins where several could begin.
var forms = []struct{ shown, printed string }{
	{shown: `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]*(?:Z|[+-]\d\d:\d\d)`}, // a time
	{shown: `\b\d{4}-\d\d-\d\d\b`},                                     // a time as people read it, in two words
	{shown: `\b\d\d:\d\d:\d\dZ`},
	{shown: `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`},
	{shown: `\b\d+\.\d+\.\d+\.\d+\b`}, // an IPv4 address
	{shown: `\b(?:\d+[dhm]){0,3}\d+(?:\.\d+)?(?:µs|[mun]?s|[dhm])\b`, printed: `(?:\d+(?:\.\d+)?(?:µs|[mun]?s|[dhm]))+`}, // an age
	{shown: `\b[0-9a-f]{10,}\b`}, // a digest, an epoch
}

var volatile = regexp.MustCompile(anyForm())

func anyForm() string {
	var all []string
	for _, f := range forms {
		all = append(all, f.shown)
	}
	return strings.Join(all, "|")
}

// pattern makes a regular expression of an output that a page shows.
func pattern(shown string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`\A`)
	for line := range strings.Lines(strings.TrimSpace(shown)) {
		if strings.TrimSpace(line) == "…" {
			b.WriteString(`(?:.*\n)*`)
			continue
		}
		b.WriteString(` ?`)
		for i, word := range strings.Fields(line) {
			if i > 0 {
				b.WriteString(` `)
			}
			b.WriteString(wordPattern(word))
		}
		b.WriteString(` ?\n`)
	}
	b.WriteString(`\z`)
	return regexp.MustCompile(b.String())
}

func wordPattern(word string) string {
	var b strings.Builder
	for i, part := range strings.Split(word, "…") {
		if i > 0 {
			b.WriteString(`.*`)
		}
		for {
			at := volatile.FindStringIndex(part)
			if at == nil {
				break
			}
			b.WriteString(regexp.QuoteMeta(part[:at[0]]))
			b.WriteString(form(part[at[0]:at[1]]))
			part = part[at[1]:]
		}
		b.WriteString(regexp.QuoteMeta(part))
	}
	return b.String()
}

// form returns what may be printed where a page shows text.
func form(text string) string {
	for _, f := range forms {
		if regexp.MustCompile(`\A(?:` + f.shown + `)\z`).MatchString(text) {
			return cmp.Or(f.printed, f.shown)
		}
	}
	return regexp.QuoteMeta(text)
}

var blanks = regexp.MustCompile(`[ \t]+`)

// squeeze makes columns of any width alike, and drops what nobody sees.
func squeeze(output string) string {
	output = strings.TrimSpace(blanks.ReplaceAllString(output, " "))
	if output == "" {
		return ""
	}
	return output + "\n"
}

func shows(shown, output string) bool { return pattern(shown).MatchString(squeeze(output)) }

func TestOutputs(t *testing.T) {
	tests := map[string]struct {
		shown, output string
		same          bool
	}{
		"columns of another width":    {"NAME  AGE\ndemo  3s", "NAME   AGE\ndemo   14m\n", true},
		"another word":                {"demo True", "demo False\n", false},
		"a line that is not shown":    {"one\nthree", "one\ntwo\nthree\n", false},
		"lines left out":              {"one\n…\nthree", "one\ntwo\n2\nthree\n", true},
		"the rest left out":           {"one\n…", "one\ntwo\n", true},
		"part of a line left out":     {"pod/demo-… ready", "pod/demo-7fd5 is ready\n", true},
		"a missing line":              {"one\ntwo", "one\n", false},
		"an address":                  {"10.244.0.7:8848", "10.1.2.3:8848\n", true},
		"an address of another port":  {"10.244.0.7:8848", "10.1.2.3:9848\n", false},
		"a time":                      {"since 2026-01-01T00:00:00Z", "since 2027-02-03T04:05:06Z\n", true},
		"a digest":                    {"digest 0123456789abcdef", "digest ffffffffff\n", true},
		"what is no digest":           {"digest 0123456789abcdef", "digest none\n", false},
		"a count is meant as written": {"list 2", "list 3\n", false},
		"nothing":                     {"", "\n", true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := shows(tc.shown, tc.output); got != tc.same {
				t.Errorf("shown %q, printed %q: same is %v (%s)", tc.shown, tc.output, got, pattern(tc.shown))
			}
		})
	}
}
