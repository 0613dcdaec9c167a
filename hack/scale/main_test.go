package main

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// The page is rewritten by "make generate", which simulates a hundred members;
// here only what is quick is compared.
func TestThePageShowsTheTraffic(t *testing.T) {
	page, err := os.ReadFile("../../docs/explanation/distro.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), begin+trafficTable()) {
		t.Errorf("docs/explanation/distro.md does not show this table; go run ./hack/scale -page docs/explanation/distro.md\n%s", trafficTable())
	}
}

func TestTablesAreWrittenBetweenTheirLines(t *testing.T) {
	got, err := between([]byte("# Page\n"+begin+"old\n"+end+"more\n"), "new\n")
	if want := "# Page\n" + begin + "new\n" + end + "more\n"; err != nil || string(got) != want {
		t.Errorf("between = %q, %v, want %q", got, err, want)
	}
	if _, err := between([]byte("# Page\n"), "new\n"); !errors.Is(err, errNoPlace) {
		t.Errorf("between lines that are missing = %v, want %v", err, errNoPlace)
	}
}

// A digest costs the same however much it stands for.
func TestDigestsDoNotGrowWithWhatTheyStandFor(t *testing.T) {
	if small, large := difference(1000), difference(100_000); large >= 100*small || digestRound() >= verifyCall() {
		t.Errorf("difference among 1000: %d bytes, among 100000: %d; digest %d, VERIFY %d", small, large, digestRound(), verifyCall())
	}
}

func TestSizesAreReadable(t *testing.T) {
	tests := map[float64]string{12: "12 B", 1500: "1.5 KB", 2.5e6: "2.5 MB", 3e9: "3 GB"}
	for n, want := range tests {
		if got := size(n); got != want {
			t.Errorf("size(%v) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[float64]string{0.4: "0.4", 9999: "9999", 20_000: "20k", 1e6: "1M"} {
		if got := count(n); got != want {
			t.Errorf("count(%v) = %q, want %q", n, got, want)
		}
	}
}
