package wire

import (
	"net/url"
	"strings"
)

// Separators of what a client says that it listens to.
const (
	wordSeparator = "\x02"
	lineSeparator = "\x01"
)

// HeldConfigs returns, of the configurations that a client listens to, those of
// which it says that it holds something, in the form of an answer. Each is
// dataId, group, MD5 and perhaps a tenant.
func HeldConfigs(listening string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(listening, lineSeparator) {
		words := strings.Split(line, wordSeparator)
		if len(words) < 3 || words[2] == "" {
			continue
		}
		held := words[:2:2]
		if len(words) > 3 && words[3] != "" {
			held = append(held, words[3])
		}
		b.WriteString(strings.Join(held, wordSeparator) + lineSeparator)
	}
	return url.QueryEscape(b.String())
}
