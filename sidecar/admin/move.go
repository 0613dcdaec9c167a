package admin

import (
	"net/http"
	"strconv"
)

// Moved is the answer of /v1/move.
type Moved struct {
	Asked  int `json:"asked"`  // clients that were asked to go
	Agreed int `json:"agreed"` // of those, that said they will; old SDKs may not know the request
}

func (s Sources) move(w http.ResponseWriter, r *http.Request) {
	if _, here := origin(r); !here {
		http.Error(w, "move: only from this host; kubectl naming rebalance forwards the port", http.StatusForbidden)
		return
	}
	q := r.URL.Query()
	clients := 0
	if text := q.Get("clients"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			http.Error(w, "move: clients must be a number from 1; leave it out for all", http.StatusBadRequest)
			return
		}
		clients = n
	}
	moved, err := s.Move(r.Context(), clients, q.Get("to"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	writeJSON(w, moved)
}
