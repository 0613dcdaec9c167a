package nacosgrpc

import "testing"

func TestARecordIsWrittenOnceForAllPeers(t *testing.T) {
	var c changes
	r := someRecord("1_a_1", 1)
	first := c.of(r, 3)
	if again := c.of(r, 3); again != first {
		t.Error("written again for the second peer")
	}
	if same := someRecord("1_a_1", 1); c.of(same, 3) == first {
		t.Error("another record was taken for it")
	}
	if c.of(r, 3) != first {
		t.Error("written again for the third peer")
	}
	if len(c.list) != 1 {
		t.Errorf("%d records kept, want only the one that two peers lack", len(c.list))
	}
}

func TestRecordsKeptForPeersAreBounded(t *testing.T) {
	var c changes
	for range 3 * mostChanges {
		c.of(someRecord("1_a_1", 1), 2)
	}
	if len(c.list) != mostChanges {
		t.Errorf("%d records kept, want %d", len(c.list), mostChanges)
	}
}
