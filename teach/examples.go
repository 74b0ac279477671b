package teach

import (
	"fmt"
	"time"
)

// ThatWasIt adds an example: the moments from one time until another. With zero times it looks for the action in the last seconds (Settings.LookBack),
// and takes what stands out most. If that is an example already, it returns that one.
func (t *Teacher) ThatWasIt(view, name string, from, until time.Time) (ExampleInfo, error) {
	return t.ThatWasTarget(view, name, from, until, 0)
}

// ThatWasTarget is ThatWasIt for the moments of one target that is followed. Track 0 stands for the target that shows the action best.
func (t *Teacher) ThatWasTarget(view, name string, from, until time.Time, track uint64) (ExampleInfo, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, a, err := t.teachableAction(view, name)
	if err != nil {
		return ExampleInfo{}, err
	}
	l, err := t.lookFor(v, a, from, until, track)
	if err != nil {
		return ExampleInfo{}, err
	}
	at := t.wall(l.times[l.best]).UnixMilli()
	if same := a.near(example, at); same != nil {
		return t.describeExample(a, same), nil
	}
	if asked := a.near(question, at); asked != nil {
		err := t.judge(a, asked, example, fmt.Sprintf("add an example of %q", a.Name))
		return t.describeExample(a, asked), err
	}
	if len(a.of(example)) >= MaxExamples {
		return ExampleInfo{}, fmt.Errorf("%w examples: %d of an action are the most; remove one first", ErrTooMany, MaxExamples)
	}
	i := v.item(l, example, t.settings.KeepPictures, t.wall)
	if clips := t.clipsOf(v); len(i.Pictures) == 0 && t.settings.KeepPictures && clips != nil {
		best := t.wall(l.times[l.best])
		i.Pictures = clips.Pictures(view, best.Add(-time.Second-v.length()), best.Add(time.Second), maxPictures)
	}
	if err := t.addItem(a, i); err != nil {
		return ExampleInfo{}, err
	}
	v.take(l, t.wall)
	t.did(a, fmt.Sprintf("add an example of %q", a.Name), func() error { return t.removeItem(a, i) })
	return t.describeExample(a, i), nil
}

// teachableAction returns the view and its action if they can be taught now. The caller holds mu.
func (t *Teacher) teachableAction(view, name string) (*View, *action, error) {
	v, err := t.teachable(view)
	if err != nil {
		return nil, nil, err
	}
	a, err := t.find(view, name)
	if err != nil {
		return nil, nil, err
	}
	if !v.enabled.Load() {
		return nil, nil, fmt.Errorf("%w: view %q is disabled", ErrNoMoments, view)
	}
	return v, a, nil
}

// lookFor finds the moments of an example: those of one target, unless track is 0. The caller holds mu.
func (t *Teacher) lookFor(v *View, a *action, from, until time.Time, track uint64) (*look, error) {
	score := t.standsOut(v)
	if a.Learned != nil && a.Learned.head != nil && a.Learned.Model == v.Model {
		score = a.Learned.head.Score
	}
	if from.IsZero() {
		now := t.o.Monotonic()
		return v.lookAt(now-t.settings.LookBack, now, v.byEmbedding(score))
	}
	// A moment that the user points at is a window; half a pause beyond it is still that one.
	l, err := v.lookAt(t.monotonic(from)-usualPause/2, t.monotonic(until)+usualPause/2, ofTarget(track, v.byEmbedding(score)))
	if err == nil && track != 0 && l.track != track {
		return nil, fmt.Errorf("%w: target %d was not there", ErrNoMoments, track)
	}
	return l, err
}

// sameMoment is how near two examples are to be one: somebody pressed twice.
const sameMoment = 2 * time.Second

// near returns the item of that kind and time, in Unix milliseconds, or nil.
func (a *action) near(kind itemKind, ms int64) *item {
	for _, i := range a.of(kind) {
		if d := i.Time - ms; d < sameMoment.Milliseconds() && -d < sameMoment.Milliseconds() {
			return i
		}
	}
	return nil
}

// addItem adds an item and saves it. The caller holds mu.
func (t *Teacher) addItem(a *action, i *item) error {
	if err := t.writable(); err != nil {
		return err
	}
	if err := t.saved(t.store.saveItem(a, i)); err != nil {
		return err
	}
	a.items = append(a.items, i)
	a.changed()
	t.changed(a.View)
	return nil
}

// removeItem removes an item and its pictures. The caller holds mu.
func (t *Teacher) removeItem(a *action, i *item) error {
	if err := t.saved(t.store.remove(a, i)); err != nil {
		return err
	}
	a.drop(i)
	a.changed()
	t.changed(a.View)
	return nil
}

// RemoveExample removes an example, or a counter-example, and its pictures.
func (t *Teacher) RemoveExample(id string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, i, err := t.itemOf(id)
	if err != nil {
		return err
	}
	pictures, _ := t.store.pictures(a, i) // without them, undo brings back the rest
	if err := t.removeItem(a, i); err != nil {
		return err
	}
	t.did(a, fmt.Sprintf("remove an example of %q", a.Name), func() error {
		i.Pictures = pictures
		return t.addItem(a, i)
	})
	return nil
}

// Examples returns the action's examples, the oldest first.
func (t *Teacher) Examples(view, name string) ([]ExampleInfo, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, err := t.find(view, name)
	if err != nil {
		return nil, err
	}
	list := []ExampleInfo{}
	for _, i := range a.of(example) {
		list = append(list, t.describeExample(a, i))
	}
	return list, nil
}

func (t *Teacher) describeExample(a *action, i *item) ExampleInfo {
	v := t.views[a.View]
	return ExampleInfo{
		ID: i.ID, View: a.View, Name: a.Name, Time: fromMillis(i.Time), From: fromMillis(i.Start), Until: fromMillis(i.End),
		Windows: len(i.Windows), Pictures: i.Count, Tried: i.tried, Found: i.found, Foreign: v != nil && !i.belongs(v.Model, v.numbers),
	}
}

// Picture returns picture n of an example, a question or a firing, as JPEG.
func (t *Teacher) Picture(id string, n int) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, i, err := t.itemOf(id)
	if err != nil {
		return nil, err
	}
	pictures, err := t.store.pictures(a, i)
	if err != nil {
		return nil, err
	}
	if n < 0 || n >= len(pictures) {
		return nil, fmt.Errorf("%w: %q has %d", ErrNoPicture, id, len(pictures))
	}
	return pictures[n], nil
}
