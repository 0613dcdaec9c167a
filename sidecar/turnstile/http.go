package turnstile

import (
	"context"
	"net"
	"net/http"
)

// conn is a connection with its place.
type conn struct {
	net.Conn
	place *Place
}

// Close closes the connection and gives its place back.
func (c *conn) Close() error {
	c.place.Leave()
	return c.Conn.Close()
}

// CloseWrite says that no more is said, where the connection can: an answer to who
// still speaks would be lost otherwise.
func (c *conn) CloseWrite() error {
	if half, can := c.Conn.(interface{ CloseWrite() error }); can {
		return half.CloseWrite()
	}
	return nil
}

type listener struct {
	net.Listener
	stile *Turnstile
}

// Listen puts a turnstile before what l accepts.
func Listen(l net.Listener, g *Turnstile) net.Listener { return listener{l, g} }

// Accept returns the next connection that there is a place for.
func (l listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if p := l.stile.Enter(IP(c)); p != nil {
			return &conn{Conn: c, place: p}, nil
		}
		_ = c.Close() // there is no place even to be told
	}
}

// IP returns the address at the other end of a connection, without its port.
func IP(c net.Conn) string {
	text := c.RemoteAddr().String()
	if host, _, err := net.SplitHostPort(text); err == nil {
		return host
	}
	return text // not TCP: a listener of tests
}

type placeKey struct{}

// Keep notes the place of a connection in the context of its calls, and returns
// the connection that came through the turnstile. It is for http.Server's ConnContext.
func Keep(ctx context.Context, c net.Conn) (context.Context, net.Conn) {
	g, passed := c.(*conn)
	if !passed {
		return ctx, c
	}
	return context.WithValue(ctx, placeKey{}, g.place), g.Conn
}

// retryAfter is when to try again, in seconds; what is over then, nobody knows.
const retryAfter = "5"

// Refusing answers as h does, but those who must be refused, with why.
func Refusing(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := r.Context().Value(placeKey{}).(*Place)
		if err := p.Over(); err != nil {
			w.Header().Set("Connection", "close")
			w.Header().Set("Retry-After", retryAfter)
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		h.ServeHTTP(w, r)
	})
}
