package distro

import (
	"strings"
	"testing"
)

func TestTheDefaultIsValid(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidateComplainsAboutEverythingAtOnce(t *testing.T) {
	err := Config{SyncDelay: -1, SyncDelayMax: -2, RetryMax: -1, Missing: -1, Down: -1, Lease: -2, Tombstone: -3, StreamWait: -1, LoadMax: -1}.Validate()
	for _, field := range []string{
		"SyncDelay:", "SyncDelayMax:", "RetryMin:", "RetryMax:", "VerifyInterval:", "LoadTimeout:", "LoadMax:", "LoadRetry:", "StreamWait:",
		"Lease:", "Missing:", "Down:", "Grace:", "Tombstone:", "MaxInFlight:", "MaxInFlightStream:", "MaxTombstones:",
	} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("no complaint about %s in %v", field, err)
		}
	}
}
