package teach

import (
	"maps"
	"slices"
)

// watch is somebody who wants to know of changes.
type watch struct{ changed func(view string) }

// Watch has changed called after every change of what a view was taught, from a goroutine of the Teacher's. It must not block, nor call the Teacher.
// Stop ends that.
func (t *Teacher) Watch(changed func(view string)) (stop func()) {
	w := &watch{changed}
	t.watchM.Lock()
	defer t.watchM.Unlock()
	t.watches = append(t.watches, w)
	return func() {
		t.watchM.Lock()
		defer t.watchM.Unlock()
		t.watches = slices.DeleteFunc(t.watches, func(other *watch) bool { return other == w })
	}
}

// noticed says that something of the view has changed. It never waits for long, and the model's goroutine may call it.
func (t *Teacher) noticed(view string) {
	t.noticeM.Lock()
	t.notices[view] = true
	t.noticeM.Unlock()
	t.wake(t.notify)
}

// tell calls those who watch.
func (t *Teacher) tell() {
	t.noticeM.Lock()
	views := slices.Sorted(maps.Keys(t.notices))
	clear(t.notices)
	t.noticeM.Unlock()
	t.watchM.Lock()
	defer t.watchM.Unlock()
	for _, view := range views {
		for _, w := range t.watches {
			w.changed(view)
		}
	}
}

// wake puts a token into a channel that holds one.
func (t *Teacher) wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
