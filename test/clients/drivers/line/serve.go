package line

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Client is an official client in Go, as a driver offers it.
type Client interface { //nolint:interfacebloat // all that a driver offers, once
	Open(r Request) error
	Register(service string, i Instance) error
	RegisterAll(service string, list []Instance) error
	Deregister(service string, i Instance) error
	Query(service string, clusters []string, healthy bool) ([]Instance, error)
	Subscribe(service string, clusters []string, deliver func([]Instance)) error
	Unsubscribe(service string, clusters []string) error
	Close() error
}

// ErrAbsent is returned by operations that a client does not have.
var ErrAbsent = errors.New("the client offers nothing like it")

// Serve does what the requests on in ask for until in ends.
func Serve(c Client, in io.Reader, out io.Writer) error {
	var (
		mu       sync.Mutex // deliveries come from goroutines of the client
		encoder  = json.NewEncoder(out)
		requests = json.NewDecoder(in)
	)
	say := func(a Answer) {
		mu.Lock()
		defer mu.Unlock()
		_ = encoder.Encode(a) // whoever has closed it does not care
	}
	for {
		var r Request
		if err := requests.Decode(&r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read request: %w", err)
		}
		found, err := do(c, r, say)
		a := Answer{Instances: found, Absent: errors.Is(err, ErrAbsent)}
		if err != nil {
			a.Error = err.Error()
		}
		say(a)
	}
}

func do(c Client, r Request, say func(Answer)) (found []Instance, err error) {
	switch r.Op {
	case "open":
		return nil, c.Open(r)
	case "register":
		return nil, c.Register(r.Service, r.Instances[0])
	case "batch":
		return nil, c.RegisterAll(r.Service, r.Instances)
	case "deregister":
		return nil, c.Deregister(r.Service, r.Instances[0])
	case "query":
		return c.Query(r.Service, r.Clusters, r.Healthy)
	case "subscribe":
		return nil, c.Subscribe(r.Service, r.Clusters, func(list []Instance) {
			say(Answer{Pushed: true, Service: r.Service, Clusters: r.Clusters, Instances: list})
		})
	case "unsubscribe":
		return nil, c.Unsubscribe(r.Service, r.Clusters)
	case "close":
		return nil, c.Close()
	default:
		return nil, fmt.Errorf("%w: operation %q", ErrAbsent, r.Op)
	}
}
