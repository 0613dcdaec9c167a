package command

import "testing"

func TestWhatClientsChoseDoesNotReachTheTerminal(t *testing.T) {
	for in, want := range map[string]string{
		"<b>plain, 中</b>": "k:<b>plain, 中</b>",
		"\x1b[2J":         "k:\ufffd[2J",
		"a\nb\x00":        "k:a\ufffdb\ufffd",
		"\u202eabc":       "k:\ufffdabc",
	} {
		if got := metadata(map[string]string{"k": in}); got != want {
			t.Errorf("%q is printed %q, want %q", in, got, want)
		}
	}
}
