// Package auth says who may do what: users with their passwords and rights, tokens
// that stand for users, and the keys that sign tokens. It is a function of the
// texts of files, the time, and what a caller shows.
//
// It promises that nobody gets a right who does not show a password or a token of
// a user who has it: what is missing, unknown or cannot be read is a refusal, and
// so is a Need that nobody filled in. No error, and nothing else that leaves it,
// has a password, a hash, a key or a token in it. It reads no file, no clock and
// no network, and remembers nothing.
package auth
