// Package member says who is in the cluster: addresses, the list that the
// operator publishes, its text form (Nacos's cluster.conf), and what a member
// believes about the others.
//
// Values are immutable and ordered. The package does no I/O, resolves no name
// and reads no clock. It is the contract between the two binaries: the
// operator formats the very text that the sidecar parses.
package member

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// DefaultPort is the main (HTTP) port of a member when none is written.
const DefaultPort = 8848

// Offsets of the two gRPC ports from the main port. They are constants of the
// Nacos protocol (gRPC page, section 1): clients and peers compute them.
const (
	SDKOffset     = 1000
	ClusterOffset = 1001
)

// maxMainPort leaves room for the two gRPC ports above the main port.
const maxMainPort = 65535 - ClusterOffset

// Address is the identity of a member: canonical "host:port" of its main port,
// where host is a DNS name or an IP (IPv6 in brackets). Addresses are compared
// as text, as Nacos does; their byte order is the order of the hash ring.
type Address string

// ParseAddress reads "host" or "host:port" and returns its canonical form. The
// port must leave room for the two gRPC ports (1–64534).
func ParseAddress(text string) (Address, error) {
	host, port := text, DefaultPort
	if h, p, err := net.SplitHostPort(text); err == nil {
		n, err := strconv.Atoi(p)
		if err != nil {
			return "", fmt.Errorf("member address %q: port %q is not a number", text, p)
		}
		host, port = h, n
	} else if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		host = text[1 : len(text)-1]
	}
	if port < 1 || port > maxMainPort {
		return "", fmt.Errorf("member address %q: port %d: want 1-%d, so that port+%d and port+%d exist",
			text, port, maxMainPort, SDKOffset, ClusterOffset)
	}
	if err := checkHost(host); err != nil {
		return "", fmt.Errorf("member address %q: %w", text, err)
	}
	return Address(net.JoinHostPort(strings.ToLower(host), strconv.Itoa(port))), nil
}

func checkHost(host string) error {
	if net.ParseIP(host) != nil {
		return nil
	}
	if host == "" || len(host) > 253 {
		return fmt.Errorf("host is %d characters long: want 1-253", len(host))
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, dnsCharacters) != "" {
			return fmt.Errorf("host %q is neither an IP nor a DNS name", host)
		}
	}
	return nil
}

const dnsCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

// Host returns the part before the port, without brackets.
func (a Address) Host() string {
	host, _, _ := net.SplitHostPort(string(a))
	return host
}

// Port returns the main port.
func (a Address) Port() int {
	_, port, _ := net.SplitHostPort(string(a))
	n, _ := strconv.Atoi(port)
	return n
}
