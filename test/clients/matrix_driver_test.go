package clients

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/test/clients/drivers/line"
)

// driver is a process with one official client in it. Requests are sent by one
// goroutine, that of the test.
type driver struct {
	*process

	stdin   io.WriteCloser
	answers chan line.Answer // closed when the process has ended

	mu     sync.Mutex
	pushed map[string][][]line.Instance // by subscription, in order
}

// startDriver runs a command in a folder of its own.
func startDriver(t *testing.T, name, dir string, command []string, env ...string) *driver {
	t.Helper()
	d := &driver{
		process: newProcess(t, name, dir, command, env...),
		answers: make(chan line.Answer, 1), pushed: map[string][][]line.Instance{},
	}
	var err error
	d.stdin, err = d.cmd.StdinPipe()
	must(t, err)
	out, err := d.cmd.StdoutPipe()
	must(t, err)
	d.start(t)
	go d.listen(out)
	return d
}

// listen sorts what the driver says into answers and deliveries until it ends.
func (d *driver) listen(out io.Reader) {
	defer close(d.answers)
	lines := json.NewDecoder(out)
	for {
		var a line.Answer
		if err := lines.Decode(&a); err != nil {
			_, _ = io.Copy(io.Discard, out)
			return
		}
		if !a.Pushed {
			d.answers <- a
			continue
		}
		d.mu.Lock()
		key := subscription(a.Service, a.Clusters)
		d.pushed[key] = append(d.pushed[key], sorted(a.Instances))
		d.mu.Unlock()
	}
}

func subscription(service string, clusters []string) string {
	return service + "/" + strings.Join(clusters, ",")
}

func sorted(list []line.Instance) []line.Instance {
	slices.SortFunc(list, func(a, b line.Instance) int { return strings.Compare(endpoint(a), endpoint(b)) })
	return list
}

func endpoint(i line.Instance) string { return fmt.Sprintf("%s:%d", i.IP, i.Port) }

func endpoints(list []line.Instance) []string {
	out := make([]string, 0, len(list))
	for _, i := range list {
		out = append(out, endpoint(i))
	}
	slices.Sort(out)
	return out
}

var (
	errAbsent = errors.New("the client does not offer it")
	errClient = errors.New("the client says")
	errSilent = errors.New("the driver does not answer")
)

// ask sends a request and waits for its answer.
func (d *driver) ask(r line.Request) ([]line.Instance, error) {
	if err := json.NewEncoder(d.stdin).Encode(r); err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.Op, d.name, err)
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case a, alive := <-d.answers:
		switch {
		case !alive:
			return nil, fmt.Errorf("%s %s: %w: it has ended", r.Op, d.name, errSilent)
		case a.Absent:
			return nil, fmt.Errorf("%s %s: %w", r.Op, d.name, errAbsent)
		case a.Error != "":
			return nil, fmt.Errorf("%s %s: %w: %s", r.Op, d.name, errClient, a.Error)
		}
		return sorted(a.Instances), nil
	case <-timeout.C:
		return nil, fmt.Errorf("%s %s: %w", r.Op, d.name, errSilent)
	}
}

// lists returns every list that a subscription has delivered.
func (d *driver) lists(service string, clusters ...string) [][]line.Instance {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.pushed[subscription(service, clusters)])
}
