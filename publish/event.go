package publish

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
)

// Phase says what an event reports of an action.
type Phase uint8

const (
	Start Phase = iota
	Update
	End
)

func (p Phase) String() string { return [...]string{"start", "update", "end"}[p] }

// UnmarshalJSON takes a Phase's number and no other: a disk may say anything.
func (p *Phase) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseUint(string(text), 10, 8)
	if err == nil && Phase(n) > End {
		err = fmt.Errorf("phase %d", n)
	}
	*p = Phase(n)
	return err
}

// Event is the start or the end of an action, or news of one that goes on. All times are on CLOCK_MONOTONIC.
type Event struct {
	ID     uint64 // the same for all of an action, and unique in the process over all cameras
	Source string // the path of a camera or view
	Label  string
	Phase  Phase

	Score float32 // now, 0 to 1
	Peak  float32 // highest so far, 0 to 1

	Start  time.Duration // when the action started
	End    time.Duration // when it ended; used for Phase End alone
	Newest time.Duration // capture of the newest frame that the decision rests on
	Clip   string        // id of the clip that is recorded; "" = none

	run    string        // the life of the node that it belongs to; "" = the publisher's own
	origin *origin       // nil: this process
	since  time.Duration // that it waits in the outbox
}

// newRunID returns what makes event ids of one process differ from those of another: 32 random bits as hex.
func newRunID() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // documented never to fail
	return hex.EncodeToString(b[:])
}
