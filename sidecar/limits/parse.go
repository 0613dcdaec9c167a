package limits

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Parse returns the defaults with what text changes: name=value, separated by
// commas. Values are whole numbers, for bytes also with KiB, MiB or GiB, and for
// times with ms, s, m or h; 0 turns a limit off. Every problem is reported at once.
func Parse(text string) (Limits, error) {
	l := Default()
	var errs []error
	given := map[string]bool{}
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, found := strings.Cut(strings.TrimSpace(pair), "=")
		row := Find(name)
		switch {
		case row.in == nil:
			errs = append(errs, fmt.Errorf("%q is no limit; there are %s", name, strings.Join(names(), ", ")))
			continue
		case !found || given[name]:
			errs = append(errs, fmt.Errorf("%s: want %s=VALUE, once", name, name))
			continue
		}
		given[name] = true
		n, err := row.read(value)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			continue
		}
		*row.in(&l) = n
	}
	return l, errors.Join(errs...)
}

func names() (all []string) {
	for _, row := range Table {
		all = append(all, row.Name)
	}
	return all
}

func (r Row) read(value string) (int64, error) {
	n, err := r.number(value)
	if err == nil && n < 0 {
		err = errNegative
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q: %w", value, err)
	case n < r.Least:
		return 0, fmt.Errorf("%q: the least is %s", value, r.Text(r.Least))
	}
	return n, nil
}

var (
	errNegative = errors.New("must not be negative")
	errLarge    = errors.New("is too large")
)

func (r Row) number(value string) (int64, error) {
	if r.Unit == Time && value != "0" {
		d, err := time.ParseDuration(value)
		return int64(d), err
	}
	var shift uint
	if r.Unit == Bytes {
		for unit, by := range map[string]uint{"KiB": 10, "MiB": 20, "GiB": 30} {
			if rest, is := strings.CutSuffix(value, unit); is {
				value, shift = rest, by
				break
			}
		}
	}
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil:
		return 0, errors.New("is no whole number")
	case n > math.MaxInt32>>shift:
		return 0, errLarge
	}
	return n << shift, nil
}
