package record

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"edged/internal/clock"
	"edged/internal/sink"
)

// Timeline is the list of what happened. Events with a clip are in it for as long as the clip exists, also after a restart; others only
// until the process ends. A process has one, which it keeps over reloads. It is a sink.
type Timeline struct {
	sink.Ignore

	mu        sync.Mutex
	recorders int      // that run: an event without a clip is one whose clip failed
	events    []*Event // by start, the oldest first
	byID      map[string]*Event
	going     map[sink.ID]*Event // those that have not ended
	without   int                // events without a saved clip
	watches   []*watch
}

// watch is somebody who wants to know of changes.
type watch struct{ changed func(e Event, gone bool) }

// Watch has changed called after every change, with the event as it is now; gone means that it was deleted. It must not block, nor call
// the timeline. Stop ends that.
func (t *Timeline) Watch(changed func(e Event, gone bool)) (stop func()) {
	w := &watch{changed}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watches = append(t.watches, w)
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.watches = slices.DeleteFunc(t.watches, func(other *watch) bool { return other == w })
	}
}

// maxWithout bounds the events without a saved clip; with one, the store's bounds hold.
const maxWithout = 2000

// Event implements sink.Sink.
func (t *Timeline) Event(e sink.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	known := t.going[e.ID]
	switch {
	case e.Phase == sink.Start:
		known = &Event{
			ID: e.ID.String(), Camera: e.Camera, View: e.View, Label: e.Label, Track: e.Track, Start: wall(clock.Now(), e.Start), Clip: e.Clip, ClipState: ClipNone,
			suspended: clock.Suspended(),
		}
		switch {
		case e.Clip != "":
			known.ClipState = ClipRecording
		case t.recorders > 0: // too many clips wait for the disk
			known.ClipState = ClipFailed
		}
		t.insert(known)
		t.going[e.ID] = known
	case known == nil || t.byID[known.ID] == nil:
		delete(t.going, e.ID)
		return // deleted meanwhile
	}
	t.rectify(known, wall(clock.Now(), e.Start))
	known.Peak = round4(e.Peak)
	known.Zones = union(known.Zones, e.StartZones, e.PeakZones, e.Zones)
	if e.Phase == sink.End {
		end := wall(clock.Now(), e.End)
		known.End = &end
		delete(t.going, e.ID)
	}
	t.changed(known, false)
}

// clockStep: a larger difference means that somebody set the clock. A smaller one means that it was corrected little by little.
const clockStep = 2 * time.Second

// rectify corrects when an event began if the clock was set since: a board without a clock of its own begins in the past. The caller holds mu.
func (t *Timeline) rectify(e *Event, start time.Time) {
	// A clip that is saved has its times by the clock of then. While the machine sleeps, the event's own clock stands still.
	if start.Sub(e.Start).Abs() < clockStep || e.ClipState == ClipSaved || (clock.Suspended()-e.suspended).Abs() > clockStep {
		return
	}
	t.events = slices.DeleteFunc(t.events, func(other *Event) bool { return other == e })
	e.Start = start
	at, _ := slices.BinarySearchFunc(t.events, e, order)
	t.events = slices.Insert(t.events, at, e)
}

// union returns all names that are in one of the lists, each once. It changes none of them.
func union(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}

func wall(now clock.Instant, t time.Duration) time.Time {
	return now.At(t).UTC().Truncate(time.Millisecond)
}

// insert adds an event. The caller holds mu.
func (t *Timeline) insert(e *Event) {
	if t.byID == nil {
		t.byID, t.going = map[string]*Event{}, map[sink.ID]*Event{}
	}
	at, _ := slices.BinarySearchFunc(t.events, e, order)
	t.events = slices.Insert(t.events, at, e)
	t.byID[e.ID] = e
	if e.ClipState != ClipSaved {
		t.without++
	}
	if t.without > maxWithout {
		without := func(e *Event) bool { return e.ClipState != ClipSaved }
		oldest := slices.IndexFunc(t.events, func(e *Event) bool { return without(e) && e.End != nil })
		if oldest < 0 { // all of them go on
			oldest = slices.IndexFunc(t.events, without)
		}
		t.drop(oldest)
	}
}

func order(a, b *Event) int {
	return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.ID, b.ID))
}

// drop removes the event with that index. The caller holds mu.
func (t *Timeline) drop(i int) {
	e := t.events[i]
	t.events = slices.Delete(t.events, i, i+1)
	delete(t.byID, e.ID)
	if e.ClipState != ClipSaved {
		t.without--
	}
	t.changed(e, true)
}

func (t *Timeline) changed(e *Event, gone bool) {
	for _, w := range t.watches {
		w.changed(*e, gone)
	}
}

// found adds the events of a clip that an earlier process has written.
func (t *Timeline) found(c *Clip) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range c.Events {
		if t.byID[e.ID] != nil {
			continue
		}
		e.Clip, e.ClipState = c.ID, ClipSaved
		if e.End == nil { // edged stopped before it ended
			end := c.Start.Add(time.Duration(c.Duration) * time.Millisecond)
			e.End = &end
		}
		t.insert(&e)
	}
}

// of returns the events of a clip, as they are now.
func (t *Timeline) of(clip string) (events []Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.events {
		if e.Clip == clip {
			events = append(events, *e)
		}
	}
	return events
}

// setState notes what has become of a clip. One that failed is no longer named by its events.
func (t *Timeline) setState(clip, state string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.events {
		if e.Clip != clip {
			continue
		}
		if (e.ClipState == ClipSaved) != (state == ClipSaved) {
			t.without += number01(state != ClipSaved) - number01(e.ClipState != ClipSaved)
		}
		e.ClipState = state
		if state == ClipFailed {
			e.Clip = ""
		}
		t.changed(e, false)
	}
}

func number01(b bool) int {
	if b {
		return 1
	}
	return 0
}

// removed drops the events of a clip that was deleted. If that was to make room for others, those that go on stay.
func (t *Timeline) removed(clip string, toMakeRoom bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.events) - 1; i >= 0; i-- {
		switch e := t.events[i]; {
		case e.Clip != clip:
		case toMakeRoom && e.End == nil:
			t.without += number01(e.ClipState == ClipSaved)
			e.Clip, e.ClipState = "", ClipTrimmed
			t.changed(e, false)
		default:
			t.drop(i)
		}
	}
}

// recorded notes that a recorder runs, until the returned function is called.
func (t *Timeline) recorded() (stop func()) {
	add := func(n int) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.recorders += n
	}
	add(1)
	return func() { add(-1) }
}

// keep drops the events of saved clips that are not there.
func (t *Timeline) keep(there func(clip string) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.events) - 1; i >= 0; i-- {
		if e := t.events[i]; e.ClipState == ClipSaved && !there(e.Clip) {
			t.drop(i)
		}
	}
}

// Forget drops an event that has no clip. It returns false if there is none.
func (t *Timeline) Forget(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.events, func(e *Event) bool { return e.ID == id && e.Clip == "" })
	if i < 0 {
		return false
	}
	t.drop(i)
	return true
}

// Find returns the event with that id.
func (t *Timeline) Find(id string) (Event, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.byID[id]; e != nil {
		return *e, true
	}
	return Event{}, false
}

// Filter selects events. Empty fields select all.
type Filter struct {
	Camera, View, Label string
	MinScore            float64 // of the peak
	Going               bool    // only those that go on
	Before              string  // a cursor that List has returned; only older events
	Limit               int     // at most so many; 0 = 100
}

// List returns events, the newest first, and a cursor for the next ones; "" = there are none.
func (t *Timeline) List(f Filter) (events []Event, next string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	events = []Event{}
	for i := t.before(f.Before) - 1; i >= 0; i-- {
		if e := t.events[i]; f.selects(e) {
			if len(events) == limit {
				return events, cursor(events[limit-1])
			}
			events = append(events, *e)
		}
	}
	return events, ""
}

func (f *Filter) selects(e *Event) bool {
	return (f.Camera == "" || f.Camera == e.Camera) && (f.View == "" || f.View == e.View) && (f.Label == "" || f.Label == e.Label) &&
		e.Peak >= f.MinScore && (!f.Going || e.End == nil)
}

func cursor(e Event) string { return strconv.FormatInt(e.Start.UnixMilli(), 10) + "_" + e.ID }

// ValidCursor reports whether s can be a cursor.
func ValidCursor(s string) bool {
	at, id, ok := strings.Cut(s, "_")
	_, err := strconv.ParseInt(at, 10, 64)
	return ok && err == nil && id != ""
}

// before returns the index of the first event that is not older than the cursor.
func (t *Timeline) before(c string) int {
	if c == "" {
		return len(t.events)
	}
	at, id, _ := strings.Cut(c, "_")
	ms, _ := strconv.ParseInt(at, 10, 64)
	i, _ := slices.BinarySearchFunc(t.events, &Event{Start: time.UnixMilli(ms), ID: id}, order)
	return i
}

// Labels returns the labels of all events, each once.
func (t *Timeline) Labels() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := map[string]bool{}
	for _, e := range t.events {
		seen[e.Label] = true
	}
	return slices.AppendSeq(make([]string, 0, len(seen)), maps.Keys(seen))
}

// Count returns how many events there are.
func (t *Timeline) Count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.events)
}
