//go:build e2e

package e2e

import "testing"

func TestOfficialSDKOnThreePods(t *testing.T) {
	requireSettled(t, members)
	runQuickstart(t, "-register", address(t, 0), "-read", address(t, 1)+","+address(t, 2))
}
