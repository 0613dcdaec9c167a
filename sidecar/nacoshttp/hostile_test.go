package nacoshttp

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/limits"
)

// overs are the limits that somebody went over.
type overs struct {
	mu   sync.Mutex
	seen map[string]int
}

func (o *overs) Over(limit string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.seen == nil {
		o.seen = map[string]int{}
	}
	o.seen[limit]++
}

func (o *overs) of(limit string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.seen[limit]
}

// front serves w on a port of loopback with limits, and returns its address.
func front(t *testing.T, w *world, change func(*limits.Limits)) (address string, seen *overs) {
	t.Helper()
	address, seen, _ = handled(t, w, change)
	return address, seen
}

// handled does the same and returns the handler too.
func handled(t *testing.T, w *world, change func(*limits.Limits)) (address string, seen *overs, h *Handler) {
	t.Helper()
	cfg := DefaultConfig()
	change(&cfg.Limits)
	seen = &overs{}
	cfg.Self, cfg.Over = selfAddress, seen
	h = New(cfg, Deps{
		Registrar: w, Catalog: w, Owners: w, Dialer: w, Roster: w, Datums: w, Subscribers: w, Clients: w, Counter: w, Push: w,
	})
	var listen net.ListenConfig
	l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, ended := Server(h, cfg.Limits), make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
		h.Close()
	})
	return l.Addr().String(), seen, h
}

// talk sends bytes as they are and returns the answer. What is not answered ends with
// the connection, and is status 0.
func talk(t *testing.T, address string, parts ...string) (status int, body string) {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() {
		for _, part := range parts {
			if _, err := io.WriteString(c, part); err != nil {
				return // it was ended
			}
		}
	}()
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		t.Fatal("the connection stays open, and nothing is said")
	case err != nil:
		return 0, err.Error()
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body) // as much as there is
	return answer.StatusCode, string(text)
}

func head(method, target string, more ...string) string {
	return method + " " + target + " HTTP/1.1\r\nHost: x\r\n" + strings.Join(append(more, "\r\n"), "\r\n")
}

// hostilePath is the path of most calls; the others are what is put behind it.
const (
	hostilePath = "/nacos/v1/ns/instance"
	oneInstance = "?serviceName=s&ip=10.0.0.1&port=80"
	hostileName = "?ip=10.0.0.1&port=80&serviceName="
	beatOf      = "/beat?serviceName=s&beat="
)

// refusedCalls are calls with the status and the words of their answers.
var refusedCalls = map[string]struct {
	method, target string
	status         int
	says           string
}{
	"no service":                            {http.MethodPost, hostilePath + "?ip=10.0.0.1&port=80", http.StatusBadRequest, "serviceName"},
	"no ip":                                 {http.MethodPost, hostilePath + "?serviceName=s&port=80", http.StatusBadRequest, "ip"},
	"no port":                               {http.MethodPost, hostilePath + "?serviceName=s&ip=10.0.0.1", http.StatusBadRequest, "port"},
	"a name of three parts":                 {http.MethodPost, hostilePath + hostileName + "a@@b@@c", http.StatusBadRequest, "serviceName"},
	"a name without a group":                {http.MethodPost, hostilePath + hostileName + "@@x", http.StatusBadRequest, "group"},
	"a group without a name":                {http.MethodPost, hostilePath + hostileName + "g@@", http.StatusBadRequest, "serviceName"},
	"a name with a NUL":                     {http.MethodPost, hostilePath + hostileName + "a%00", http.StatusBadRequest, "serviceName"},
	"a name with a line break":              {http.MethodPost, hostilePath + hostileName + "a%0AERROR%20lost", http.StatusBadRequest, "serviceName"},
	"a name that colours a terminal":        {http.MethodPost, hostilePath + hostileName + "a%1b%5b2J", http.StatusBadRequest, "serviceName"},
	"a name written backwards":              {http.MethodPost, hostilePath + hostileName + url.QueryEscape("\u202ea"), http.StatusBadRequest, "serviceName"},
	"a name of 513 letters":                 {http.MethodPost, hostilePath + hostileName + strings.Repeat("a", 513), http.StatusBadRequest, "serviceName"},
	"a namespace that is a path":            {http.MethodPost, hostilePath + hostileName + "s&namespaceId=" + url.QueryEscape("../../etc"), http.StatusBadRequest, "namespaceId"},
	"an ip with a NUL":                      {http.MethodPost, hostilePath + "?serviceName=s&port=80&ip=10.0.0.1%00", http.StatusBadRequest, "ip"},
	"a port of letters":                     {http.MethodPost, hostilePath + "?serviceName=s&ip=a&port=abc", http.StatusBadRequest, "port"},
	"two ports in one":                      {http.MethodPost, hostilePath + "?serviceName=s&ip=a&port=80,81", http.StatusBadRequest, "port"},
	"a port below zero":                     {http.MethodPost, hostilePath + "?serviceName=s&ip=a&port=-1", http.StatusBadRequest, "port"},
	"a port that wraps around":              {http.MethodPost, hostilePath + "?serviceName=s&ip=a&port=4294967376", http.StatusBadRequest, "port"},
	"a port beyond all numbers":             {http.MethodPost, hostilePath + "?serviceName=s&ip=a&port=" + strings.Repeat("9", 1000), http.StatusBadRequest, "port"},
	"a weight of letters":                   {http.MethodPost, hostilePath + oneInstance + "&weight=abc", http.StatusBadRequest, "abc"},
	"a weight below zero":                   {http.MethodPost, hostilePath + oneInstance + "&weight=-1", http.StatusBadRequest, "weights"},
	"a weight that is too much":             {http.MethodPost, hostilePath + oneInstance + "&weight=1e5", http.StatusBadRequest, "weights"},
	"a weight that is no number":            {http.MethodPost, hostilePath + oneInstance + "&weight=NaN", http.StatusBadRequest, "weights"},
	"a weight without end":                  {http.MethodPost, hostilePath + oneInstance + "&weight=Infinity", http.StatusBadRequest, "weights"},
	"metadata that is broken JSON":          {http.MethodPost, hostilePath + oneInstance + "&metadata=" + url.QueryEscape("{bad"), http.StatusInternalServerError, "metadata format incorrect"},
	"metadata with two equal signs":         {http.MethodPost, hostilePath + oneInstance + "&metadata=" + url.QueryEscape("a=b=c"), http.StatusInternalServerError, "metadata format incorrect"},
	"metadata of 1025 letters":              {http.MethodPost, hostilePath + oneInstance + "&metadata=" + url.QueryEscape("a="+strings.Repeat("b", 1024)), http.StatusBadRequest, "Metadata"},
	"metadata of a depth of ten thousand":   {http.MethodPost, hostilePath + oneInstance + "&metadata=" + url.QueryEscape(`{"a":`+strings.Repeat("[", 10_001)), http.StatusInternalServerError, "metadata format incorrect"},
	"1001 parameters":                       {http.MethodPost, hostilePath + oneInstance + strings.Repeat("&a=b", 998), http.StatusBadRequest, "--limits parameters="},
	"a beat that is a list":                 {http.MethodPut, hostilePath + beatOf + "[]", http.StatusInternalServerError, ""},
	"a beat of a depth of ten thousand":     {http.MethodPut, hostilePath + beatOf + strings.Repeat("[", 10_001), http.StatusInternalServerError, ""},
	"a beat without an address":             {http.MethodPut, hostilePath + beatOf + "{}", http.StatusBadRequest, "'ip'"},
	"a beat with a port of text":            {http.MethodPut, hostilePath + beatOf + url.QueryEscape(`{"ip":"a","port":"x"}`), http.StatusInternalServerError, ""},
	"very many clusters":                    {http.MethodGet, hostilePath + "/list?serviceName=s&clusters=" + strings.Repeat("a,", 4000), http.StatusBadRequest, "clusters"},
	"two slashes first":                     {http.MethodPost, "//nacos/v1/ns/instance?serviceName=s&ip=10.0.0.1&port=80", http.StatusNotFound, ""},
	"two slashes within":                    {http.MethodPost, "/nacos//v1/ns/instance?serviceName=s&ip=10.0.0.1&port=80", http.StatusNotFound, ""},
	"a way up and down again":               {http.MethodPost, "/nacos/v1/../v1/ns/instance?serviceName=s&ip=10.0.0.1&port=80", http.StatusNotFound, ""},
	"the same in escapes":                   {http.MethodPost, "/nacos/v1/%2e%2e/v1/ns/instance?serviceName=s&ip=10.0.0.1&port=80", http.StatusNotFound, ""},
	"a parameter of the path":               {http.MethodPost, "/nacos/v1/ns/instance;x=y?serviceName=s&ip=10.0.0.1&port=80", http.StatusNotImplemented, ""},
	"capitals":                              {http.MethodPost, "/NACOS/v1/ns/instance?serviceName=s&ip=10.0.0.1&port=80", http.StatusNotFound, ""},
	"a method that nobody knows":            {"BREW", hostilePath + oneInstance, http.StatusNotImplemented, ""},
	"a method that shows the call":          {"TRACE", "/nacos/v2/ns/instance?serviceName=s&ip=10.0.0.1&port=80", http.StatusMethodNotAllowed, ""},
	"a way to another host":                 {"CONNECT", "example.org:443", http.StatusNotFound, ""},
	"another host":                          {http.MethodPost, "http://169.254.169.254/latest/meta-data", http.StatusNotFound, ""},
	"a database":                            {http.MethodGet, "/nacos/v1/cs/ops/derby?sql=select+1", http.StatusNotFound, ""},
	"what looks into the program":           {http.MethodGet, "/nacos/actuator/env", http.StatusNotFound, ""},
	"profiles":                              {http.MethodGet, "/debug/pprof/heap", http.StatusNotFound, ""},
	"users":                                 {http.MethodPost, "/nacos/v1/auth/users?username=a&password=b", http.StatusNotFound, ""},
	"a report of somebody from somewhere":   {http.MethodPost, "/nacos/v1/core/cluster/report?source=http://169.254.169.254/", http.StatusBadRequest, ""},
	"checksums of somebody from nowhere":    {http.MethodPut, "/nacos/v1/ns/distro/checksum?source=", http.StatusBadRequest, "source"},
	"v2: a weight that is no number":        {http.MethodPost, "/nacos/v2/ns/instance?serviceName=s&ip=a&port=1&weight=NaN", http.StatusBadRequest, `"code":21001`},
	"v3: a port that is none":               {http.MethodPost, "/nacos/v3/client/ns/instance?serviceName=s&ip=a&port=65536", http.StatusBadRequest, ""},
	"v3: 1001 parameters, in its own words": {http.MethodPost, "/nacos/v3/client/ns/instance?" + strings.Repeat("&a=b", 1001), http.StatusBadRequest, `"code":20002`},
}

// TestCallsThatAreRefused: each is answered with what is wrong, in bounds, and nothing
// is registered.
func TestCallsThatAreRefused(t *testing.T) {
	w := newWorld()
	address, _ := front(t, w, func(*limits.Limits) {})
	for name, tc := range refusedCalls {
		t.Run(name, func(t *testing.T) {
			status, body := talk(t, address, head(tc.method, tc.target, "Content-Length: 0"))
			if status != tc.status || !strings.Contains(body, tc.says) {
				t.Errorf("got %d %s, want %d and %q", status, body, tc.status, tc.says)
			}
			if len(body) > 4<<10 {
				t.Errorf("the answer has %d bytes", len(body))
			}
			if strings.ContainsAny(body, "\x00\x1b\u202e") {
				t.Errorf("the answer repeats what cannot be seen: %q", body)
			}
			if w.registry.Len() != 0 {
				t.Error("something was registered")
			}
		})
	}
}

// TestCallsThatAreTaken in spite of how they look, with what is made of them.
func TestCallsThatAreTaken(t *testing.T) {
	const path = "/nacos/v1/ns/instance"
	tests := map[string]struct{ said, ip string }{
		"a parameter given twice: the first counts": {
			head("POST", path+"?serviceName=s&ip=10.0.0.1&ip=10.0.0.2&port=80", "Content-Length: 0"), "10.0.0.1",
		},
		"a parameter in query and form: the query counts": {
			head("POST", path+"?serviceName=s&ip=10.0.0.1&port=80", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 11") + "ip=10.0.0.2", "10.0.0.1",
		},
		"HTTP/1.0":                      {"POST " + path + "?serviceName=s&ip=10.0.0.1&port=80 HTTP/1.0\r\n\r\n", "10.0.0.1"},
		"a thousand fields in the head": {head("POST", path+"?serviceName=s&ip=10.0.0.1&port=80", strings.Repeat("A: b\r\n", 1000)+"Content-Length: 0"), "10.0.0.1"},
		"a page's code is only text": {
			head("POST", path+"?serviceName=s&ip=10.0.0.1&port=80&metadata="+url.QueryEscape(`{"k":"<script>alert(1)</script>"}`), "Content-Length: 0"), "10.0.0.1",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			address, _ := front(t, w, func(*limits.Limits) {})
			if status, body := talk(t, address, tc.said); status != http.StatusOK {
				t.Fatalf("got %d %s", status, body)
			}
			records := w.registry.Records()
			if len(records) != 1 || records[0].Publications()[0].Instances[0].IP != tc.ip {
				t.Errorf("registered %+v", records)
			}
			status, body := talk(t, address, head("GET", path+"/list?serviceName=s&callback=alert", "Connection: close"))
			if status != http.StatusOK || !strings.HasPrefix(body, "{") || strings.Contains(body, "<script>") && strings.Contains(body, "text/html") {
				t.Errorf("listed %d %s", status, body)
			}
		})
	}
}

// TestCallsThatAreTooMuch by their size or their time.
func TestCallsThatAreTooMuch(t *testing.T) {
	const (
		path  = "/nacos/v1/ns/instance?serviceName=s&ip=10.0.0.1&port=80"
		datum = "/nacos/v1/ns/distro/datum"
		large = http.StatusRequestEntityTooLarge
		long  = http.StatusRequestHeaderFieldsTooLarge
		bad   = http.StatusBadRequest
	)
	chunks := "Transfer-Encoding: chunked"
	bomb := zipped(t, strings.Repeat("\x00", 8<<20))
	tests := map[string]struct {
		said   []string
		status int // 0: it is ended without an answer
		limit  string
	}{
		"a body of more than is taken": {[]string{head("POST", path, "Content-Length: 5000"), strings.Repeat("a", 5000)}, large, limits.Body},
		"the same in chunks":           {[]string{head("POST", path, chunks), "1388\r\n", strings.Repeat("a", 5000), "\r\n0\r\n\r\n"}, large, limits.Body},
		"chunks without end":           {append([]string{head("POST", path, chunks)}, repeated("400\r\n"+strings.Repeat("a", 1024)+"\r\n", 100)...), large, limits.Body},
		"chunks that are none":         {[]string{head("POST", path, chunks), "zz\r\n"}, bad, ""},
		"a length and chunks":          {[]string{head("POST", path, chunks, "Content-Length: 5"), "0\r\n\r\n"}, 200, ""},
		"two lengths":                  {[]string{head("POST", path, "Content-Length: 5", "Content-Length: 6"), "aaaaaa"}, bad, ""},
		"a length below zero":          {[]string{head("POST", path, "Content-Length: -1")}, bad, ""},
		"a length that is a lie":       {[]string{head("POST", path, "Content-Length: 100"), "a=b"}, 0, ""},
		"a head of more than is taken": {[]string{head("POST", path, "X: "+strings.Repeat("a", 9<<10))}, long, ""},
		"ten thousand fields":          {[]string{head("POST", path, repeated("A: b", 10_000)...)}, long, ""},
		"a query of more than is":      {[]string{head("POST", path+"&a="+strings.Repeat("a", 9<<10))}, long, ""},
		"a head that does not end":     {[]string{"POST " + path + " HTTP/1.1\r\nHost: x\r\n"}, 0, ""},
		"a head that does not begin":   {nil, 0, ""},
		"no HTTP":                      {[]string{"\x00\x01\x02\r\n\r\n"}, bad, ""},
		"HTTP/2":                       {[]string{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}, 404, ""},
		"no host":                      {[]string{"POST " + path + " HTTP/1.1\r\n\r\n"}, bad, ""},
		"a list that unzips to more":   {[]string{head("PUT", datum, "Content-Encoding: gzip", "Content-Length: "+strconv.Itoa(len(bomb))), bomb}, large, limits.MemberBody},
		"a list of more than is taken": {[]string{head("PUT", datum, "Content-Length: 2000000"), strings.Repeat("a", 2_000_000)}, large, limits.MemberBody},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			address, seen := front(t, w, func(l *limits.Limits) {
				l.Body, l.MemberBody, l.Header = 4<<10, 1<<20, 4<<10
				if tc.status == 0 { // the others have the time that they have, on a machine that is busy
					l.HeaderWithin, l.CallWithin, l.IdleWithin = 100*time.Millisecond, 200*time.Millisecond, 100*time.Millisecond
				}
			})
			status, body := talk(t, address, tc.said...)
			if status != tc.status {
				t.Errorf("got %d %s, want %d", status, body, tc.status)
			}
			if tc.limit != "" && (seen.of(tc.limit) != 1 || !strings.Contains(body, "--limits "+tc.limit+"=")) {
				t.Errorf("counted %v, said %s", seen.seen, body)
			}
			if status != http.StatusOK && w.registry.Len() != 0 {
				t.Error("something was registered")
			}
		})
	}
}

// TestCallThatIsTooSlowIsNotAnswered also where there were time to.
func TestCallThatIsTooSlowIsNotAnswered(t *testing.T) {
	_, _, h := handled(t, newWorld(), func(*limits.Limits) {})
	server := httptest.NewUnstartedServer(h)
	server.Config.ReadTimeout = 50 * time.Millisecond
	server.Start()
	defer server.Close()
	for _, path := range []string{"/nacos/v1/ns/instance", "/nacos/v1/ns/distro/datum"} {
		status, body := talk(t, server.Listener.Addr().String(), head("PUT", path, "Content-Length: 100"), "a=b")
		if status != 0 {
			t.Errorf("%s is answered %d %s, want the end of the connection", path, status, body)
		}
	}
}

func repeated(s string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = s
	}
	return out
}

// TestLargeBodiesAreFewAtOnce: who sends one slowly keeps a place, and no more than
// there are; small ones need none.
func TestLargeBodiesAreFewAtOnce(t *testing.T) {
	const datum = "/nacos/v1/ns/distro/datum"
	w := newWorld()
	address, seen, h := handled(t, w, func(l *limits.Limits) { l.Body, l.MemberBody, l.LargeBodies = 4<<10, 1<<20, 1 })
	var d net.Dialer
	slow, err := d.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := io.WriteString(slow, head("PUT", datum, "Content-Length: 100000")+strings.Repeat("a", 5<<10)); err != nil {
		t.Fatal(err)
	}
	small := []string{head("PUT", datum, "Content-Length: 2"), "{}"}
	for i := 0; i < 1000 && len(h.large) == 0; i++ { // until the slow one has its place
		talk(t, address, small...)
	}
	large := []string{head("PUT", datum, "Content-Length: 5000"), strings.Repeat("a", 5000)}
	status, body := talk(t, address, large...)
	if status != http.StatusServiceUnavailable || !strings.Contains(body, "--limits large-bodies=") || seen.of(limits.LargeBodies) == 0 {
		t.Errorf("a second one: %d %s", status, body)
	}
	if status, body := talk(t, address, small...); status != http.StatusOK {
		t.Errorf("a small one: %d %s", status, body)
	}
	_ = slow.Close()
	for range 1000 {
		if status, body = talk(t, address, large...); status != http.StatusServiceUnavailable {
			return
		}
	}
	t.Errorf("its place is not given back: %d %s", status, body)
}

// TestIdleConnectionsEnd between calls, too.
func TestIdleConnectionsEnd(t *testing.T) {
	address, _ := front(t, newWorld(), func(l *limits.Limits) { l.IdleWithin = 50 * time.Millisecond })
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, head("GET", "/nacos/v1/ns/operator/metrics")); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Errorf("the connection was not ended: %v", err)
	}
}
