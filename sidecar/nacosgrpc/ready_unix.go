//go:build unix

package nacosgrpc

import "syscall"

const readsNow = true

// readNow reads what is there. It is not package unix that does it: the race detector
// would take it for another reader than package net.
func readNow(fd uintptr, b []byte) (int, error) {
	return syscall.Read(int(fd), b) //nolint:gosec // a descriptor fits
}
