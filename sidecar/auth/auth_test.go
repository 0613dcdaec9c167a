package auth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/bcrypt"
)

var now = time.Unix(1_800_000_000, 0)

func key(tb testing.TB, secret string) Key {
	tb.Helper()
	keys, err := ParseKeys(base64.StdEncoding.EncodeToString([]byte(secret)))
	if err != nil {
		tb.Fatal(err)
	}
	return keys[0]
}

func hashed(tb testing.TB, password string, cost int) string {
	tb.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		tb.Fatal(err)
	}
	return string(hash)
}

func TestKeysThatAreWeakAreRefused(t *testing.T) {
	good := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	for name, tc := range map[string]struct{ text, want string }{
		"one":                         {good, ""},
		"without padding":             {strings.TrimRight(good, "="), ""},
		"two, a comment, empty lines": {"# newest first\n\n" + good + "\r\nQUJD" + good, ""},
		"none":                        {"# nothing\n", "there is no key"},
		"too short":                   {base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 31))), "line 1: it has fewer than 32 bytes"},
		"no base64":                   {good + "\n!!", "line 2: it is not base64"},
		"Nacos's up to 2.2.0":         {published[0], "published"},
		"that of its pages":           {"VGhpc0lzTXlDdXN0b21TZWNyZXRLZXkwMTIzNDU2Nzg=", "published"},
		"the same, written otherwise": {base64.StdEncoding.EncodeToString([]byte("SecretKey012345678901234567890123456789012345678901234567890123456789")), "published"},
		"the same without its end":    {"VGhpc0lzTXlDdXN0b21TZWNyZXRLZXkwMTIzNDU2Nzg", "published"},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := ParseKeys(tc.text)
			switch {
			case tc.want == "" && (err != nil || len(keys) == 0):
				t.Errorf("refused: %v", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("error is %v, want %q in it", err, tc.want)
			case err != nil && strings.Contains(err.Error(), strings.TrimRight(good, "=")):
				t.Errorf("the error tells the key: %v", err)
			}
		})
	}
}

func TestUsersAndPermissions(t *testing.T) {
	hash := hashed(t, "right", leastCost)
	for name, tc := range map[string]struct{ users, rights, want string }{
		"one without rights":      {"alice:" + hash, "", ""},
		"as htpasswd writes it":   {"alice:" + strings.Replace(hash, "$2a$", "$2y$", 1), "alice * rw", ""},
		"none":                    {"", "", "there is no user"},
		"no hash":                 {"alice", "", "users, line 1: want NAME:HASH"},
		"a password":              {"alice:right", "", "user alice: the hash is not one of bcrypt"},
		"a hash that goes on":     {"alice:" + hash + "x", "", "user alice: the hash is not one of bcrypt"},
		"too cheap":               {"alice:" + hashed(t, "right", bcrypt.MinCost), "", "cost 4, and 10 to 14"},
		"an odd name":             {"al ice:" + hash, "", "a name has letters"},
		"twice":                   {"alice:" + hash + "\nalice:" + hash, "", "line 2: user alice is there twice"},
		"rights of nobody":        {"alice:" + hash, "\nbob * r", `permissions, line 2: there is no user "bob"`},
		"a right that is none":    {"alice:" + hash, "alice public x", "permissions, line 1: want NAME NAMESPACE"},
		"a namespace alone":       {"alice:" + hash, "alice public", "want NAME NAMESPACE"},
		"one word":                {"alice:" + hash, "alice", "want NAME NAMESPACE"},
		"a role that is no right": {"alice:" + hash, "alice ADMIN", "want NAME NAMESPACE"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseUsers(tc.users, tc.rights)
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("error is %v, want %q in it", err, tc.want)
			case err != nil && (strings.Contains(err.Error(), hash[10:]) || strings.Contains(err.Error(), "right\"")):
				t.Errorf("the error tells the hash or the password: %v", err)
			}
		})
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	hash := hashed(t, "p", leastCost)
	all, err := ParseUsers("root:"+hash+"\nreader:"+hash+"\nwriter:"+hash+"\nboth:"+hash+"\nwatch:"+hash+"\nnone:"+hash,
		"root admin\nreader public r\nwriter prod w\nboth dev r\nboth dev w\nwatch * r")
	if err != nil {
		t.Fatal(err)
	}
	for want, needs := range map[string][]Need{
		"root reader watch":                  {{Read, ""}, {Read, "public"}},
		"root":                               {{Write, "public"}, {Admin, ""}, {Write, Every}},
		"root both watch":                    {{Read, "dev"}},
		"root both":                          {{Write, "dev"}},
		"root writer":                        {{Write, "prod"}},
		"root watch":                         {{Read, "prod"}, {Read, Every}, {Read, "elsewhere"}},
		"root reader writer both watch none": {{Open, ""}, {Login, ""}},
		"nobody, since members are no users": {{Member, ""}},
		"nobody, since nobody said what it needs": {{}},
	} {
		for _, need := range needs {
			var may []string
			for _, name := range []string{"root", "reader", "writer", "both", "watch", "none"} {
				if all[name].May(need) {
					may = append(may, name)
				}
			}
			if got := strings.Join(may, " "); got != want && (got != "" || !strings.HasPrefix(want, "nobody")) {
				t.Errorf("%s in %q: may %q, want %q", need.Right, need.Namespace, got, want)
			}
		}
	}
}

func TestPasswords(t *testing.T) {
	long := strings.Repeat("x", 72)
	all, err := ParseUsers("alice:"+hashed(t, "right", leastCost)+"\nlong:"+hashed(t, long, leastCost+1), "")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		user, password string
		good           bool
	}{
		"right":                            {"alice", "right", true},
		"wrong":                            {"alice", "Right", false},
		"empty":                            {"alice", "", false},
		"of nobody":                        {"bob", "right", false},
		"as long as bcrypt looks":          {"long", long, true},
		"longer: its end would not matter": {"long", long + "y", false},
	} {
		u, err := all.Check(tc.user, tc.password)
		if tc.good != (err == nil) || tc.good && u.Name != tc.user || !tc.good && !errors.Is(err, ErrPassword) {
			t.Errorf("%s: %v, %v", name, u, err)
		}
	}
	if cost, err := bcrypt.Cost(all.dummy()); err != nil || cost != leastCost+1 || len(all.dummy()) != len(dummyHash) {
		t.Errorf("who is unknown is compared with a hash of cost %d, %v: want that of the dearest user", cost, err)
	}
}

// forged makes a token that Issue would not.
func forged(t *testing.T, method jwt.SigningMethod, secret any, claims jwt.Claims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, claims).SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestTokens(t *testing.T) {
	old, newest := key(t, strings.Repeat("o", 32)), key(t, strings.Repeat("n", 64))
	stranger := key(t, strings.Repeat("s", 32))
	issue := func(k Key, at time.Time) string {
		token, err := k.Issue("alice", at, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	good := issue(newest, now)
	parts := strings.Split(good, ".")
	claims := jwt.MapClaims{"sub": "alice", "exp": now.Add(time.Hour).Unix()}
	for name, tc := range map[string]struct {
		token string
		want  error
	}{
		"of the newest key":         {good, nil},
		"of an older key":           {issue(old, now), nil},
		"as Java 2.x signs it":      {forged(t, jwt.SigningMethodHS512, newest.secret, claims), nil},
		"of a stranger's key":       {issue(stranger, now), ErrInvalid},
		"over":                      {issue(newest, now.Add(-time.Hour)), ErrExpired},
		"over, of a stranger":       {issue(stranger, now.Add(-2*time.Hour)), ErrInvalid},
		"without an end":            {forged(t, jwt.SigningMethodHS256, newest.secret, jwt.MapClaims{"sub": "alice"}), ErrInvalid},
		"of nobody":                 {forged(t, jwt.SigningMethodHS256, newest.secret, jwt.MapClaims{"exp": claims["exp"]}), ErrInvalid},
		"signed by nothing":         {forged(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims), ErrInvalid},
		"without its signature":     {parts[0] + "." + parts[1] + ".", ErrInvalid},
		"with another's signature":  {parts[0] + "." + parts[1] + "." + strings.Split(issue(stranger, now), ".")[2], ErrInvalid},
		"that is none":              {"AUTH_DISABLED", ErrInvalid},
		"that is empty":             {"", ErrInvalid},
		"that is larger than any":   {strings.Repeat("a", mostToken+1), ErrInvalid},
		"with the name of an admin": {parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"root","exp":9999999999}`)) + "." + parts[2], ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			said, err := Verify(tc.token, []Key{newest, old}, now)
			if !errors.Is(err, tc.want) || err == nil && (said.Name != "alice" || !said.Until.Equal(now.Add(time.Hour))) {
				t.Errorf("Verify = %+v, %v, want %v", said, err, tc.want)
			}
		})
	}
}

// TestTokensAreGoodForAsLongAsTheyAreSaidToBe issues one at every tenth of a second.
func TestTokensAreGoodForAsLongAsTheyAreSaidToBe(t *testing.T) {
	k := key(t, strings.Repeat("k", 32))
	for tenth := range 10 {
		at := now.Add(time.Duration(tenth) * time.Second / 10)
		token, err := k.Issue("alice", at, 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(token, []Key{k}, at.Add(10*time.Second-time.Nanosecond)); err != nil {
			t.Errorf("issued at %v, just before its end: %v", at, err)
		}
		if _, err := Verify(token, []Key{k}, at.Add(11*time.Second)); !errors.Is(err, ErrExpired) {
			t.Errorf("issued at %v, a second after its end: %v, want %v", at, err, ErrExpired)
		}
	}
}

// TestTokensHaveTheClaimsOfNacos keeps what Java servers read.
func TestTokensHaveTheClaimsOfNacos(t *testing.T) {
	token, err := key(t, strings.Repeat("k", 32)).Issue("alice", now, 18000*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	var got map[string]any
	if err != nil || json.Unmarshal(text, &got) != nil || len(got) != 2 || got["sub"] != "alice" ||
		got["exp"] != float64(now.Unix()+18000) {
		t.Errorf("claims are %s, %v", text, err)
	}
}

// TestTokensHaveTheHeaderOfNacos: Java servers since 2.2.1 compare it as a text.
func TestTokensHaveTheHeaderOfNacos(t *testing.T) {
	for _, length := range []int{32, 48, 64} {
		token, err := key(t, strings.Repeat("k", length)).Issue("alice", now, time.Hour)
		if header, _, _ := strings.Cut(token, "."); err != nil || header != "eyJhbGciOiJIUzI1NiJ9" {
			t.Errorf("by a key of %d bytes the header is %q, %v, want that of {\"alg\":\"HS256\"}", length, header, err)
		}
	}
}

// TestTokensOfNacosAreTaken has them as Java signs them since 2.2.1: by an algorithm
// that the length of the key chooses.
func TestTokensOfNacosAreTaken(t *testing.T) {
	for length, method := range map[int]jwt.SigningMethod{
		32: jwt.SigningMethodHS256, 47: jwt.SigningMethodHS256, 48: jwt.SigningMethodHS384, 63: jwt.SigningMethodHS384, 64: jwt.SigningMethodHS512,
	} {
		k := key(t, strings.Repeat("k", length))
		token := jwt.NewWithClaims(method, jwt.MapClaims{"sub": "alice", "exp": now.Add(time.Hour).Unix()})
		token.Header = map[string]any{"alg": method.Alg()}
		text, err := token.SignedString(k.secret)
		if err != nil {
			t.Fatal(err)
		}
		if said, err := Verify(text, []Key{k}, now); err != nil || said.Name != "alice" {
			t.Errorf("by a key of %d bytes: %+v, %v", length, said, err)
		}
	}
}

func TestKeysAreComparedWhole(t *testing.T) {
	a, b := key(t, strings.Repeat("a", 32)), key(t, strings.Repeat("a", 31)+"b")
	if !a.Equal(a) || a.Equal(b) || a.Derive("x") == a.Derive("y") || a.Derive("x") == b.Derive("x") {
		t.Error("keys are not told apart")
	}
}

func FuzzTokensAreNeverTakenThatWereNotIssued(f *testing.F) {
	k := key(f, strings.Repeat("k", 32))
	good, err := k.Issue("alice", now, time.Hour)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{good, "", "a.b.c", good + ".", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290IiwiZXhwIjo5OTk5OTk5OTk5fQ."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		said, err := Verify(token, []Key{k}, now)
		if err == nil && (said.Name != "alice" || !said.Until.Equal(now.Add(time.Hour))) {
			t.Errorf("%q was taken for %+v", token, said)
		}
	})
}

func FuzzFilesDoNotPanic(f *testing.F) {
	f.Add("alice:"+dummyHash, "alice * rw")
	f.Add("# nothing\n", "a b c d")
	f.Fuzz(func(_ *testing.T, users, rights string) {
		_, _ = ParseKeys(users)
		_, _ = ParseUsers(users, rights)
	})
}
