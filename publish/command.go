package publish

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"edged/internal/bounds"
)

// CommandKind tells commands apart.
type CommandKind uint8

// The kinds of command, and the topics on which they arrive.
const (
	SetEnabled   CommandKind = iota + 1 // …/enabled/set
	SetThreshold                        // …/<label>/threshold/set
	TakeSnapshot                        // …/snapshot/set
	DeleteClip                          // …/delete_clip/set
	Teach                               // …/teach/set
)

func (k CommandKind) String() string {
	return [...]string{"", "enabled", "threshold", "snapshot", "delete_clip", "teach"}[k]
}

// Command is a request for a view, by MQTT.
type Command struct {
	Path  string // of a view of this node
	Kind  CommandKind
	Label string  // SetThreshold: an action of the view
	On    bool    // SetEnabled
	Score float64 // SetThreshold: from bounds.MinThreshold to 1
	Clip  string  // DeleteClip: the clip's id, as in an event
	Teach TeachCommand
}

// maxCommandBytes is the size of the largest command; none needs as much.
const maxCommandBytes = 256

// parseCommand reads a message. Its topic below the node's name has these levels. known is false if it is not a topic for commands.
func (s *states) parseCommand(levels []string, payload []byte) (c Command, known bool, err error) {
	n := len(levels)
	if n < 3 || levels[n-1] != "set" {
		return c, false, nil
	}
	target := levels[:n-2]
	switch levels[n-2] {
	case "enabled":
		c.Kind = SetEnabled
	case "snapshot":
		c.Kind = TakeSnapshot
	case "delete_clip":
		c.Kind = DeleteClip
	case "threshold":
		c.Kind, c.Label = SetThreshold, target[len(target)-1]
		target = target[:len(target)-1]
	}
	c.Path = strings.Join(target, "/")
	v := s.views[c.Path]
	if c.Kind == 0 || v == nil || c.Kind == SetThreshold && !v.hasThreshold(c.Label) || c.Kind == TakeSnapshot && v.snapshot == nil {
		return c, false, nil
	}
	return c, true, c.read(payload)
}

func (v *ViewTopics) hasThreshold(label string) bool {
	v.states.mu.Lock()
	defer v.states.mu.Unlock()
	a := v.actions[label]
	return a != nil && a.threshold != nil && !a.threshold.unwanted
}

// read reads the command's value from the payload.
func (c *Command) read(payload []byte) error {
	if len(payload) > maxCommandBytes {
		return fmt.Errorf("%d bytes; a command has at most %d", len(payload), maxCommandBytes)
	}
	text := strings.TrimSpace(string(payload))
	switch c.Kind {
	case SetEnabled:
		c.On = strings.EqualFold(text, on)
		if !c.On && !strings.EqualFold(text, off) {
			return fmt.Errorf("must be %s or %s, not %q", on, off, text)
		}
	case SetThreshold:
		score, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(score) || score < bounds.MinThreshold || score > 1 {
			return fmt.Errorf("must be a number from %g to 1, not %q", bounds.MinThreshold, text)
		}
		c.Score = score
	case DeleteClip:
		if c.Clip = text; !clipID.MatchString(text) {
			return fmt.Errorf("must be the \"clip\" of an event, not %q", text)
		}
	}
	return nil
}

// clipID is what the ids of clips look like.
var clipID = regexp.MustCompile(`^[0-9a-f-]{1,64}$`)

var errRetainedCommand = errors.New("it is retained, so edged would obey it again after every connection; publish commands without retain")
