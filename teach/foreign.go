package teach

import (
	"context"
	"fmt"
	"time"
)

// foreign is an item of another model whose pictures can be run through the view's model.
type foreign struct {
	action   *action
	item     *item
	view     string
	model    string
	size     int
	pictures [][]byte
	embed    Embed
}

// embedForeign runs the pictures of items of another model through the view's model, one item after the other.
func (t *Teacher) embedForeign(ctx context.Context) {
	tried := map[string]bool{}
	for ctx.Err() == nil {
		f := t.nextForeign(tried)
		if f == nil {
			return
		}
		tried[f.item.ID] = true
		windows, err := f.embed(ctx, f.view, f.pictures)
		if err == nil && len(windows) == 0 {
			err = fmt.Errorf("%d pictures make no window", len(f.pictures))
		}
		t.adopt(f, windows, err)
	}
}

// nextForeign returns the next item to run; nil if there is none.
func (t *Teacher) nextForeign(tried map[string]bool) *foreign {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.embed == nil {
		return nil
	}
	for _, a := range t.actions {
		v := t.views[a.View]
		if v == nil || !v.CanTeach() {
			continue
		}
		for _, i := range a.items {
			if tried[i.ID] || i.Count == 0 || i.hopeless == v.Model || i.belongs(v.Model, v.numbers) {
				continue
			}
			if pictures, err := t.store.pictures(a, i); err == nil && len(pictures) > 0 {
				return &foreign{action: a, item: i, view: a.View, model: v.Model, size: v.numbers, pictures: pictures, embed: t.embed}
			}
			i.hopeless = v.Model
		}
	}
	return nil
}

// adopt gives the item its new windows and saves it.
func (t *Teacher) adopt(f *foreign, windows []Embedding, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.action.item(f.item.ID) != f.item { // removed meanwhile
		return
	}
	adopted := *f.item
	adopted.Model, adopted.Pictures = f.model, f.pictures
	if err == nil {
		err = adopted.setWindows(windows, f.size, t.views[f.view])
	}
	if err == nil {
		err = t.saved(t.store.saveItem(f.action, &adopted))
	}
	if err != nil {
		f.item.hopeless = f.model
		t.o.Log.Warn("teach: an example of another model cannot be learned anew", "view", f.view, "action", f.action.Name, "id", f.item.ID, "error", err)
		return
	}
	*f.item = adopted
	f.action.changed()
	t.noticed(f.view)
}

// setWindows puts the windows that another model made in place of the item's own.
func (i *item) setWindows(windows []Embedding, size int, v *View) error {
	if v == nil {
		return fmt.Errorf("%w: %q", ErrUnknownView, i.View)
	}
	windows = windows[:min(len(windows), maxWindows)]
	i.Windows, i.Offsets = nil, nil
	j := newJoiner(v.Size)
	for n, w := range windows {
		packed, offset := make([]byte, packedSize(size)), time.Duration(n)*v.Interval
		if len(w) != v.Size || !pack(packed, j.join(offset, w)) {
			return fmt.Errorf("the model gave %d numbers, or something that is no number", len(w))
		}
		i.Windows, i.Offsets = append(i.Windows, packed), append(i.Offsets, offset.Milliseconds())
	}
	return nil
}
