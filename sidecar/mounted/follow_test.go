package mounted

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestFollowTellsOfChangesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second+1)
		defer cancel()
		looks, told := 0, []int{}
		Follow(ctx, time.Second, func() bool { looks++; return looks%4 == 0 }, func() { told = append(told, looks) })
		if looks != 10 || len(told) != 2 || told[0] != 4 || told[1] != 8 {
			t.Errorf("%d looks in ten seconds, and after %v it was told of a change; want 10, [4 8]", looks, told)
		}
	})
}
