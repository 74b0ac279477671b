package teach

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// action is what is known of a taught action. The fields with a JSON name are in its file; the Teacher's mutex guards all.
type action struct {
	ID       string       `json:"id"`
	View     string       `json:"view"`
	Name     string       `json:"name"`
	Live     bool         `json:"live"`
	Created  int64        `json:"created"`
	Override float64      `json:"override,omitempty"` // the user's threshold; 0: the learned one holds
	Learned  *learned     `json:"learned,omitempty"`  // nil: not yet
	Firings  []FiringInfo `json:"firings,omitempty"`  // the oldest first
	Watched  float64      `json:"watched"`            // seconds that it ran

	items []*item // the oldest first

	firing   atomic.Int32  // targets that do it now
	version  uint64        // changes with everything that learning depends on
	learntAt uint64        // the version that was learned last, or could not be
	busy     bool          // it is being learned
	failed   string        // why the last version could not be learned
	unsaved  bool          // firings that are not in the file yet
	wrongTo  time.Duration // when the user said "wrong" while it fired, CLOCK_MONOTONIC
}

// learned is the result of learning.
type learned struct {
	Model     string   `json:"model"` // sha256
	Head      []byte   `json:"head"`
	Threshold float64  `json:"threshold"`
	PerDay    float64  `json:"per_day"` // false alarms a day at the threshold, by ordinary life
	Met       bool     `json:"met"`
	Found     int      `json:"found"`
	Of        int      `json:"of"`
	At        int64    `json:"at"`
	Life      int      `json:"life"`                // windows of ordinary life that it was learned from
	Basis     string   `json:"basis"`               // what else it was learned from: see action.basis
	TriedIDs  []string `json:"tried_ids,omitempty"` // of the examples that were left out in turn
	FoundIDs  []string `json:"found_ids,omitempty"` // of those that were found

	head *Head
}

// check implements checker.
func (a *action) check() error {
	if !validID(a.ID) || a.Name == "" || len(a.Name) > MaxNameBytes || a.View == "" {
		return fmt.Errorf("it names action %q of view %q, with id %q", a.Name, a.View, a.ID)
	}
	if len(a.Firings) > MaxFirings || !(a.Override >= 0 && a.Override <= 1) || !(a.Watched >= 0) {
		return errors.New("a number is out of bounds")
	}
	if l := a.Learned; l != nil {
		head, err := decodeHead(l.Head)
		if err != nil {
			return err
		}
		if !(l.Threshold > 0 && l.Threshold <= 1) {
			return fmt.Errorf("its threshold is %g", l.Threshold)
		}
		l.head = head
	}
	return nil
}

func (a *action) item(id string) *item {
	for _, i := range a.items {
		if i.ID == id {
			return i
		}
	}
	return nil
}

// of returns the items of the kind.
func (a *action) of(kind itemKind) (list []*item) {
	for _, i := range a.items {
		if i.kind == kind {
			list = append(list, i)
		}
	}
	return list
}

func (a *action) drop(i *item) {
	a.items = slices.DeleteFunc(a.items, func(other *item) bool { return other == i })
}

// ofAnotherModel reports whether it was learned with another model than the view has now.
func (a *action) ofAnotherModel(v *View) bool { return a.Learned != nil && a.Learned.Model != v.Model }

// threshold is the score at which it fires.
func (a *action) threshold() float64 {
	if a.Override > 0 {
		return a.Override
	}
	if a.Learned != nil {
		return a.Learned.Threshold
	}
	return 0
}

// basis tells whether the action was learned from what it has now: a checksum of its examples, counter-examples and settings.
func (a *action) basis(model string, allowed float64) string {
	var all []string
	for _, i := range a.items {
		if i.kind != question && i.Model == model {
			all = append(all, i.file())
		}
	}
	slices.Sort(all)
	return checksum([]byte(fmt.Sprint(model, allowed, all)))
}

// older reports whether an edged learned it that did not yet note which examples it had left out.
func (l *learned) older() bool { return l.Of > 0 && len(l.TriedIDs) == 0 }

// markFound notes at each example whether it was left out, and whether it was found then.
func (a *action) markFound() {
	for _, i := range a.of(example) {
		i.tried = a.Learned != nil && slices.Contains(a.Learned.TriedIDs, i.ID)
		i.found = a.Learned != nil && slices.Contains(a.Learned.FoundIDs, i.ID)
	}
}

// changed says that the action must be learned anew.
func (a *action) changed() { a.version++ }

// due reports whether it must be learned.
func (a *action) due() bool { return a.version != a.learntAt && !a.busy }
