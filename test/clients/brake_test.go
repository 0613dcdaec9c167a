package clients

import (
	"fmt"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/test/clients/sdk"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// TestMassLossIsListedAsUnhealthy cuts the connections of a whole service at
// once. More than half of it must stay listed, as unhealthy, on another member
// too; the member says so, and whoever comes back elsewhere is healthy again.
func TestMassLossIsListedAsUnhealthy(t *testing.T) {
	c := startCluster(t)
	reader := connect(t, c.Members[1])
	var (
		lines []rawClient
		all   []string
	)
	for i := range 12 {
		lines = append(lines, publishRaw(t, c.Members[0], i))
		all = append(all, fmt.Sprintf("192.0.2.3:%d", 80+i))
	}
	requireHealth(t, reader, len(all), 0)

	for _, line := range lines {
		must(t, line.conn.Close())
	}
	requireHealth(t, reader, 0, 6)
	status, err := c.Members[0].Status(t.Context())
	must(t, err)
	if status.Braked != 1 {
		t.Errorf("%s says that %d services are braked, want 1", c.Members[0].Name, status.Braked)
	}

	for i := range all {
		publishRaw(t, c.Members[2], i)
	}
	requireHealth(t, reader, len(all), 0)
	eventually(t, "nothing is held any more", func() error {
		status, err := c.Members[0].Status(t.Context())
		if err == nil && (status.Braked > 0 || status.Owned > 0) {
			err = missing("no braked service and no client", status)
		}
		return err
	})
	requireHealth(t, reader, len(all), 0)
}

// publishRaw registers the i-th instance by a connection of its own.
func publishRaw(t *testing.T, m *loopback.Member, i int) rawClient {
	t.Helper()
	line := connectRaw(t, m)
	body := strings.Replace(goodInstance, `"port":80`, fmt.Sprintf(`"port":%d`, 80+i), 1)
	if got := line.ask(t, "InstanceRequest", body); got.ResultCode != 200 {
		t.Fatalf("register: %+v", got)
	}
	return line
}

// requireHealth waits until the reader lists so many healthy and unhealthy
// instances.
func requireHealth(t *testing.T, reader *sdk.Client, healthy, unhealthy int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s lists %d healthy and %d unhealthy instances", reader.Member, healthy, unhealthy), func() error {
		list, err := reader.List(service)
		if err != nil {
			return err
		}
		well := 0
		for _, i := range list {
			if i.Healthy {
				well++
			}
		}
		if well != healthy || len(list)-well != unhealthy {
			return missing([]int{healthy, unhealthy}, []int{well, len(list) - well})
		}
		return nil
	})
}
