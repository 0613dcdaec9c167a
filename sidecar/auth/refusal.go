package auth

import "errors"

// Refusal is why a caller may not do something: a text of Nacos, and the word by
// which it is counted.
type Refusal struct{ Reason, Text string }

// Error returns Nacos's text.
func (r *Refusal) Error() string { return r.Text }

// The refusals. Nobody is told more than which one it was.
var (
	ErrMissing  = &Refusal{"missing", "user not found!"}          // neither a token nor a name
	ErrExpired  = &Refusal{"expired", "token expired!"}           // log in anew
	ErrInvalid  = &Refusal{"invalid", "token invalid!"}           // of no key that is known here
	ErrTwice    = &Refusal{"ambiguous", "ambiguous accessToken!"} // two that differ
	ErrNobody   = &Refusal{"gone", "user not found!"}             // a token of somebody who is no user any more
	ErrPassword = &Refusal{"password", "User not found! Please check user exist or password is right!"}
	ErrRight    = &Refusal{"right", "authorization failed!"}
	ErrStranger = &Refusal{"member", "unknown member: what proves a member is missing or wrong"}
	ErrBusy     = &Refusal{"busy", "too many logins at once, try again later"}
	ErrPaced    = &Refusal{"paced", "too many logins failed, try again in a minute"}
)

// Reason returns the word by which an error is counted.
func Reason(err error) string {
	if r, is := errors.AsType[*Refusal](err); is {
		return r.Reason
	}
	return "other"
}
