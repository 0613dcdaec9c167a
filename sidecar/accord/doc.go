// Package accord keeps the settings of all members alike. It asks each peer now
// and then, and at once when something was written here, whether it holds the
// same; if not, both tell each other what is different.
//
// It promises that what a member holds reaches every peer that it can reach, in
// whatever order they meet, and that it waits for none of them with another. It
// knows no wire format, holds nothing and decides nothing: what wins is decided
// by package settings.
package accord
