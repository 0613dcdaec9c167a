package loopback

import "testing"

func TestPortsAreGivenOnce(t *testing.T) {
	const clusters, members = 60, 3 // so many that random ones would meet
	seen := map[int]bool{}
	for range clusters {
		ports, err := Ports(t.Context(), members)
		if err != nil {
			t.Fatal(err)
		}
		for _, main := range ports {
			for _, offset := range offsets {
				if seen[main+offset] {
					t.Fatalf("%d is given twice", main+offset)
				}
				seen[main+offset] = true
			}
		}
	}
}
