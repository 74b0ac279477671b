package teach

import (
	"sync"
	"sync/atomic"
	"time"
)

// View is what the Teacher knows of a view's pictures. The model's goroutine hands in frames and windows; nothing of that allocates or waits.
type View struct {
	ViewOptions
	teacher *Teacher
	running atomic.Pointer[Running] // what the user taught; never nil
	enabled atomic.Bool
	frames  *frames // nil: none are kept
	numbers int     // of a window as it is kept and judged: the model's embedding, joined with an earlier one

	// The model's goroutine alone uses these.
	set      *Running
	trackers [][]tracker // by action, then by target
	scores   []float32   // by action
	joiners  *joiners
	last     time.Duration
	seen     bool

	// The Teacher's mutex guards these.
	standards *standards    // nil: not yet
	counted   time.Duration // of life.watched, for Worth

	*memory // nil: it cannot be taught
}

// memory is what a view remembers. The view of the next node takes it over.
type memory struct {
	mu      sync.Mutex // guards all below
	moments *moments
	life    *life
	// What was taught last, with its neighbourhood: some of that may be yet to come.
	takenFrom, takenTo time.Duration
}

// Running is the actions that run on a view. It never changes: another one takes its place.
type Running struct {
	Actions []RunningAction
}

// RunningAction is one of them.
type RunningAction struct {
	Name      string
	Live      bool
	Threshold float64 // smoothed score at which it fires

	id     string
	head   *Head
	firing *atomic.Int32 // targets that do it now
}

// Seen is a run of the model on a view.
type Seen struct {
	Time      time.Duration // of its newest frame
	Track     uint64        // the target that it shows; 0: the whole view
	Embedding Embedding     // lent
	Motion    float32       // 0 to 1: how much the picture changed
	Label     int           // the model's best
	Score     float32       // of that label
}

// maxTrackers bounds the targets that are told apart at a time.
const maxTrackers = 17

func newView(t *Teacher, o ViewOptions) *View {
	v := &View{ViewOptions: o, teacher: t}
	v.running.Store(&Running{})
	v.enabled.Store(true)
	if o.Size > 0 {
		v.numbers = joined * o.Size
		v.joiners = newJoiners(o.Size, v.targets())
		v.memory = &memory{moments: newMoments(v.numbers, o.Targets, o.Interval, momentsBytes/o.share()), life: newLife(v.numbers, lifeBytes/o.share())}
		if t.o.NewEncoder != nil && o.Width > 0 {
			v.frames = newFrames(o)
		}
	}
	return v
}

// CanTeach reports whether the view's model has an embedding.
func (v *View) CanTeach() bool { return v.Size > 0 }

// Push takes a frame of the model's next window, [H,W,3] u8, and copies it.
func (v *View) Push(rgb []byte) {
	if v.frames != nil {
		v.frames.push(rgb)
	}
}

// Hold takes the last frame once more.
func (v *View) Hold() {
	if v.frames != nil {
		v.frames.hold()
	}
}

// Gap says that the camera was away: what comes next does not continue what was before.
func (v *View) Gap() {
	if v.frames != nil {
		v.frames.clear()
	}
	if v.joiners != nil {
		v.joiners.clear()
	}
	for i := range v.trackers {
		for k := range v.trackers[i] {
			v.end(&v.set.Actions[i], &v.trackers[i][k])
		}
	}
	v.seen = false
}

// Window takes a window. It returns the actions that run, and each one's score, 0 to 1; both are valid until the next call.
func (v *View) Window(w Seen) (*Running, []float32) {
	if !v.CanTeach() || !v.enabled.Load() || len(w.Embedding) != v.Size {
		return nothing, nil
	}
	v.follow(v.running.Load())
	w.Embedding = v.joiners.join(w.Track, w.Time, w.Embedding)
	v.keep(&w)
	for i := range v.set.Actions {
		a := &v.set.Actions[i]
		score := a.head.Score(w.Embedding)
		v.scores[i] = float32(score)
		v.track(i, w.Track, w.Time, score)
	}
	return v.set, v.scores
}

// Still takes a window on which the model did not run, because nothing moved. No action happens in it.
func (v *View) Still(t time.Duration) (*Running, []float32) {
	if !v.CanTeach() || !v.enabled.Load() {
		return nothing, nil
	}
	v.follow(v.running.Load())
	v.watch(t)
	clear(v.scores)
	for i := range v.set.Actions {
		for k := range v.trackers[i] {
			if v.trackers[i][k].seen {
				v.track(i, v.trackers[i][k].track, t, 0)
			}
		}
	}
	return v.set, v.scores
}

var nothing = &Running{}

// follow takes over another set of actions. Those in progress end.
func (v *View) follow(set *Running) {
	if set == v.set {
		return
	}
	v.endAll()
	v.set = set
	v.scores = make([]float32, len(set.Actions))
	v.trackers = make([][]tracker, len(set.Actions))
	for i := range v.trackers {
		v.trackers[i] = make([]tracker, 0, v.targets())
	}
}

func (v *View) targets() int { return min(max(1, v.Targets)+1, maxTrackers) }

// endAll ends all candidates in progress.
func (v *View) endAll() {
	for i := range v.trackers {
		for k := range v.trackers[i] {
			v.end(&v.set.Actions[i], &v.trackers[i][k])
		}
		v.trackers[i] = v.trackers[i][:0]
	}
}

// keep makes the window a moment, and those that leave ordinary life.
func (v *View) keep(w *Seen) {
	v.watch(w.Time)
	if v.frames != nil && v.frames.window(w.Time, w.Track) {
		v.teacher.wake(v.teacher.encode)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	m := moment{time: w.Time, track: w.Track, motion: w.Motion, score: w.Score, label: int32(w.Label)} //nolint:gosec // an index of labels
	m.taken = w.Time >= v.takenFrom && w.Time <= v.takenTo
	v.moments.add(m, w.Embedding, v.leave)
}

// leave makes a moment ordinary life, unless something is taught around it. The caller holds mu.
func (v *View) leave(n uint64) {
	if m := v.moments.at(n); !m.taken {
		v.life.add(m, v.moments.embedding(n), v.teacher.wall)
	}
}

// watch notes that the time up to t was watched.
func (v *View) watch(t time.Duration) {
	pause := t - v.last
	if v.seen && pause < 0 {
		v.mu.Lock()
		v.moments.wipe() // the clock went back: nobody knows when the moments were
		v.mu.Unlock()
	}
	if v.seen && pause > 0 && pause <= longestPause {
		v.mu.Lock()
		v.life.watched += pause
		v.mu.Unlock()
	}
	v.seen, v.last = true, t
}

// track hands a score to the tracker of the target.
func (v *View) track(action int, track uint64, t time.Duration, score float64) {
	a := &v.set.Actions[action]
	k := v.tracker(action, track)
	c, ended := k.window(t, score, a.Threshold)
	if ended {
		v.report(a, c)
	}
	v.setFiring(a, k, k.on && k.peak >= a.Threshold)
}

func (v *View) setFiring(a *RunningAction, k *tracker, on bool) {
	if k.firing == on {
		return
	}
	k.firing = on
	if on {
		a.firing.Add(1)
	} else {
		a.firing.Add(-1)
	}
	v.teacher.noticed(v.Path)
}

// tracker returns that of the target. If there are too many targets, it takes the place of the one that was seen longest ago.
func (v *View) tracker(action int, track uint64) *tracker {
	list := v.trackers[action]
	oldest := 0
	for i := range list {
		if list[i].track == track {
			return &list[i]
		}
		if list[i].last < list[oldest].last {
			oldest = i
		}
	}
	if len(list) < cap(list) {
		list = append(list, tracker{track: track})
		v.trackers[action] = list
		return &list[len(list)-1]
	}
	v.end(&v.set.Actions[action], &list[oldest])
	list[oldest] = tracker{track: track}
	return &list[oldest]
}

func (v *View) end(a *RunningAction, k *tracker) {
	if c, ended := k.finish(); ended {
		v.report(a, c)
	}
	v.setFiring(a, k, false)
	k.seen = false
}

// report hands a candidate to the teacher's own goroutine.
func (v *View) report(a *RunningAction, c candidate) {
	v.teacher.report(found{view: v, action: a.id, candidate: c, fired: c.peak >= a.Threshold, live: a.Live})
}

// Enable says whether the view is analysed. Disabling wipes what was seen in the last minutes.
func (v *View) Enable(on bool) {
	if v.enabled.Swap(on) == on {
		return
	}
	if !on {
		v.wipe()
	}
	v.teacher.noticed(v.Path)
}

// wipe forgets the moments and their pictures, and overwrites them.
func (v *View) wipe() {
	if v.frames != nil {
		v.frames.wipe()
	}
	if v.memory == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.moments.wipe()
	v.life.reset()
}

// inherit takes over what another View of the same path and model knew. Windows of that one must not come any more.
func (v *View) inherit(old *View) {
	v.memory, v.counted, v.standards = old.memory, old.counted, old.standards
	if old.frames != nil && v.frames != nil && old.Frames == v.Frames && old.Width == v.Width && old.Height == v.Height && old.Follows == v.Follows {
		v.frames = old.frames
		v.frames.clear()
	}
	v.enabled.Store(old.enabled.Load())
}
