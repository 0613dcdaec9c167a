package sdk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

var errRefused = errors.New("the member refused")

// refusal is errRefused with the member's words. The SDK keeps those from its user and
// writes them into its log alone.
func (c *Client) refusal() error {
	log, err := os.ReadFile(filepath.Join(c.logs, "nacos-sdk.log"))
	if err != nil {
		return fmt.Errorf("%w, and the SDK's log does not tell why: %w", errRefused, err)
	}
	all := strings.Split(string(log), "received fail response")
	if len(all) == 1 {
		return errRefused
	}
	words, _, _ := strings.Cut(all[len(all)-1], "\n")
	return fmt.Errorf("%w: %s", errRefused, strings.TrimLeft(words, ", "))
}
