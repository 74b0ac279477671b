// Package record keeps a record of what happened: the seconds before, during and after each event as a clip on the disk, and the timeline of events.
//
// The way of a picture: a camera's tap (package pictures) puts every JPEG into a ring in memory. When an event starts, a goroutine of the
// view takes the pictures from the ring and writes them to a file. A slow, full or broken disk holds up that goroutine alone: pictures
// that leave the ring before they are written are counted, and capture and events go on.
package record

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"edged/internal/clock"
	"edged/internal/pictures"
	"edged/internal/sink"
)

// Recorder writes a clip for every event. Set the inputs, call Initialize, then Run. It is a sink.
type Recorder struct {
	Dir      string        // for clips; made if there is none
	Before   time.Duration // what a clip shows before its first event
	After    time.Duration // and after its last one
	MaxClip  time.Duration // the longest clip
	MaxBytes int64         // of all clips together; the oldest is deleted first
	MaxAge   time.Duration // older clips are deleted
	Memory   int           // bytes for the pictures before an event, for each camera
	Rate     float64       // pictures a second where edged has to encode them
	Delay    time.Duration // the longest time from an action's start to its event

	Node, Version string
	Views         []View
	Timeline      *Timeline
	Log           *slog.Logger // nil = slog.Default()

	rings  map[string]*ring  // by camera
	tracks map[string]*track // by view

	storeMu sync.Mutex // held while the folder is read
	store   atomic.Pointer[Store]

	written, failed, empty, lost atomic.Uint64
	degraded                     atomic.Pointer[string]
}

// View names a view that is recorded.
type View struct {
	Camera, Path string
	Area         []float64 // x, y, width, height, 0 to 1 of the picture
	Model        Model     // that judges it
	Targets      int       // most that it follows at a time; 0: it does not follow
	Rate         float64   // windows a second, of each target
}

const (
	// slack is how much longer than Before pictures stay in memory, beside Delay: the time that windows, smoothing and this package take.
	slack = 3 * time.Second
	// trimEvery is how often clips are looked through for those that are too old.
	trimEvery = time.Minute
	// eraseEvery is how often pictures in memory are looked through for those of cameras that send no more.
	eraseEvery = 5 * time.Second
	// stuckAfter is how long a write may take, before the disk counts as too slow.
	stuckAfter = 5 * time.Second
	// leastWindows and mostWindows bound how many windows a second are kept for a clip.
	leastWindows, mostWindows = 20, 200
)

// Initialize prepares for Run and the other calls.
func (r *Recorder) Initialize() {
	if r.Log == nil {
		r.Log = slog.Default()
	}
	r.rings, r.tracks = map[string]*ring{}, map[string]*track{}
	every := time.Duration(float64(time.Second) / r.Rate)
	for _, v := range r.Views {
		if r.rings[v.Camera] == nil {
			r.rings[v.Camera] = newRing(r.Memory, r.Before+r.Delay+slack, every)
		}
		r.tracks[v.Path] = &track{
			Recorder: r, camera: v.Camera, view: v.Path, kept: r.windows(v), ring: r.rings[v.Camera], wake: make(chan struct{}, 1), enabled: true,
		}
	}
}

// windows is how many windows' scores the view keeps.
func (r *Recorder) windows(v View) int {
	rate := min(max(float64(max(v.Targets, 1))*v.Rate, leastWindows), mostWindows)
	return int((r.Before + r.Delay + slack + r.MaxClip).Seconds() * rate)
}

// Pictures is where a camera's pictures go.
func (r *Recorder) Pictures(camera string) pictures.Consumer { return r.rings[camera] }

// Run records until ctx ends, and then finishes the clips that it is at.
func (r *Recorder) Run(ctx context.Context) {
	defer r.Timeline.recorded()()
	var tracks sync.WaitGroup
	if _, err := r.openStore(); err != nil {
		r.setDegraded(err)
	}
	for _, t := range r.tracks {
		tracks.Go(func() { t.run(ctx) })
	}
	tick, erase := time.NewTicker(trimEvery), time.NewTicker(eraseEvery)
	defer tick.Stop()
	defer erase.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-erase.C:
			for _, ring := range r.rings {
				ring.eraseOld(clock.Monotonic())
			}
		case <-tick.C:
			if store, err := r.openStore(); err != nil {
				r.setDegraded(err)
			} else if err := store.trim(clock.Now()); err != nil {
				r.setDegraded(err)
			}
		}
	}
	tracks.Wait()
}

// openStore returns the store. It opens it if that has not succeeded yet, or if the folder is gone.
func (r *Recorder) openStore() (*Store, error) {
	r.storeMu.Lock()
	defer r.storeMu.Unlock()
	if s := r.store.Load(); s != nil && s.there() {
		return s, nil
	}
	s, err := openStore(r.Dir, r.MaxBytes, r.MaxAge, r.Log, r.Timeline.found, r.Timeline.removed)
	if err != nil {
		return nil, err
	}
	r.store.Store(s)
	r.Timeline.keep(s.has) // another folder may have been in its place
	return s, s.trim(clock.Now())
}

// setDegraded notes why clips are not kept, nil = they are, and logs a change.
func (r *Recorder) setDegraded(err error) {
	text := ""
	if err != nil {
		text = reason(err)
	}
	before := r.degraded.Swap(&text)
	switch was := before != nil && *before != ""; {
	case err != nil && (!was || *before != text):
		r.Log.Error("record: degraded: edged cannot write clips; events continue", "error", text)
	case err == nil && was:
		r.Log.Info("record: edged writes clips again")
	}
}

// reason is what is wrong with the disk, in the same words for every clip.
func reason(err error) string {
	if p := new(fs.PathError); errors.As(err, &p) {
		return fmt.Sprintf("record: %s: %s: %v", filepath.Dir(p.Path), p.Op, p.Err)
	}
	return err.Error()
}

// Begin returns the id of the clip that shows the action which starts with e; "" if there is none.
func (r *Recorder) Begin(e sink.Event) string {
	if t := r.tracks[e.View]; t != nil {
		return t.begin(e)
	}
	return ""
}

// Event implements sink.Sink. The event's Clip must be what Begin has returned, and the timeline must have the event already.
func (r *Recorder) Event(e sink.Event) {
	t := r.tracks[e.View]
	switch {
	case t == nil:
	case e.Phase == sink.Start:
		t.started(e)
	case e.Phase == sink.End:
		t.ended(e)
	}
}

// Window implements sink.Sink.
func (r *Recorder) Window(w sink.Window) {
	if t := r.tracks[w.View]; t != nil {
		t.window(w)
	}
}

// Camera implements sink.Sink.
func (r *Recorder) Camera(sink.Camera) {}

// Visit implements sink.Sink.
func (r *Recorder) Visit(sink.Visit) {}

// View implements sink.Sink.
func (r *Recorder) View(v sink.View) {
	if t := r.tracks[v.Path]; t != nil {
		t.setEnabled(v.Enabled)
	}
}

// errOff is returned for clips while there is no store.
var errOff = &fs.PathError{Op: "open", Path: "the folder of clips", Err: fs.ErrNotExist}

// Info reads what there is to know of a clip. The error is fs.ErrNotExist if there is none.
func (r *Recorder) Info(id string) (*Clip, error) {
	if s := r.store.Load(); s != nil {
		return s.Info(id)
	}
	return nil, errOff
}

// Video opens a clip's Matroska file. The error is fs.ErrNotExist if there is none.
func (r *Recorder) Video(id string) (Video, error) {
	if s := r.store.Load(); s != nil {
		return s.Video(id)
	}
	return nil, errOff
}

// Delete deletes a clip with its events. The error is fs.ErrNotExist if there is none.
func (r *Recorder) Delete(id string) error {
	for _, t := range r.tracks {
		if t.cancel(id) {
			r.Timeline.removed(id, false)
			return nil
		}
	}
	if s := r.store.Load(); s != nil {
		return s.Delete(id)
	}
	return errOff
}

// Stats is how recording is doing.
type Stats struct {
	Clips    int    `json:"clips"`
	Bytes    int64  `json:"bytes"`              // of all clips
	MaxBytes int64  `json:"max_bytes"`          // that they may have
	Written  uint64 `json:"written"`            // clips
	Failed   uint64 `json:"failed"`             // clips that could not be written
	Empty    uint64 `json:"empty"`              // clips for which no picture came
	Lost     uint64 `json:"pictures_lost"`      // that the disk was too slow for
	NoRoom   uint64 `json:"pictures_no_room"`   // that were too large for the memory
	Torn     int    `json:"torn_files_removed"` // at the start
	// Degraded says why clips are not kept; "" = they are.
	Degraded string `json:"degraded,omitempty"`
	// SecondsBefore is how far back the pictures in memory reach, by camera. MemoryShort names the cameras for which memory is too small
	// for the seconds asked for.
	SecondsBefore map[string]float64 `json:"seconds_before"`
	MemoryShort   []string           `json:"memory_short,omitempty"`
}

// Stats returns how recording is doing now. It does not wait for the disk.
func (r *Recorder) Stats() Stats {
	s := Stats{
		MaxBytes: r.MaxBytes, Written: r.written.Load(), Failed: r.failed.Load(), Empty: r.empty.Load(), Lost: r.lost.Load(),
		SecondsBefore: map[string]float64{},
	}
	if store := r.store.Load(); store != nil {
		s.Clips, s.Bytes, s.Torn = store.usage()
	}
	if reason := r.degraded.Load(); reason != nil {
		s.Degraded = *reason
	}
	for _, t := range r.tracks {
		if since := t.busy.Load(); since != 0 && clock.Monotonic()-time.Duration(since) > stuckAfter {
			s.Degraded = errSlow.Error()
		}
	}
	for name, ring := range r.rings {
		held, squeezed := ring.span()
		s.SecondsBefore[name] = min(held, r.Before).Seconds()
		if squeezed {
			s.MemoryShort = append(s.MemoryShort, name)
		}
		s.NoRoom += ring.lost()
	}
	return s
}

var errSlow = errors.New("record: the disk does not answer")

// viewOf returns the view with that path.
func (r *Recorder) viewOf(path string) (v View) {
	if i := slices.IndexFunc(r.Views, func(v View) bool { return v.Path == path }); i >= 0 {
		v = r.Views[i]
	}
	return v
}
