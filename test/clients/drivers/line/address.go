package line

import (
	"errors"
	"fmt"
	"net"
	"strconv"
)

// Split takes host:port apart.
func Split(address string) (host string, port uint64, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("member %q: %w", address, err)
	}
	if port, err = strconv.ParseUint(text, 10, 16); err != nil {
		return "", 0, fmt.Errorf("member %q: %w", address, err)
	}
	return host, port, nil
}

var errRefused = errors.New("the client says no, and not why")

// Refused makes an error of what clients in Go return.
func Refused(ok bool, err error) error {
	if err == nil && !ok {
		err = errRefused
	}
	return err
}
