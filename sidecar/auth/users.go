package auth

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// Bounds of the cost of a password's hash. One below can be tried out too fast; one
// above keeps the member busy for seconds with a single login.
const (
	leastCost = 10
	mostCost  = 14
)

// MostName bounds the name of a user, in bytes.
const MostName = 128

// Users are all users, by name.
type Users map[string]*User

var (
	errNoUsers = errors.New("there is no user: write NAME:HASH, as htpasswd -nbB -C 10 NAME PASSWORD makes it")
	errUser    = errors.New("want NAME:HASH, as htpasswd -nbB -C 10 NAME PASSWORD makes it")
	errName    = errors.New("a name has letters, digits, \".\", \"-\", \"_\" and \"@\", 128 at most")
	errRights  = errors.New("want NAME NAMESPACE r, w or rw, with * for all namespaces, or NAME admin")
)

// ParseUsers reads users, one a line as in a file of htpasswd, name:bcrypt-hash, and
// what they may do, one right a line: "name namespace r", "w" or "rw", with "*" for
// all namespaces, or "name admin". Lines of one user add up. Empty lines, and those
// that begin with #, say nothing.
func ParseUsers(users, rights string) (Users, error) {
	all := Users{}
	for number, line := range lines(users) {
		u, err := parseUser(line)
		if err == nil && all[u.Name] != nil {
			err = fmt.Errorf("user %s is there twice", u.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("users, line %d: %w", number, err)
		}
		all[u.Name] = u
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("users: %w", errNoUsers)
	}
	for number, line := range lines(rights) {
		if err := all.grant(strings.Fields(line)); err != nil {
			return nil, fmt.Errorf("permissions, line %d: %w", number, err)
		}
	}
	return all, nil
}

func parseUser(line string) (*User, error) {
	name, hash, found := strings.Cut(line, ":")
	if !found {
		return nil, errUser // not the line: it may be a password
	}
	if name == "" || len(name) > MostName || strings.ContainsFunc(name, odd) {
		return nil, errName
	}
	cost, err := bcrypt.Cost([]byte(hash))
	switch {
	case err != nil || len(hash) != len(dummyHash):
		return nil, fmt.Errorf("user %s: the hash is not one of bcrypt: %w", name, errUser)
	case cost < leastCost || cost > mostCost:
		return nil, fmt.Errorf("user %s: the hash has cost %d, and %d to %d are taken: htpasswd -nbB -C 10 NAME PASSWORD makes one",
			name, cost, leastCost, mostCost)
	}
	return &User{Name: name, hash: []byte(hash), rights: map[string]granted{}}, nil
}

// odd reports whether a name may not have r.
func odd(r rune) bool {
	letter, digit := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z', r >= '0' && r <= '9'
	return !letter && !digit && !strings.ContainsRune(".-_@", r)
}

func (all Users) grant(words []string) error {
	u := all[words[0]]
	switch {
	case u == nil && len(words) > 1:
		return fmt.Errorf("there is no user %.128q in users", words[0])
	case len(words) == 2 && words[1] == "admin":
		u.Admin = true
		return nil
	case len(words) != 3 || words[2] != "r" && words[2] != "w" && words[2] != "rw":
		return errRights
	}
	is := u.rights[namespace(words[1])]
	is.read = is.read || strings.Contains(words[2], "r")
	is.write = is.write || strings.Contains(words[2], "w")
	u.rights[namespace(words[1])] = is
	return nil
}

// dummyHash, with the cost in place of %02d, stands in for users that do not exist.
const dummyHash = "$2a$10$5vVb6cfCkVxYpSeXpYPPoOtkGDcGDwuLjQcCqZ1dKJ7wE0kcVXqYC"

// Check returns the user of a name and a password. It takes as long for a name that
// nobody has: as long as for the dearest hash of all.
func (all Users) Check(name, password string) (*User, error) {
	const most = 72 // bytes that bcrypt looks at
	u, hash := all[name], all.dummy()
	if u != nil {
		hash = u.hash
	}
	err := bcrypt.CompareHashAndPassword(hash, []byte(password)[:min(len(password), most)])
	if u == nil || err != nil || len(password) > most {
		return nil, ErrPassword
	}
	return u, nil
}

func (all Users) dummy() []byte {
	cost := leastCost
	for _, u := range all {
		c, _ := bcrypt.Cost(u.hash) // read before
		cost = max(cost, c)
	}
	return fmt.Appendf(nil, "$2a$%02d%s", cost, dummyHash[len("$2a$10"):])
}
