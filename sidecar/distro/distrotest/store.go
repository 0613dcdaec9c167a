package distrotest

import "github.com/distro-naming/naming-operator/sidecar/naming"

// entry is a stored record.
type entry struct {
	stamp   naming.Stamp
	content string
	sum     sum
}

func newEntry(c naming.ClientID, stamp naming.Stamp, content string) entry {
	return entry{stamp, content, sumOf(c, stamp.Revision)}
}
