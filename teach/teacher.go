package teach

import (
	"context"
	"io"
	"log/slog"
	"time"
)

// Settings are the user's choices, of the block teach of the configuration.
type Settings struct {
	KeepPictures      bool          // of examples and questions
	LookBack          time.Duration // in which "that was it" looks for the action
	FalseAlarmsPerDay float64       // that the threshold aims at, by ordinary life so far
}

// ViewOptions describe a view that can be taught.
type ViewOptions struct {
	Path, Camera string
	Labels       []string // of the model; no action may have one of these names
	Model        string   // sha256 of the model
	Size         int      // numbers of its embedding; 0: it cannot be taught
	WhyNot       string   // why it cannot be taught
	// Interval is the usual time from one window to the next.
	Interval time.Duration
	// Frames, Width, Height and FrameRate are those of the model's windows.
	Frames, Width, Height int
	FrameRate             float64
}

// Options of a Teacher. All but Log may be nil or zero.
type Options struct {
	Log *slog.Logger
	// Wall and Monotonic are the clocks. Times of windows are on the monotonic one.
	Wall      func() time.Time
	Monotonic func() time.Duration
	// CheckName returns an error if an action cannot have that name.
	CheckName func(name string) error
	// Embed runs the view's model on pictures (JPEGs, in order, at the model's rate) and returns the windows that they make. It takes long.
	Embed func(ctx context.Context, view string, pictures [][]byte) ([]Embedding, error)
}

// Teacher keeps what the user taught: actions with their examples, ordinary life, and the heads that were learned. A process has one, and keeps it over
// reloads. Its methods may be called from any goroutine.
type Teacher struct {
	o Options
}

// NewTeacher returns a Teacher that knows no view and keeps everything in memory.
func NewTeacher(o Options) *Teacher { return &Teacher{o: o} }

// Degraded says why what the user teaches would not survive a restart; empty if it would, or if there is no folder for it.
func (t *Teacher) Degraded() string { return "" }

// Watch has changed called after every change of what a view was taught. It must not block, nor call the Teacher. Stop ends that.
func (t *Teacher) Watch(changed func(view string)) (stop func()) { return func() {} }

// Views returns every view with its actions, in the configuration's order, then views that have actions and do not exist now.
func (t *Teacher) Views() []ViewInfo { return nil }

// Actions returns the view's actions by name.
func (t *Teacher) Actions(view string) ([]Action, error) { return nil, ErrUnknownView }

// Create adds an action without examples.
func (t *Teacher) Create(view, name string) error { return ErrUnknownView }

// ThatWasIt adds an example: the moments from one time until another. With zero times it looks for the action in the last seconds (Settings.LookBack).
func (t *Teacher) ThatWasIt(view, name string, from, until time.Time) (ExampleInfo, error) {
	return ExampleInfo{}, ErrUnknownView
}

// Wrong says that a firing did not show the action. An empty id stands for the last one that fired.
func (t *Teacher) Wrong(view, name, id string) error { return ErrUnknownView }

// Examples returns the action's examples, the oldest first.
func (t *Teacher) Examples(view, name string) ([]ExampleInfo, error) { return nil, ErrUnknownView }

// RemoveExample removes an example and its pictures.
func (t *Teacher) RemoveExample(id string) error { return ErrUnknownID }

// Picture returns picture n of an example, a question or a firing, as JPEG.
func (t *Teacher) Picture(id string, n int) ([]byte, error) { return nil, ErrUnknownID }

// Moments returns the view's moments after since, the oldest first.
func (t *Teacher) Moments(view string, since time.Time) ([]Moment, error) {
	return nil, ErrUnknownView
}

// MomentPicture returns picture n of the moment at that time, as JPEG.
func (t *Teacher) MomentPicture(view string, at time.Time, n int) ([]byte, error) {
	return nil, ErrUnknownView
}

// Questions returns the firings of the view's actions that the user has not judged, those that help most first.
func (t *Teacher) Questions(view string) ([]FiringInfo, error) { return nil, ErrUnknownView }

// Answer says whether a firing shows the action: it becomes an example, or a counter-example.
func (t *Teacher) Answer(id string, yes bool) error { return ErrUnknownID }

// Firings returns the action's firings, the newest first.
func (t *Teacher) Firings(view, name string) ([]FiringInfo, error) { return nil, ErrUnknownView }

// SetThreshold sets the smoothed score at which the action fires, in place of the one that was learned, until it is learned anew. 0 takes that back.
func (t *Teacher) SetThreshold(view, name string, score float64) error { return ErrUnknownView }

// Rename gives the action another name.
func (t *Teacher) Rename(view, name, to string) error { return ErrUnknownView }

// SetLive switches the action live, or back to shadow.
func (t *Teacher) SetLive(view, name string, live bool) error { return ErrUnknownView }

// Undo takes back the last step that was taught to the view, and says which. Forget cannot be taken back.
func (t *Teacher) Undo(view string) (step string, err error) { return "", ErrUnknownView }

// Forget removes the action, its examples and all their pictures.
func (t *Teacher) Forget(view, name string) error { return ErrUnknownView }

// Export writes the action with its examples as one file.
func (t *Teacher) Export(w io.Writer, view, name string) error { return ErrUnknownView }

// Import adds the action in a file that Export wrote to the view, as shadow.
func (t *Teacher) Import(r io.ReaderAt, size int64, view string) (Action, error) {
	return Action{}, ErrUnknownView
}
