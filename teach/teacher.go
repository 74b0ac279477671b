package teach

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"edged/internal/clock"
	"edged/internal/durable"
)

// Settings are the user's choices, of the block teach of the configuration.
type Settings struct {
	KeepPictures      bool          // of examples and questions
	LookBack          time.Duration // in which "that was it" looks for the action
	FalseAlarmsPerDay float64       // that the threshold aims at, by ordinary life so far
}

// DefaultSettings hold until Configure sets others.
var DefaultSettings = Settings{KeepPictures: true, LookBack: 15 * time.Second, FalseAlarmsPerDay: 1}

// ViewOptions describe a view that can be taught.
type ViewOptions struct {
	Path, Camera string
	Labels       []string      // of the model; no action may have one of these names
	Rules        []string      // names of rules that follow from the labels; no action may have one of these either
	Model        string        // sha256 of the model
	Size         int           // numbers of its embedding; 0: it cannot be taught
	WhyNot       string        // why it cannot be taught, and what would help
	Interval     time.Duration // usual time from one window to the next
	Targets      int           // that are judged by themselves; 0: the view is judged as a whole
	Follows      bool          // each window has pictures of its own, cut around a target
	// Views is how many views there are: with many, each gets less memory.
	Views int
	// Frames, Width, Height and FrameRate are those of the model's windows.
	Frames, Width, Height int
	FrameRate             float64
}

// fullViews get all the memory that a view may have; of more views, each gets its part of it.
const fullViews = 6

// share is the number by which the bounds of memory are divided.
func (o *ViewOptions) share() int { return (max(o.Views, 1) + fullViews - 1) / fullViews }

// Options of a Teacher. All may be nil.
type Options struct {
	Log *slog.Logger
	// Wall and Monotonic are the clocks. Times of windows are on the monotonic one.
	Wall      func() time.Time
	Monotonic func() time.Duration
	// CheckName returns an error if an action cannot have that name.
	CheckName func(name string) error
	// NewEncoder makes what encodes pictures. Nil: no pictures are kept.
	NewEncoder func() (Encoder, error)
}

// Embed runs a view's model on pictures: JPEGs, in order, at the model's rate. It returns the windows that they make. It takes long.
type Embed func(ctx context.Context, view string, pictures [][]byte) ([]Embedding, error)

// Teacher keeps what the user taught: actions with their examples, ordinary life, and the heads that were learned. A process has one, and keeps it over
// reloads. Its methods may be called from any goroutine.
type Teacher struct {
	o       Options
	found   chan found                // candidates that ended, for the Teacher's own goroutine
	encode  chan struct{}             // one token: there are frames to encode
	work    chan struct{}             // one token: there is something to learn
	notify  chan struct{}             // one token: there is something to tell
	frames  atomic.Pointer[[]*frames] // of all views
	noticeM sync.Mutex                // guards notices
	notices map[string]bool
	watchM  sync.Mutex // guards watches
	watches []*watch

	mu       sync.Mutex // guards all below
	settings Settings
	store    store
	loaded   bool // the folder was read
	views    map[string]*View
	order    []string // the configuration's views
	actions  []*action
	undo     map[string][]step // by view, the newest last
	failed   error             // why the last write failed
	clips    Clips             // nil: there are none
	embed    Embed             // nil: examples of another model cannot be learned anew
}

// found is a candidate that has ended.
type found struct {
	view   *View
	action string
	candidate
	fired, live bool
}

// NewTeacher returns a Teacher that knows no view and keeps everything in memory.
func NewTeacher(o Options) *Teacher {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.Monotonic == nil {
		o.Monotonic = clock.Monotonic
	}
	if o.CheckName == nil {
		o.CheckName = func(string) error { return nil }
	}
	t := &Teacher{
		o: o, found: make(chan found, 64), encode: make(chan struct{}, 1), work: make(chan struct{}, 1), notify: make(chan struct{}, 1), notices: map[string]bool{},
		settings: DefaultSettings, store: store{log: o.Log, replace: durable.Replace}, views: map[string]*View{}, undo: map[string][]step{},
	}
	t.frames.Store(&[]*frames{})
	return t
}

// wall returns the wall time of a time on the monotonic clock.
func (t *Teacher) wall(at time.Duration) time.Time { return t.o.Wall().Add(at - t.o.Monotonic()) }

// monotonic is the reverse of wall.
func (t *Teacher) monotonic(at time.Time) time.Duration {
	return t.o.Monotonic() + at.Sub(t.o.Wall())
}

// Open keeps everything in the folder from now on, and adds what is there. An empty dir keeps it in memory only. It may be called again: with another
// folder, what was taught before stays in the old one.
func (t *Teacher) Open(dir string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.loaded && t.store.dir == dir {
		return nil
	}
	if t.store.dir != "" {
		t.actions, t.undo = nil, map[string][]step{}
	}
	t.store.dir, t.loaded, t.store.damaged, t.store.newer, t.store.unreadable = dir, false, 0, 0, 0
	return t.load()
}

// load reads the folder. Actions of this process that the folder lacks are written to it. The caller holds mu.
func (t *Teacher) load() error {
	found, err := t.store.load()
	if err != nil {
		t.failed = err
		return fmt.Errorf("teach: %w", err)
	}
	t.loaded, t.failed = true, nil
	for _, a := range found {
		if t.action(a.View, a.Name) == nil {
			a.markFound()
			t.actions = append(t.actions, a)
		}
	}
	if err := t.saveAll(found); err != nil {
		return err
	}
	t.sort()
	for _, v := range t.views {
		t.openLife(v)
		t.publish(v.Path)
	}
	t.learnChanged()
	return nil
}

// saveAll writes the actions that were taught while there was no folder: those that were not found in it. The caller holds mu.
func (t *Teacher) saveAll(found []*action) error {
	for _, a := range t.actions {
		if slices.Contains(found, a) {
			continue
		}
		err := t.store.saveAction(a)
		for _, i := range a.items {
			err = errors.Join(err, t.store.saveItem(a, i))
		}
		if err := t.saved(err); err != nil {
			return err
		}
	}
	return nil
}

// learnChanged has those actions learned that were learned from something else than they have now, by another process or for other settings. The others
// keep their heads: what they were learned from may have been more ordinary life than there is now. The caller holds mu.
func (t *Teacher) learnChanged() {
	for _, a := range t.actions {
		v := t.views[a.View]
		if v != nil && v.CanTeach() && (a.Learned == nil || a.Learned.Basis != a.basis(v.Model, t.settings.FalseAlarmsPerDay) || a.Learned.older()) {
			a.changed()
		}
	}
	t.wake(t.work)
}

func (t *Teacher) sort() {
	slices.SortStableFunc(t.actions, func(a, b *action) int { return cmp.Or(cmp.Compare(a.View, b.View), cmp.Compare(a.Name, b.Name)) })
}

// Configure says which views there are. Those with the same path and model keep their moments and ordinary life. Embed may be nil: then examples of
// another model cannot be learned anew.
func (t *Teacher) Configure(views []ViewOptions, s Settings, embed Embed) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settings, t.order, t.embed = s, nil, embed
	before := t.views
	t.views = map[string]*View{}
	for _, o := range views {
		o.Views = len(views)
		v := newView(t, o)
		if old := before[o.Path]; old != nil && old.Model == o.Model && old.Size == o.Size && o.Size > 0 && old.share() == o.share() {
			v.inherit(old)
		} else {
			if old != nil {
				t.saveLife(old)
			}
			t.openLife(v)
		}
		t.views[o.Path], t.order = v, append(t.order, o.Path)
		t.publish(o.Path)
	}
	t.learnChanged()
	t.frames.Store(t.allFrames())
}

// allFrames returns those of every view that keeps some. The caller holds mu.
func (t *Teacher) allFrames() *[]*frames {
	var list []*frames
	for _, v := range t.views {
		if v.frames != nil {
			list = append(list, v.frames)
		}
	}
	return &list
}

// View returns a view that Configure named, for its pipeline.
func (t *Teacher) View(path string) *View {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.views[path]
}

// Degraded says why what the user teaches would not survive a restart, or what was lost; empty if all is well, or if there is no folder.
func (t *Teacher) Degraded() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.failed != nil:
		return fmt.Sprintf("edged cannot save what you teach: %v", t.failed)
	case t.store.damaged > 0:
		return fmt.Sprintf("%d files of taught actions were damaged; edged put them aside as *%s", t.store.damaged, damagedMark)
	case t.store.unreadable > 0:
		return fmt.Sprintf("edged cannot read %d files of taught actions; the log says which and why", t.store.unreadable)
	case t.store.newer > 0:
		return fmt.Sprintf("a later edged wrote %d files of taught actions; this one leaves them alone", t.store.newer)
	}
	return ""
}

// saved notes whether a write succeeded, and returns the error for the caller.
func (t *Teacher) saved(err error) error {
	if err != nil && t.failed == nil {
		t.o.Log.Error("teach: what was taught cannot be saved", "folder", t.store.dir, "error", err)
	}
	t.failed = err
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDegraded, err)
	}
	return nil
}

// action returns the action, or nil. The caller holds mu.
func (t *Teacher) action(view, name string) *action {
	for _, a := range t.actions {
		if a.View == view && a.Name == name {
			return a
		}
	}
	return nil
}

func (t *Teacher) byID(id string) *action {
	for _, a := range t.actions {
		if a.ID == id {
			return a
		}
	}
	return nil
}

// of returns the view's actions. The caller holds mu.
func (t *Teacher) of(view string) (list []*action) {
	for _, a := range t.actions {
		if a.View == view {
			list = append(list, a)
		}
	}
	return list
}

// known returns an error unless the view exists, or has actions from a time when it did. The caller holds mu.
func (t *Teacher) known(view string) error {
	if t.views[view] == nil && len(t.of(view)) == 0 {
		return fmt.Errorf("%w: %q", ErrUnknownView, view)
	}
	return nil
}

// find returns the view's action, or an error. A view that does not exist now may still have actions. The caller holds mu.
func (t *Teacher) find(view, name string) (*action, error) {
	if a := t.action(view, name); a != nil {
		return a, nil
	}
	if t.views[view] == nil {
		return nil, fmt.Errorf("%w: %q", ErrUnknownView, view)
	}
	return nil, fmt.Errorf("%w: %q in view %q", ErrUnknownAction, name, view)
}

// teachable returns the view if it can be taught. The caller holds mu.
func (t *Teacher) teachable(path string) (*View, error) {
	v := t.views[path]
	switch {
	case v == nil:
		return nil, fmt.Errorf("%w: %q", ErrUnknownView, path)
	case !v.CanTeach():
		return nil, fmt.Errorf("%w: %s", ErrCannotTeach, v.WhyNot)
	}
	return v, nil
}

// itemOf returns the item with that id and its action. The caller holds mu.
func (t *Teacher) itemOf(id string) (*action, *item, error) {
	for _, a := range t.actions {
		if i := a.item(id); i != nil {
			return a, i, nil
		}
	}
	return nil, nil, fmt.Errorf("%w: %q", ErrUnknownID, id)
}

// publish gives the view's pipeline the actions that run. The caller holds mu.
func (t *Teacher) publish(path string) {
	v := t.views[path]
	if v == nil {
		return
	}
	set := &Running{}
	for _, a := range t.of(path) {
		if l := a.Learned; l != nil && t.usable(path, a.Name) == nil && l.Model == v.Model && l.head != nil && l.head.numbers() == v.numbers && len(a.of(example)) > 0 {
			set.Actions = append(set.Actions, RunningAction{Name: a.Name, Live: a.Live, Threshold: a.threshold(), id: a.ID, head: l.head, firing: &a.firing})
		}
	}
	v.running.Store(set)
	t.noticed(path)
}

// errNotLoaded is what saving gives before the folder was read.
var errNotLoaded = errors.New("the folder cannot be read")

// writable returns an error where a folder is set that could not be read: to write to it might destroy what is there. The caller holds mu.
func (t *Teacher) writable() error {
	if t.store.dir == "" || t.loaded {
		return nil
	}
	if err := t.load(); err != nil {
		return fmt.Errorf("%w: %w", ErrDegraded, errors.Join(errNotLoaded, err))
	}
	return nil
}
