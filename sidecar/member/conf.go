package member

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const generationPrefix = "# generation: "

// Format renders the list in cluster.conf form: one "host:port" a line, with
// the generation as the first comment and each hint as a comment at the end of
// its line. Any Nacos server can read it. Parse is its inverse.
//
//	# generation: 7
//	demo-0.demo-headless.prod.svc:8848 # ip=10.244.0.12 uid=3f0c…
//	demo-1.demo-headless.prod.svc:8848
func Format(l List) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%d\n", generationPrefix, l.generation)
	for _, a := range l.addresses {
		b.WriteString(string(a))
		if h := l.hints[a]; h != (Hint{}) {
			b.WriteString(" #")
			if h.IP != "" {
				b.WriteString(" ip=" + h.IP)
			}
			if h.UID != "" {
				b.WriteString(" uid=" + h.UID)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Parse reads cluster.conf: one member a line or several separated by commas,
// a missing port meaning DefaultPort, "#" starting a comment. A file without a
// generation has generation 0. Every faulty line is named in the error.
func Parse(text string) (List, error) {
	var (
		generation int64
		addresses  []Address
		hints      = map[Address]Hint{}
		faults     []error
	)
	for i, line := range strings.Split(text, "\n") {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), generationPrefix); ok {
			g, err := strconv.ParseInt(strings.TrimSpace(n), 10, 64)
			if err != nil || g < 0 {
				faults = append(faults, fmt.Errorf("cluster.conf line %d: generation %q is not a number", i+1, n))
				continue
			}
			generation = g
			continue
		}
		members, comment, _ := strings.Cut(line, "#")
		for part := range strings.SplitSeq(members, ",") {
			part = strings.TrimSpace(part)
			if part == "" {
				continue
			}
			a, err := ParseAddress(part)
			if err != nil {
				faults = append(faults, fmt.Errorf("cluster.conf line %d: %w", i+1, err))
				continue
			}
			addresses = append(addresses, a)
			hints[a] = parseHint(comment)
		}
	}
	if len(faults) > 0 {
		return List{}, errors.Join(faults...)
	}
	return NewList(generation, addresses, hints), nil
}

func parseHint(comment string) Hint {
	var h Hint
	for word := range strings.FieldsSeq(comment) {
		if ip, ok := strings.CutPrefix(word, "ip="); ok {
			h.IP = ip
		}
		if uid, ok := strings.CutPrefix(word, "uid="); ok {
			h.UID = uid
		}
	}
	return h
}
