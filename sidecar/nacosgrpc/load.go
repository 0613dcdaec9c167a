package nacosgrpc

import (
	"bytes"
	"os"
	"strconv"
	"sync"
)

// unknown is what Java says of a load that the system does not tell.
const unknown = -1

// loadAverage returns the processes that ran or waited over the last minute.
func loadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return unknown // not Linux
	}
	first, _, _ := bytes.Cut(text, []byte(" "))
	f, err := strconv.ParseFloat(string(first), 64)
	if err != nil {
		return unknown
	}
	return f
}

// processors remembers what the processors had done when it was last asked.
type processors struct {
	mu         sync.Mutex
	idle, time uint64 // in ticks, since the machine started
}

// share returns which share of the processors was busy since it was last asked.
func (p *processors) share() float64 {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return unknown // not Linux
	}
	idle, time := ticks(text)
	p.mu.Lock()
	defer p.mu.Unlock()
	idled, passed := idle-p.idle, time-p.time
	p.idle, p.time = idle, time
	if passed == 0 || idled > passed {
		return unknown
	}
	return 1 - float64(idled)/float64(passed)
}

// ticks reads the first line of /proc/stat: how long all processors together
// idled (also for want of a disk), of how long in all.
func ticks(stat []byte) (idle, time uint64) {
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	for i, field := range bytes.Fields(line) {
		n, err := strconv.ParseUint(string(field), 10, 64)
		if err != nil {
			continue // the title
		}
		time += n
		if i == 4 || i == 5 {
			idle += n
		}
	}
	return idle, time
}
