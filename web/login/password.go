// Package login decides who may see pictures: this machine alone, or whoever knows the password.
package login

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of a hash, after OWASP's password storage cheat sheet: 19 MiB, two passes.
const (
	hashMemory = 19 * 1024 // KiB
	hashTime   = 2
	hashBytes  = 32
	saltBytes  = 16
)

// MinLength is the least length of a password.
const MinLength = 8

var encoding = base64.RawStdEncoding

// Hash returns what web.password_file must hold for the password, in the PHC string format.
func Hash(password string) (string, error) {
	if len(password) < MinLength {
		return "", fmt.Errorf("the password has %d characters; use at least %d", len(password), MinLength)
	}
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // it never fails
	key := argon2.IDKey([]byte(password), salt, hashTime, hashMemory, 1, hashBytes)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, hashMemory, hashTime, encoding.EncodeToString(salt), encoding.EncodeToString(key)), nil
}

// Hashed is a password that can only be compared.
type Hashed struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

// equals reports whether both are the same line of "edged password". Both may be nil.
func (h *Hashed) equals(other *Hashed) bool {
	if h == nil || other == nil {
		return h == other
	}
	return h.memory == other.memory && h.time == other.time && h.threads == other.threads &&
		bytes.Equal(h.salt, other.salt) && bytes.Equal(h.key, other.key)
}

var errForm = errors.New(`it must hold the line that "edged password" prints`)

// Parse reads what Hash has returned. Costs that would stop a small board are refused.
func Parse(text string) (*Hashed, error) {
	parts := strings.Split(strings.TrimSpace(text), "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return nil, errForm
	}
	var version int
	h := new(Hashed)
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &h.memory, &h.time, &h.threads); err != nil || version != argon2.Version {
		return nil, errForm
	}
	var errs [2]error
	h.salt, errs[0] = encoding.DecodeString(parts[4])
	h.key, errs[1] = encoding.DecodeString(parts[5])
	if errors.Join(errs[:]...) != nil || len(h.salt) < 8 || len(h.key) < 16 || len(h.key) > 64 || h.threads < 1 || h.time < 1 || h.time > 10 || h.memory < 8 || h.memory > 256*1024 {
		return nil, errForm
	}
	return h, nil
}

// Is reports whether password is the one. It takes as long for a wrong one as for the right one.
func (h *Hashed) Is(password string) bool {
	key := argon2.IDKey([]byte(password), h.salt, h.time, h.memory, h.threads, uint32(len(h.key)))
	return subtle.ConstantTimeCompare(key, h.key) == 1
}
