package teach

import (
	"fmt"
	"slices"
)

// step is something that the user did, and how to take it back. The Teacher's mutex is held while it is taken back.
type step struct {
	text   string
	action string // id
	back   func() error
}

// maxSteps of a view can be taken back. They are kept in memory, with the pictures of what was removed.
const maxSteps = 10

// did notes a step. The caller holds mu.
func (t *Teacher) did(a *action, text string, back func() error) {
	t.undo[a.View] = append(t.undo[a.View], step{text, a.ID, back})
	if extra := len(t.undo[a.View]) - maxSteps; extra > 0 {
		t.undo[a.View] = slices.Delete(t.undo[a.View], 0, extra)
	}
}

// Undo takes back the last step that was taught to the view, and says which. Forget cannot be taken back.
func (t *Teacher) Undo(view string) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	steps := t.undo[view]
	if len(steps) == 0 {
		return "", fmt.Errorf("%w in view %q", ErrNothingToUndo, view)
	}
	last := steps[len(steps)-1]
	if err := last.back(); err != nil {
		return "", err
	}
	t.undo[view] = steps[:len(steps)-1]
	t.changed(view)
	return last.text, nil
}

// lastStep is the text of what Undo would take back.
func (t *Teacher) lastStep(view string) string {
	if steps := t.undo[view]; len(steps) > 0 {
		return steps[len(steps)-1].text
	}
	return ""
}

// forgetSteps drops the steps of an action that is gone.
func (t *Teacher) forgetSteps(a *action) {
	kept := t.undo[a.View][:0]
	for _, s := range t.undo[a.View] {
		if s.action != a.ID {
			kept = append(kept, s)
		}
	}
	clear(t.undo[a.View][len(kept):])
	t.undo[a.View] = kept
}

// changed makes the view's actions run as they are now, and has them learned. The caller holds mu.
func (t *Teacher) changed(view string) {
	t.publish(view)
	t.wake(t.work)
}
