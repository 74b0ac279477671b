package teach

import (
	"errors"
	"fmt"
	"slices"
)

// Create adds an action without examples.
func (t *Teacher) Create(view, name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, err := t.teachable(view); err != nil {
		return err
	}
	a := &action{ID: newID(), View: view, Name: name, Created: t.o.Wall().UnixMilli()}
	if err := t.add(a); err != nil {
		return err
	}
	t.did(a, fmt.Sprintf("create %q", name), func() error { return t.remove(a) })
	return nil
}

// add adds an action and saves it. The caller holds mu.
func (t *Teacher) add(a *action) error {
	if err := t.free(a.View, a.Name); err != nil {
		return err
	}
	if len(t.of(a.View)) >= MaxActions || len(t.actions) >= MaxStored {
		return fmt.Errorf("%w actions: %d a view, and %d in all, are the most; forget one first", ErrTooMany, MaxActions, MaxStored)
	}
	if err := t.writable(); err != nil {
		return err
	}
	if err := t.saved(t.store.saveAction(a)); err != nil {
		_ = t.store.forget(a)
		return err
	}
	t.actions = append(t.actions, a)
	t.sort()
	t.changed(a.View)
	return nil
}

// free returns an error unless an action of the view may get that name. The caller holds mu.
func (t *Teacher) free(view, name string) error {
	if err := t.usable(view, name); err != nil {
		return err
	}
	if t.action(view, name) != nil {
		return fmt.Errorf("%w: view %q has a taught action %q already", ErrNameTaken, view, name)
	}
	return nil
}

// usable returns an error if no taught action of the view can have that name. It may be one that was fine with another model or configuration.
// The caller holds mu.
func (t *Teacher) usable(view, name string) error {
	if name == "" || len(name) > MaxNameBytes {
		return fmt.Errorf("%w: it must have 1 to %d bytes", ErrBadName, MaxNameBytes)
	}
	if err := t.o.CheckName(name); err != nil {
		return fmt.Errorf("%w: %w", ErrBadName, err)
	}
	if v := t.views[view]; v != nil && slices.Contains(v.Labels, name) {
		return fmt.Errorf("%w: the model has an action %q of its own; choose another name", ErrNameTaken, name)
	}
	if v := t.views[view]; v != nil && slices.Contains(v.Rules, name) {
		return fmt.Errorf("%w: the rule %q has it; choose another name", ErrNameTaken, name)
	}
	return nil
}

// remove forgets an action with its files. The caller holds mu.
func (t *Teacher) remove(a *action) error {
	if err := t.saved(t.store.forget(a)); err != nil {
		return err
	}
	t.actions = slices.DeleteFunc(t.actions, func(other *action) bool { return other == a })
	t.changed(a.View)
	return nil
}

// Forget removes the action, its examples and all their pictures. It cannot be undone.
func (t *Teacher) Forget(view, name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, err := t.find(view, name)
	if err != nil {
		return err
	}
	if err := t.remove(a); err != nil {
		return err
	}
	t.forgetSteps(a)
	return nil
}

// Rename gives the action another name.
func (t *Teacher) Rename(view, name, to string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, err := t.find(view, name)
	if err != nil {
		return err
	}
	return t.callIt(a, to)
}

// Change renames the action and switches it live, or back to shadow: both or, if one of them fails, neither.
func (t *Teacher) Change(view, name, to string, live bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, err := t.find(view, name)
	if err != nil {
		return err
	}
	before := a.Live
	if err := t.switchTo(a, live); err != nil {
		return err
	}
	if err := t.callIt(a, to); err != nil {
		if a.Live != before {
			_ = t.setLive(a, before)
			t.undo[view] = t.undo[view][:len(t.undo[view])-1]
		}
		return err
	}
	return nil
}

// callIt renames the action. The caller holds mu.
func (t *Teacher) callIt(a *action, to string) error {
	name := a.Name
	if name == to {
		return nil
	}
	if err := t.rename(a, to); err != nil {
		return err
	}
	t.did(a, fmt.Sprintf("rename %q to %q", name, to), func() error { return t.rename(a, name) })
	return nil
}

func (t *Teacher) rename(a *action, to string) error {
	if err := t.free(a.View, to); err != nil {
		return err
	}
	return t.change(a, func() func() {
		before := a.Name
		a.Name = to
		t.sort()
		return func() { a.Name = before; t.sort() }
	})
}

// change changes an action and saves it. If it cannot be saved, the function that by returns takes the change back. The caller holds mu.
func (t *Teacher) change(a *action, by func() (back func())) error {
	if err := t.writable(); err != nil {
		return err
	}
	back := by()
	if err := t.saved(t.store.saveAction(a)); err != nil {
		back()
		return err
	}
	t.changed(a.View)
	return nil
}

// SetLive switches the action live, or back to shadow.
func (t *Teacher) SetLive(view, name string, live bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, err := t.find(view, name)
	if err != nil {
		return err
	}
	return t.switchTo(a, live)
}

// switchTo switches the action live, or back to shadow. The caller holds mu.
func (t *Teacher) switchTo(a *action, live bool) error {
	if a.Live == live {
		return nil
	}
	name := a.Name
	if live && (a.Learned == nil || len(a.of(example)) == 0) {
		return fmt.Errorf("%w: %q needs an example first, or edged still learns it", ErrNotLearned, name)
	}
	if err := t.setLive(a, live); err != nil {
		return err
	}
	text := fmt.Sprintf("switch %q live", name)
	if !live {
		text = fmt.Sprintf("switch %q back to shadow", name)
	}
	t.did(a, text, func() error { return t.setLive(a, !live) })
	return nil
}

func (t *Teacher) setLive(a *action, live bool) error {
	return t.change(a, func() func() {
		a.Live = live
		return func() { a.Live = !live }
	})
}

// SetThreshold sets the smoothed score at which the action fires, in place of the one that edged learned. 0 takes that back.
func (t *Teacher) SetThreshold(view, name string, score float64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, err := t.find(view, name)
	if err != nil {
		return err
	}
	if !(score >= 0 && score <= 1) {
		return errors.New("teach: a threshold must be 0 to 1")
	}
	return t.change(a, func() func() {
		before := a.Override
		a.Override = score
		return func() { a.Override = before }
	})
}
