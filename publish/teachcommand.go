package publish

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// TeachCommand is a command on …/teach/set.
type TeachCommand struct {
	ID    string    // whatever the sender wants back in the answer; "" = nothing
	Do    string    // one of the constants below
	Label string    // the action; never empty, except for TeachUndo
	When  time.Time // TeachThatWasIt: when the action happened; zero = just now
	Until time.Time // TeachThatWasIt: when it ended; zero = at When
	To    string    // TeachRename: the new name
	Live  bool      // TeachLive
}

// The words for TeachCommand.Do.
const (
	TeachCreate    = "create"
	TeachThatWasIt = "that_was_it"
	TeachWrong     = "wrong" // the last time that the action fired, or would have fired, it did not happen
	TeachRename    = "rename"
	TeachLive      = "live"
	TeachUndo      = "undo"
	TeachForget    = "forget"
	TeachSelect    = "select" // the publisher obeys it by itself
)

var teachWords = []string{TeachThatWasIt, TeachWrong, TeachCreate, TeachSelect, TeachRename, TeachLive, TeachUndo, TeachForget}

const (
	// maxTeachBytes is the size of the largest command to teach.
	maxTeachBytes = 1024
	// maxTeachWaiting is how many commands to teach may wait: a person presses a button, not a program.
	maxTeachWaiting = 32
	// maxTeachID bounds what the answer repeats.
	maxTeachID = 64
)

// teach takes a command to teach. Whatever is wrong with it, the answer says so.
func (p *Publisher) teach(v *ViewTopics, payload []byte, isRetained bool) {
	c, err := readTeachCommand(payload)
	if err == nil && isRetained {
		err = errRetainedCommand
	}
	if err == nil {
		err = v.complete(&c)
	}
	if err == nil && c.Do == TeachSelect {
		p.counters.commands.Add(1)
		v.Answer(Answer{Command: c, Text: fmt.Sprintf("%q is selected.", c.Label)})
		return
	}
	if err == nil && !p.incoming.commands.putTeach(Command{Path: v.path, Kind: Teach, Teach: c}) {
		err = fmt.Errorf("edged is still busy with the last %d commands to teach, so it ignored this one", maxTeachWaiting)
	}
	if err != nil {
		v.Answer(Answer{Command: c, Err: err})
		p.refuse(v.teaching.setTopic, err)
		return
	}
	p.counters.commands.Add(1)
}

// complete puts the selected action in place of a missing label, and checks that the command can be meant.
func (v *ViewTopics) complete(c *TeachCommand) error {
	v.publisher.teaching.Lock()
	defer v.publisher.teaching.Unlock()
	t := &v.teaching
	switch {
	case !t.now.Possible && t.now.WhyNot != "":
		return errors.New(t.now.WhyNot)
	case !t.now.Possible:
		return errors.New("edged cannot be taught at this view now")
	case c.Do == TeachUndo || c.Do == TeachCreate:
		return nil
	case c.Label == "":
		c.Label = t.selected
	}
	if c.Label == "" {
		return errors.New("no action has been created here yet; create one first: give it a name")
	}
	if t.now.find(c.Label) == nil {
		return fmt.Errorf("there is no taught action %q here; create it first, or choose one of: %s", c.Label, listed(t.now.labels()))
	}
	return nil
}

func listed(labels []string) string {
	if len(labels) == 0 {
		return "(none)"
	}
	return strings.Join(labels, ", ")
}

// readTeachCommand reads the JSON. What it could read stands in c also if there is an error.
func readTeachCommand(payload []byte) (c TeachCommand, err error) {
	if len(payload) > maxTeachBytes {
		return c, fmt.Errorf("the command has %d bytes; at most %d are taken", len(payload), maxTeachBytes)
	}
	var in struct {
		ID    string          `json:"id"`
		Do    string          `json:"do"`
		Label string          `json:"label"`
		When  json.RawMessage `json:"when"`
		Until json.RawMessage `json:"until"`
		To    json.RawMessage `json:"to"`
	}
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return c, fmt.Errorf(`the command must be JSON like {"do":"that_was_it","label":"NAME"}: %s`, strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return c, errors.New("the command must be one JSON object, and nothing after it")
	}
	c.ID = in.ID[:min(len(in.ID), maxTeachID)]
	if !slices.Contains(teachWords, in.Do) {
		return c, fmt.Errorf(`"do" must be one of %s, not %q`, strings.Join(teachWords, ", "), in.Do)
	}
	c.Do, c.Label = in.Do, in.Label
	if c.When, err = readTime("when", in.When); err != nil {
		return c, err
	}
	if c.Until, err = readTime("until", in.Until); err != nil {
		return c, err
	}
	return c, c.check(in.To)
}

// check checks what the command needs, and reads "to".
func (c *TeachCommand) check(to json.RawMessage) error {
	switch {
	case c.Do == TeachCreate && c.Label == "":
		return errors.New("the new action needs a name")
	case c.Do == TeachRename:
		if err := json.Unmarshal(to, &c.To); err != nil || c.To == "" {
			return errors.New(`"to" must be the new name, in quotes`)
		}
	case c.Do == TeachLive:
		if err := json.Unmarshal(to, &c.Live); err != nil {
			return errors.New(`"to" must be true or false`)
		}
	case !c.Until.IsZero() && c.Until.Before(c.When):
		return errors.New(`"until" must not be before "when"`)
	}
	return nil
}

// readTime reads a time as RFC 3339 or in milliseconds since 1970, as the API has it.
func readTime(name string, text json.RawMessage) (t time.Time, err error) {
	if len(text) == 0 || string(text) == "null" || string(text) == `""` {
		return t, nil
	}
	if ms, err := strconv.ParseInt(string(text), 10, 64); err == nil && ms > 0 && ms < maxMillis {
		return time.UnixMilli(ms), nil
	}
	if json.Unmarshal(text, &t) == nil && t.Unix() > 0 {
		return t, nil
	}
	return time.Time{}, fmt.Errorf(`%q must be a time like "2026-11-22T21:33:05Z", or milliseconds since 1970, not %s`, name, text[:min(len(text), 40)])
}

// maxMillis is in the year 5138.
const maxMillis = 1e14
