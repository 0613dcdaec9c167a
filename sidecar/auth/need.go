package auth

import "github.com/distro-naming/naming-operator/sidecar/naming"

// Right is what a call needs of who makes it.
type Right uint8

// The rights, each more than the one before. The zero value is that nobody has
// said, and is refused to everybody.
const (
	_      Right = iota
	Open         // nobody is asked: health, and login itself
	Login        // to be a user, whoever
	Read         // of the namespace
	Write        // in the namespace
	Admin        // to operate the cluster
	Member       // to be a member of the cluster, which no user is
)

// String names a right as the pages do.
func (r Right) String() string {
	names := [...]string{"nobody has it", "open", "login", "read", "write", "admin", "member"}
	if int(r) >= len(names) {
		return names[0]
	}
	return names[r]
}

// Every stands for all namespaces: a call that is about all of them needs a right
// in all of them.
const Every = "*"

// Need is a right and, of Read and Write, the namespace; "" is the default one, as
// everywhere in Nacos.
type Need struct {
	Right     Right
	Namespace string
}

// namespace is the name under which rights are kept.
func namespace(name string) string {
	if name == "" {
		return naming.DefaultNamespace
	}
	return name
}

// User is somebody with a password and rights. It is immutable.
type User struct {
	Name  string
	Admin bool

	hash   []byte
	rights map[string]granted // by namespace, or Every
}

// granted is what a user may do in a namespace.
type granted struct{ read, write bool }

// May reports whether the user has what is needed. Admins have all but to be a
// member.
func (u *User) May(n Need) bool {
	switch n.Right {
	case Open, Login:
		return true
	case Read, Write:
		return u.Admin || u.has(n, Every) || u.has(n, namespace(n.Namespace))
	case Admin:
		return u.Admin
	default:
		return false
	}
}

func (u *User) has(n Need, in string) bool {
	if n.Right == Read {
		return u.rights[in].read
	}
	return u.rights[in].write
}
