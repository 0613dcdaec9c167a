package auth

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// mostToken bounds a token, in bytes. Ours have some 150.
const mostToken = 8 << 10

// Issue makes a token for a user, signed by k, which is good for so long and up to a
// second more, since exp has whole seconds: clients log in anew by the time that they
// were told. It is a JWT with the claims sub and exp, as Nacos makes it (HTTP page, 4.2).
// Every Java server with the same key takes it: HS256 is what those before 2.2.1 sign
// with, and later ones read the algorithm from the header, whatever the length of the key.
func (k Key) Issue(name string, now time.Time, ttl time.Duration) (string, error) {
	end := now.Add(ttl + time.Second - time.Nanosecond).Truncate(time.Second)
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{Subject: name, ExpiresAt: jwt.NewNumericDate(end)})
	delete(token.Header, "typ") // with it Java servers since 2.2.1 take no token
	return token.SignedString(k.secret)
}

// Claims is what a token says.
type Claims struct {
	Name  string
	Until time.Time // when it ends
}

// Verify reads a token that is signed by one of the keys and has not ended. Java
// servers sign with HS384 and HS512 too where keys are long.
func Verify(token string, keys []Key, now time.Time) (Claims, error) {
	if len(token) > mostToken {
		return Claims{}, ErrInvalid
	}
	var set jwt.VerificationKeySet
	for _, k := range keys {
		set.Keys = append(set.Keys, k.secret)
	}
	var said jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(token, &said, func(*jwt.Token) (any, error) { return set, nil },
		jwt.WithValidMethods([]string{"HS256", "HS384", "HS512"}), jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(func() time.Time { return now }))
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return Claims{}, ErrExpired
	case err != nil || said.Subject == "":
		return Claims{}, ErrInvalid
	}
	return Claims{Name: said.Subject, Until: said.ExpiresAt.Time}, nil
}
