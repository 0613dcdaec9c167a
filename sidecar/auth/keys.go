package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Key signs tokens. Its zero value signs nothing.
type Key struct{ secret []byte }

// leastKey is the least that a key may have, in bytes: a shorter one could be tried
// out (RFC 7518, 3.2), and Nacos refuses it as well.
const leastKey = 32

// published are keys that stand in Nacos's files and pages, so that anybody can
// make tokens by them. Each is as it was published, and stands for what its text
// decodes to as well.
var published = []string{
	"SecretKey012345678901234567890123456789012345678901234567890123456789", // application.properties up to 2.2.0
	"SecretKey01234567890123456789012345345678999987654901234567890123456789",
	"VGhpc0lzTXlDdXN0b21TZWNyZXRLZXkwMTIzNDU2Nzg=", // the pages about authorization and Docker
	"ThisIsMyCustomSecretKey012345678",
	"ThisIsMyCustomSecretKey0123456789",
}

var (
	errShort     = fmt.Errorf("it has fewer than %d bytes: make one by openssl rand -base64 48", leastKey)
	errPublished = errors.New("it is published in Nacos's own files, so anybody has it: make one by openssl rand -base64 48")
	errNoKey     = errors.New("there is no key: write one in base64 on a line of its own, as openssl rand -base64 48 makes it")
	errBase64    = errors.New("it is not base64: make one by openssl rand -base64 48")
)

// ParseKeys reads keys, base64 as in Nacos's token.secret.key, one a line. The first
// is the newest. Empty lines, and those that begin with #, say nothing.
func ParseKeys(text string) ([]Key, error) {
	var keys []Key
	for number, line := range lines(text) {
		k, err := parseKey(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err) // never the line itself
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errNoKey
	}
	return keys, nil
}

func parseKey(text string) (Key, error) {
	if slices.Contains(published, text) {
		return Key{}, errPublished
	}
	secret, err := decode(text)
	if err != nil {
		return Key{}, errBase64
	}
	for _, known := range published {
		if decoded, err := decode(known); string(secret) == known || err == nil && string(decoded) == string(secret) {
			return Key{}, errPublished
		}
	}
	if len(secret) < leastKey {
		return Key{}, errShort
	}
	return Key{secret}, nil
}

// decode reads base64 with or without padding.
func decode(text string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
}

// Equal compares keys without telling by the time that it takes where they differ.
func (k Key) Equal(o Key) bool { return subtle.ConstantTimeCompare(k.secret, o.secret) == 1 }

// Derive returns what those know who have the key, and nobody else. It tells
// nothing of the key.
func (k Key) Derive(purpose string) string {
	mac := hmac.New(sha256.New, k.secret)
	_, _ = mac.Write([]byte(purpose)) // cannot fail
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
