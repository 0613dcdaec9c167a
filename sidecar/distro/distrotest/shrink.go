package distrotest

import (
	"errors"
	"slices"
	"strings"
)

// Shrink returns a scenario with as few lines of the given one as still break
// the same law. It takes away halves, then quarters, and at last single lines.
// A scenario that breaks none is returned as it is.
func Shrink(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	law := lawBrokenBy(text)
	if law == "" {
		return text
	}
	for size := len(lines) / 2; size > 0; {
		shorter := false
		for at := 1; at < len(lines); {
			without := slices.Concat(lines[:at], lines[min(at+size, len(lines)):])
			if lawBrokenBy(strings.Join(without, "\n")) == law {
				lines, shorter = without, true
				continue
			}
			at += size
		}
		if !shorter || size > 1 {
			size /= 2
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// lawBrokenBy returns the first law that a scenario breaks, or "".
func lawBrokenBy(text string) Law {
	_, err := Script(text)
	if broken := new(Broken); errors.As(err, &broken) {
		return broken.Law
	}
	return ""
}
