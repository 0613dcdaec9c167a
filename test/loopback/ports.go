package loopback

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
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

// Ports returns n main ports whose companions are free too. Another process
// may take one before it is used; starting at a random place makes that rare.
func Ports(ctx context.Context, n int) ([]int, error) {
	const attempts = 100
	for range attempts {
		base := firstPort + rand.IntN(lastPort-firstPort)
		if free(ctx, base, n) {
			ports := make([]int, n)
			for i := range ports {
				ports[i] = base + i*spacing
			}
			return ports, nil
		}
	}
	return nil, fmt.Errorf("find free ports for %d members: %w", n, errNoPorts)
}

var errNoPorts = errors.New("all candidates are taken")

func free(ctx context.Context, base, n int) bool {
	for i := range n {
		for _, offset := range offsets {
			l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(base+i*spacing+offset)))
			if err != nil {
				return false
			}
			defer l.Close()
		}
	}
	return true
}
