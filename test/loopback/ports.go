package loopback

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
)

// Members listen on loopback only, below the range from which the kernel takes
// the ports of outgoing connections.
const (
	host        = "127.0.0.1"
	firstPort   = 11_000
	lastPort    = 30_000
	adminOffset = 2
	spacing     = 10
)

// offsets from a member's main port that must be free with it: admin, SDK gRPC
// and cluster gRPC.
var offsets = []int{0, adminOffset, 1000, 1001}

// given are the ports that this process got, companions included.
var given = struct {
	sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

// Ports returns n main ports whose companions are free too, and gives none of them
// twice: a member that was killed finds its own free when it comes back. Another
// process may take one before it is used; starting at a random place makes that rare.
func Ports(ctx context.Context, n int) ([]int, error) {
	const attempts = 1000
	given.Lock()
	defer given.Unlock()
	for range attempts {
		base := firstPort + rand.IntN(lastPort-firstPort)
		all := withCompanions(base, n)
		if slices.ContainsFunc(all, func(p int) bool { return given.ports[p] }) || !free(ctx, all) {
			continue
		}
		for _, p := range all {
			given.ports[p] = true
		}
		ports := make([]int, n)
		for i := range ports {
			ports[i] = base + i*spacing
		}
		return ports, nil
	}
	return nil, fmt.Errorf("find free ports for %d members: %w", n, errNoPorts)
}

var errNoPorts = errors.New("all candidates are taken")

// withCompanions are the ports of n members from base on.
func withCompanions(base, n int) (out []int) {
	for i := range n {
		for _, offset := range offsets {
			out = append(out, base+i*spacing+offset)
		}
	}
	return out
}

func free(ctx context.Context, ports []int) bool {
	for _, port := range ports {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			return false
		}
		defer l.Close()
	}
	return true
}
