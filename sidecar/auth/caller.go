package auth

import "time"

// Caller is what a call shows of who makes it.
type Caller struct {
	Token          string
	Ambiguous      bool // it shows two tokens that differ
	Name, Password string
	IP             string
	Seen           *Pass // what the same connection was given before, or nil
}

// Pass is that a caller was let through. It is immutable.
type Pass struct {
	Name     string // "" of who was excused
	Excused  bool   // had no right, and passed since the mode is Permissive
	Member   bool   // speaks as a member
	Token    string
	Until    time.Time // when the token ends
	Revision string    // of the users and keys by which it was judged
}

// Session is what somebody gets who has logged in.
type Session struct {
	Token string
	TTL   time.Duration
	Name  string
	Admin bool
}
