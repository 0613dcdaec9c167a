package gate

import (
	"crypto/hmac"
	"crypto/sha256"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Wrong passwords that are checked for one caller: so many at once, then one each
// pause. A caller is an address with a name; an address alone has ten times that.
const (
	wrongAtOnce = 10
	wrongPause  = 3 * time.Second
	ofAddress   = 10
)

// memory remembers right passwords, so that who shows one with every call is checked
// once, and who showed wrong ones. What it keeps of a password is of no use without
// its salt, which is never written anywhere.
type memory struct {
	most int
	salt [32]byte

	mu    sync.Mutex
	right map[[sha256.Size]byte]struct{}
	wrong map[string]*rate.Limiter
}

func (m *memory) key(of *book, name, password string) (out [sha256.Size]byte) {
	mac := hmac.New(sha256.New, m.salt[:])
	_, _ = mac.Write([]byte(of.revision + name + "\x00" + password)) // cannot fail; revisions have one length, names no such byte
	copy(out[:], mac.Sum(nil))
	return out
}

// knows reports whether a password was right by what the files say.
func (m *memory) knows(of *book, name, password string) bool {
	key := m.key(of, name, password)
	m.mu.Lock()
	defer m.mu.Unlock()
	_, known := m.right[key]
	return known
}

func (m *memory) learn(of *book, name, password string) {
	key := m.key(of, name, password)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.right == nil || len(m.right) >= m.most {
		m.right = map[[sha256.Size]byte]struct{}{}
	}
	m.right[key] = struct{}{}
}

// callers are the two that a login counts for.
func callers(ip, name string) map[string]int {
	return map[string]int{ip: ofAddress, ip + " " + name: 1}
}

// may reports whether a caller may try at all.
func (m *memory) may(ip, name string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for caller := range callers(ip, name) {
		if l := m.wrong[caller]; l != nil && l.TokensAt(now) < 1 {
			return false
		}
	}
	return true
}

// erred counts a wrong password. Callers that were quiet for long are forgotten first
// when there are too many, and then all.
func (m *memory) erred(ip, name string, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.wrong == nil {
		m.wrong = map[string]*rate.Limiter{}
	}
	for caller, times := range callers(ip, name) {
		l := m.wrong[caller]
		if l == nil {
			m.room(now)
			l = rate.NewLimiter(rate.Every(wrongPause/time.Duration(times)), wrongAtOnce*times)
			m.wrong[caller] = l
		}
		l.AllowN(now, 1)
	}
}

func (m *memory) room(now time.Time) {
	if len(m.wrong) < m.most {
		return
	}
	for caller, l := range m.wrong {
		if l.TokensAt(now) >= float64(l.Burst()) {
			delete(m.wrong, caller)
		}
	}
	if len(m.wrong) >= m.most {
		clear(m.wrong)
	}
}
