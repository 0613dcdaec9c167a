// Package gate lets callers pass, or not: it follows the files with users, rights
// and signing keys, logs users in, and judges every call by what it shows. It is
// the shell around package auth.
//
// Files that are not whole and valid never replace what is in use; the fault is
// told. Logins are bounded: so many passwords are checked at once, so many may be
// wrong in a minute, and so many are remembered. Passwords, hashes, keys and tokens
// are neither logged nor counted by.
package gate
