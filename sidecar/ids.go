package sidecar

import (
	"hash/fnv"
	"sync"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// ids makes the numbers of instances' ids for all ports of a member.
type ids struct {
	mu   sync.Mutex
	made naming.Snowflake
}

// newIDs returns the maker of a member, whose number comes from its name: two
// members may share one by chance, 1 of 1024.
func newIDs(self member.Address) *ids {
	h := fnv.New32a()
	_, _ = h.Write([]byte(self)) // never fails
	return &ids{made: naming.NewSnowflake(int64(h.Sum32()))}
}

func (i *ids) next() int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.made.Next(time.Now().UnixMilli())
}
