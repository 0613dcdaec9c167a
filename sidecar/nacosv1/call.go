package nacosv1

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// maxAnswer bounds an answer, in bytes: all that a member knows is one.
const maxAnswer = 256 << 20

// call is one call of a member's main port.
type call struct {
	kind         string // as it is observed; "" when it is not
	method, path string
	query        url.Values
	form         bool // the body is a form and not JSON
	body         []byte
	large        bool // the answer may take long
}

// answer is what a member said to it.
type answer struct {
	status int
	body   []byte
}

// ask makes a call as members of Nacos make it of each other. Any answer is none
// of its errors.
func (x *Exchange) ask(ctx context.Context, to member.Address, c call) (answer, error) {
	within, client := x.cfg.CallWithin, x.web
	if c.large {
		within, client = x.cfg.LoadWithin, x.loads
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	u := url.URL{Scheme: "http", Host: string(to), Path: c.path, RawQuery: c.query.Encode()}
	in, err := http.NewRequestWithContext(ctx, c.method, u.String(), bytes.NewReader(c.body))
	if err != nil {
		return answer{}, fmt.Errorf("call %s: %w", to, err)
	}
	self := x.deps.Routes.Node()
	in.Header.Set("Content-Type", "application/json;charset=UTF-8")
	if c.form {
		in.Header.Set("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8")
	}
	in.Header.Set("User-Agent", "Nacos-Server:"+self.Version)
	in.Header.Set("Client-Version", self.Version)
	in.Header.Set("Nacos-Server", self.Version)
	in.Header.Set("Request-Source", string(self.Address))
	for _, i := range x.cfg.Identity.Shown() {
		in.Header.Set(i.Key, i.Value)
	}
	out, err := client.Do(in)
	if err != nil {
		return answer{}, fmt.Errorf("call %s: %w", to, err)
	}
	defer func() { _ = out.Body.Close() }() // read to its end or given up
	body, err := io.ReadAll(io.LimitReader(out.Body, maxAnswer))
	if err != nil {
		return answer{}, fmt.Errorf("call %s: %s %s: read answer: %w", to, c.method, c.path, err)
	}
	return answer{status: out.StatusCode, body: body}, nil
}

// errForbidden means that a member does not take this one for a member.
var errForbidden = errors.New("the server identity shown is missing or wrong: give every server the same, Java by " +
	"nacos.core.auth.server.identity.key and .value, members of this program by --server-identity")

// tell makes a call whose answer must be a success. 304 is one (HTTP page, 6.5).
func (x *Exchange) tell(ctx context.Context, to member.Address, c call) ([]byte, error) {
	began := time.Now()
	a, err := x.ask(ctx, to, c)
	if err == nil && a.status != http.StatusOK && a.status != http.StatusNotModified {
		text := strings.TrimSpace(string(a.body[:min(len(a.body), 200)]))
		err = fmt.Errorf("call %s: %s %s answered %d %s", to, c.method, c.path, a.status, text)
		if a.status == http.StatusForbidden {
			err = fmt.Errorf("%w: %w", errForbidden, err)
		}
	}
	if c.kind != "" {
		x.deps.Observer.Called(to, c.kind, time.Since(began), err)
	}
	return a.body, err
}
