package gate

import (
	"fmt"
	"strings"
)

// Mode is how rights are insisted on.
type Mode string

// The modes. Permissive is for the way from no auth to Required, and back.
const (
	Permissive Mode = "Permissive" // who shows nothing, or nothing good, passes, and is counted
	Required   Mode = "Required"   // nobody passes without the right
)

// Policy is how rights are insisted on, of everybody, and of members that they prove
// themselves. Java servers before 2.5.0 cannot over gRPC.
type Policy struct{ Auth, Members Mode }

// ParsePolicy reads a line auth=MODE and, where that of members is another, a line
// members=MODE; a mode is Permissive or Required. Empty lines, and those that begin
// with #, say nothing; without a line it is Required.
func ParsePolicy(text string) (Policy, error) {
	told := map[string]Mode{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, _ := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		mode := Mode(strings.TrimSpace(value))
		if name != "auth" && name != "members" || mode != Permissive && mode != Required || told[name] != "" {
			return Policy{}, fmt.Errorf("line %.64q: want auth=Permissive or auth=Required, members= likewise, each once", line)
		}
		told[name] = mode
	}
	p := Policy{Auth: Required}
	if told["auth"] != "" {
		p.Auth = told["auth"]
	}
	if p.Members = p.Auth; told["members"] != "" {
		p.Members = told["members"]
	}
	return p, nil
}
