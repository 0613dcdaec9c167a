package settings

import (
	"cmp"
	"encoding/json"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Key says of what an entry is: of a service, or of an instance in it if the
// endpoint is not zero.
type Key struct {
	Service  naming.ServiceKey
	Endpoint naming.Endpoint
}

// OfInstance reports whether the key is of an instance.
func (k Key) OfInstance() bool { return k.Endpoint != naming.Endpoint{} }

// Compare orders keys by service and endpoint.
func (k Key) Compare(o Key) int {
	return cmp.Or(k.Service.Compare(o.Service), k.Endpoint.Compare(o.Endpoint))
}

// Stamp is the version of an entry.
type Stamp struct {
	Time int64          // hybrid time of the write: Unix milliseconds that only rise
	By   member.Address // the member that wrote it
	Kept int64          // how often it was kept though some member had let it end
}

// Entry is what is said of a service or an instance, or that nothing is said any
// more. It is never changed once handed out.
type Entry struct {
	Key      Key
	Stamp    Stamp
	Ended    int64            `json:",omitempty"` // hybrid time at which it ended: this is a tombstone; 0 while it holds
	Service  *naming.Settings `json:",omitempty"` // of a service
	Override *naming.Override `json:",omitempty"` // of an instance
}

// ends returns the tombstone of e.
func (e Entry) ends(at int64) Entry { return Entry{Key: e.Key, Stamp: e.Stamp, Ended: at} }

// sameWrite reports whether both go back to one write.
func (e Entry) sameWrite(o Entry) bool {
	return e.Stamp.Time == o.Stamp.Time && e.Stamp.By == o.Stamp.By
}

// asRead returns e as other members read it: texts that are none change on the way.
func (e Entry) asRead() (read Entry) {
	if json.Unmarshal(encode(e), &read) != nil {
		return e // it was just written
	}
	return read
}

// faulty reports whether e says nothing, or something of the wrong kind.
func (e Entry) faulty() bool {
	if e.Key.Service.Name == "" || e.Stamp.Time <= 0 || e.Ended < 0 {
		return true
	}
	of, other := e.Service != nil, e.Override != nil
	if e.Key.OfInstance() {
		of, other = other, of
	}
	return other || of != (e.Ended == 0)
}
