package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU times in /proc: USER_HZ is 100 on every Linux.
const tick = 10 * time.Millisecond

var errStat = errors.New("unknown form of /proc/PID/stat")

// cpu returns the user and system time that the processes have used.
func cpu(pids ...int) (time.Duration, error) {
	var sum time.Duration
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return 0, fmt.Errorf("read CPU time (needs Linux): %w", err)
		}
		// The name, in parentheses, may hold spaces; utime and stime are the
		// 12th and 13th fields after it.
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		const utime, stime = 11, 12
		if len(fields) <= stime {
			return 0, errStat
		}
		for _, i := range []int{utime, stime} {
			n, err := strconv.ParseInt(fields[i], 10, 64)
			if err != nil {
				return 0, fmt.Errorf("%w: %w", errStat, err)
			}
			sum += time.Duration(n) * tick
		}
	}
	return sum, nil
}
