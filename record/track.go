package record

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"edged/internal/clock"
	"edged/internal/sink"
)

// track makes the clips of one view. The model's goroutine tells it of events and windows, and a goroutine of its own writes.
type track struct {
	*Recorder
	camera, view string
	ring         *ring
	kept         int           // windows whose scores are kept
	wake         chan struct{} // one token: there is a clip to write, or to amend
	buffer       []byte        // of the muxer
	busy         atomic.Int64  // since when the disk is at work on a write, CLOCK_MONOTONIC; 0 = it is not

	mu      sync.Mutex // guards what follows
	enabled bool
	history history
	takes   []*take  // not yet written; only the last one can still grow
	amends  []string // complete clips of which an event has ended since
	results []result // of the last clips
}

// result is what became of a clip: ClipSaved or ClipFailed.
type result struct{ clip, state string }

// take is a clip that is being written, or waits for it.
type take struct {
	id     string
	from   time.Duration // of the first picture, or before it
	until  time.Duration // of the last one; far away while an event goes on
	ended  time.Duration // the latest end of an event
	active int           // events that go on
	closed bool          // no event can join any more

	concluded bool // its description is written
	deleted   bool // by the user, before it was complete
}

const (
	// maxTakes bounds the clips of a view that wait for a slow disk.
	maxTakes = 4
	// maxAmends bounds the clips whose description waits to be written again.
	maxAmends = 16
	// lookEvery is how often new pictures are taken out of the ring while a clip is written.
	lookEvery = 500 * time.Millisecond
	// patience is how long a picture may be late, before the clip ends without it.
	patience = time.Second
	forever  = time.Duration(math.MaxInt64)
)

// last is the time of the clip's last picture, as far as that is known.
func (t *take) last(longest time.Duration) time.Duration { return min(t.until, t.from+longest) }

// begin returns the id of the clip that the event will be in.
func (t *track) begin(e sink.Event) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	from := e.Start - t.Before
	if n := len(t.takes); n > 0 {
		if last := t.takes[n-1]; !last.closed && from <= last.until && e.Start < last.from+t.MaxClip {
			last.active++
			last.until = forever
			return last.id
		}
	}
	if len(t.takes) == maxTakes {
		t.failed.Add(1)
		return ""
	}
	next := &take{id: newID(time.Now()), from: from, until: forever, active: 1}
	t.takes = append(t.takes, next)
	t.signal()
	return next.id
}

// started notes that the timeline has the event. The event's clip may have ended before: a broken disk fails at once.
func (t *track) started(e sink.Event) {
	t.mu.Lock()
	i := slices.IndexFunc(t.results, func(r result) bool { return r.clip == e.Clip })
	if i < 0 {
		t.mu.Unlock()
		return
	}
	state := t.results[i].state
	if state == ClipSaved {
		t.amendLater(e.Clip)
	}
	t.mu.Unlock()
	t.Timeline.setState(e.Clip, state)
}

// amendLater has a complete clip's description written again. The caller holds mu.
func (t *track) amendLater(clip string) {
	if len(t.amends) < maxAmends && !slices.Contains(t.amends, clip) {
		t.amends = append(t.amends, clip)
		t.signal()
	}
}

// ended notes the end of an event.
func (t *track) ended(e sink.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.takes, func(k *take) bool { return k.id == e.Clip })
	if i < 0 {
		if e.Clip != "" {
			t.amendLater(e.Clip)
		}
		return
	}
	k := t.takes[i]
	k.ended = max(k.ended, e.End) // events are not reported in the order of their ends
	if k.active--; k.active == 0 && !k.closed {
		k.until = k.ended + t.After
	}
	if k.concluded {
		t.amendLater(k.id)
	}
}

// setEnabled ends the clips of a view that is disabled, and forgets its scores.
func (t *track) setEnabled(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.enabled = on
	if on {
		return
	}
	for _, k := range t.takes {
		k.until = min(k.until, clock.Monotonic())
		k.closed = true
	}
	t.history.clear()
}

// cancel ends the clip if it is still being written, or waits for it. Nothing of it is kept.
func (t *track) cancel(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range t.takes {
		if k.id == id {
			k.until, k.closed, k.deleted = min(k.until, clock.Monotonic()), true, true
			return true
		}
	}
	return false
}

func (t *track) window(w sink.Window) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.history.add(w, t.kept)
}

func (t *track) signal() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// run writes clips until ctx ends; then it finishes the one it is at with what there is.
func (t *track) run(ctx context.Context) {
	for {
		t.work(ctx)
		select {
		case <-ctx.Done():
			t.work(ctx)
			return
		case <-t.wake:
		}
	}
}

func (t *track) work(ctx context.Context) {
	for {
		t.mu.Lock()
		var k *take
		var amend string
		switch {
		case len(t.amends) > 0: // first: there may be a clip to write for hours
			amend, t.amends = t.amends[0], t.amends[1:]
		case len(t.takes) > 0:
			k = t.takes[0]
		}
		t.mu.Unlock()
		switch {
		case amend != "":
			t.amend(amend)
		case k != nil:
			t.write(ctx, k)
			if t.done(k) {
				t.discard(k.id)
			}
		default:
			return
		}
	}
}

// done takes the clip off the list. It reports whether the user has deleted it meanwhile.
func (t *track) done(k *take) (deleted bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.takes = slices.Delete(t.takes, 0, 1)
	return k.deleted
}

// discard removes a clip that the user deleted at the moment when it became complete.
func (t *track) discard(id string) {
	s := t.store.Load()
	if s == nil {
		return
	}
	if err := s.Delete(id); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.setDegraded(err)
	}
}

// isEnabled reports whether the view may be recorded.
func (t *track) isEnabled() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.enabled
}

// progress returns until when the clip goes, as far as that is known, and whether a picture of time newest is past that. If it is, no
// event can join the clip any more.
func (t *track) progress(k *take, newest time.Duration) (end time.Duration, over bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	end = k.last(t.MaxClip)
	k.closed = k.closed || newest > end
	return end, k.closed && newest > end
}

// conclude notes what became of the clip. From now on no event can join it. It reports whether one still goes on.
func (t *track) conclude(k *take, state string) (stillOn bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k.closed, k.concluded = true, true
	if len(t.results) == maxTakes {
		t.results = slices.Delete(t.results, 0, 1)
	}
	t.results = append(t.results, result{k.id, state})
	return k.active > 0
}
