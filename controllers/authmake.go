package controllers

import (
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"golang.org/x/crypto/bcrypt"
	corev1 "k8s.io/api/core/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

const (
	firstUser    = "admin"
	keyBytes     = 48 // of a signing key
	secretBytes  = 24 // of a password
	passwordCost = 10 // of its hash, as in Nacos
)

// makeAuth decides about the users and keys that the operator makes: a key, and one
// user who may do everything. Whatever else users write into the Secret stays. A
// cluster that is paused keeps what it has.
func (s *scope) makeAuth(t *certificates, random io.Reader) error {
	u := &t.auth
	files, admin := u.target.Secret, u.admin
	for _, name := range []string{files, admin} {
		if read := s.secrets[name]; u.own && read.forbidden != "" {
			u.trouble = read.trouble(name)
		}
	}
	if !u.own || u.trouble != nil || s.wishes.paused != "" {
		return nil
	}
	made := users{
		keys: lines(s.kept(files, signingKeys)), users: lines(s.kept(files, usersKey)), rights: lines(s.kept(files, permissions)),
		password: string(s.kept(admin, corev1.BasicAuthPasswordKey)),
	}
	found := s.ours(files)
	if found != nil {
		made.asked = found.Annotations[resources.AskedAnnotation]
	}
	changed, err := made.next(random, s.cluster.Annotations[v1alpha1.RotateSigningKeyAnnotation])
	if err != nil {
		return fmt.Errorf("make users and keys: %w", err)
	}
	data := map[string][]byte{signingKeys: made.keys.text(), usersKey: made.users.text(), permissions: made.rights.text()}
	if !changed {
		data = maps.Clone(found.Data) // as somebody may have written it
	}
	// The password comes last: one that is stored is taken for the one that the users have.
	t.secrets = append(t.secrets,
		resources.Secret{Name: files, Type: corev1.SecretTypeOpaque, Asked: made.asked, Data: data},
		resources.Secret{Name: admin, Type: corev1.SecretTypeBasicAuth, Data: map[string][]byte{
			corev1.BasicAuthUsernameKey: []byte(firstUser), corev1.BasicAuthPasswordKey: []byte(made.password),
		}})
	return nil
}

// kept is what a Secret of the cluster has under a key.
func (s *scope) kept(name, key string) []byte {
	if found := s.ours(name); found != nil {
		return found.Data[key]
	}
	return nil
}

// users is what the two Secrets of the operator say.
type users struct {
	keys, users, rights text
	password            string
	asked               string // the last request for a new key that is followed
}

// text is a file, line by line.
type text []string

func lines(raw []byte) text {
	if len(raw) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
}

func (t text) text() []byte { return []byte(strings.Join(t, "\n") + "\n") }

// next adds what is missing, and reports whether anything was. A new key is put first, and of the others the last one
// that was first is kept, so that nobody is logged out.
func (u *users) next(random io.Reader, asked string) (changed bool, err error) {
	if len(u.keys) == 0 || asked != u.asked {
		key, err := draw(random, keyBytes, base64.StdEncoding)
		if err != nil {
			return false, err
		}
		changed = true
		newest := slices.DeleteFunc(u.keys, func(line string) bool {
			return strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#")
		})
		u.keys, u.asked = append(text{key}, newest[:min(len(newest), 1)]...), asked
	}
	isFirst := func(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), firstUser+":") }
	if slices.ContainsFunc(u.users, isFirst) && u.password != "" {
		return changed, nil
	}
	if u.password == "" {
		password, err := draw(random, secretBytes, base64.RawURLEncoding)
		if err != nil {
			return false, err
		}
		u.password = password
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(u.password), passwordCost)
	if err != nil {
		return false, err
	}
	u.users = append(text{firstUser + ":" + string(hash)}, slices.DeleteFunc(u.users, isFirst)...)
	if right := firstUser + " admin"; !slices.Contains(u.rights, right) {
		u.rights = append(text{right}, u.rights...)
	}
	return true, nil
}

func draw(random io.Reader, n int, as *base64.Encoding) (string, error) {
	raw := make([]byte, n)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", err
	}
	return as.EncodeToString(raw), nil
}
