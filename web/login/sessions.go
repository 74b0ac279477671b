package login

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"
)

const (
	// lifetime is how long a session lasts, idle how long it may go unused.
	lifetime = 7 * 24 * time.Hour
	idle     = 24 * time.Hour
	// maxSessions bounds them; a further one ends the one that has gone unused for longest.
	maxSessions = 100
)

// Sessions are the browsers that have logged in. Only hashes of their tokens are kept. A process has one, which it keeps over reloads. All
// end with the process, or with the password.
type Sessions struct {
	mu  sync.Mutex // guards what follows
	all map[[sha256.Size]byte]*session
	of  *Hashed // the password that they know
}

type session struct{ began, used time.Time }

// keep ends all sessions if their password was another one.
func (s *Sessions) keep(password *Hashed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !password.equals(s.of) {
		s.all = nil
	}
	s.of = password
}

func (s *Sessions) begin(now time.Time) (token string) {
	var b [32]byte
	_, _ = rand.Read(b[:]) // it never fails
	token = base64.RawURLEncoding.EncodeToString(b[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[[sha256.Size]byte]*session{}
	}
	for len(s.all) >= maxSessions {
		s.dropOldest()
	}
	s.all[sha256.Sum256([]byte(token))] = &session{began: now, used: now}
	return token
}

func (s *Sessions) dropOldest() {
	var oldest [sha256.Size]byte
	var at time.Time
	for key, one := range s.all {
		if at.IsZero() || one.used.Before(at) {
			oldest, at = key, one.used
		}
	}
	delete(s.all, oldest)
}

// valid reports whether the token is a session's, which it keeps from going idle.
func (s *Sessions) valid(token string, now time.Time) bool {
	key := sha256.Sum256([]byte(token))
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.all[key]
	if one == nil {
		return false
	}
	if now.Sub(one.began) > lifetime || now.Sub(one.used) > idle {
		delete(s.all, key)
		return false
	}
	one.used = now
	return true
}

func (s *Sessions) end(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, sha256.Sum256([]byte(token)))
}

const (
	// triesPerAddress and triesInAll are how many passwords may be tried within triesWithin.
	triesPerAddress = 5
	triesInAll      = 30
	triesWithin     = time.Minute
)

// limiter bounds the attempts to log in.
type limiter struct {
	mu    sync.Mutex // guards all
	began time.Time
	all   int
	by    map[string]int
}

// take counts an attempt. If there were too many, it returns how long to wait.
func (l *limiter) take(address string, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.began) >= triesWithin || now.Before(l.began) {
		l.began, l.all, l.by = now, 0, map[string]int{}
	}
	if l.all >= triesInAll || l.by[address] >= triesPerAddress {
		return triesWithin - now.Sub(l.began)
	}
	l.all++
	l.by[address]++
	return 0
}

// forgive forgets the attempts of an address that knows the password.
func (l *limiter) forgive(address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all -= l.by[address]
	delete(l.by, address)
}
