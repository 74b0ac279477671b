// Package bounds states once the bounds and defaults that several packages share, and the rule for names.
package bounds

import (
	"fmt"
	"strings"
	"time"
)

// MinThreshold is the lowest score that can start an action: at 0 an action would never end.
const MinThreshold = 0.01

// MaxStride is the most sampled frames from one window to the next.
const MaxStride = 64

// MinFrameRate and MaxFrameRate bound the frames a second of a model, and of a file that does not say its own.
const (
	MinFrameRate = 0.01
	MaxFrameRate = 240
)

// CheckFrameRate returns an error unless rate is within the bounds. NaN is not.
func CheckFrameRate(rate float64) error {
	if !(rate >= MinFrameRate && rate <= MaxFrameRate) {
		return fmt.Errorf("must be %g to %g frames a second, not %g", MinFrameRate, float64(MaxFrameRate), rate)
	}
	return nil
}

// MaxLabelBytes is the longest label, model name or model version: all of them are in every event, and labels are in topics.
const MaxLabelBytes = 64

// Events wait on disk for the broker within these bounds, unless the configuration changes them.
const (
	OutboxEvents = 1000
	OutboxBytes  = 1_000_000
	OutboxAge    = 7 * 24 * time.Hour
)

// MaxAge is the longest that anything can be kept: ten years.
const MaxAge = 10 * 365 * 24 * time.Hour

// MaxOutboxEvents keeps a board's memory: an event takes about 200 bytes of it.
const MaxOutboxEvents = 100_000

const (
	nameChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
	maxName   = 64
)

// CheckName returns an error unless the name can be a level of an MQTT topic and part of a Home Assistant id.
func CheckName(name string) error {
	if name == "" || len(name) > maxName || !OnlyNameChars(name) {
		return fmt.Errorf("must be 1 to %d letters, digits, _ or -, not %q", maxName, name)
	}
	return nil
}

// OnlyNameChars reports whether s consists of characters that a name may have.
func OnlyNameChars(s string) bool { return strings.Trim(s, nameChars) == "" }

// MakeName returns s as a name: cut to its greatest length, with - in place of each character that a name cannot have.
// It returns "" only for "".
func MakeName(s string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(nameChars, r) {
			return r
		}
		return '-'
	}, s)
	return name[:min(len(name), maxName)]
}
