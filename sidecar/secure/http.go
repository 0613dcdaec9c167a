package secure

import (
	"context"
	"net"
	"net/http"
)

type connKey struct{}

// Keep notes a connection in the context of its calls; it is for http.Server's
// ConnContext.
func Keep(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// Of returns the connection that a call came on, nil if it came without terms.
func Of(r *http.Request) *Conn {
	c, _ := r.Context().Value(connKey{}).(*Conn)
	return c
}

// Parting answers as h does. A connection that would not be taken any more is told
// to end with that: its client connects anew, as it does after any answer.
func Parting(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c := Of(r); c != nil && c.Fit() != nil {
			w.Header().Set("Connection", "close")
		}
		h.ServeHTTP(w, r)
	})
}
