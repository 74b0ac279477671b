package record

import (
	"context"
	"errors"
	"fmt"
	"time"

	"edged/capture/pixel"
	"edged/internal/clock"
)

// write writes one clip from the ring to the disk, and says what became of it.
func (t *track) write(ctx context.Context, k *take) {
	w := &writing{track: t, take: k}
	err := w.run(ctx)
	t.busy.Store(0)
	state := ClipFailed
	switch {
	case err != nil:
		t.failed.Add(1)
		t.setDegraded(err)
	case w.mux == nil:
		t.empty.Add(1)
	default:
		state = ClipSaved
		t.written.Add(1)
		t.setDegraded(nil)
	}
	stillOn := t.conclude(k, state)
	t.Timeline.setState(k.id, state)
	if state == ClipSaved && !stillOn && w.incomplete {
		t.amend(k.id)
	}
	t.lost.Add(uint64(w.lost))
}

// writing is the work on one clip.
type writing struct {
	*track
	take          *take
	store         *Store
	file          file
	mux           *muxer
	width, height int
	opening       uint64 // of the camera: all its pictures have one size
	cut           string
	lost          int
	counted       int64 // bytes that the store knows of
	incomplete    bool  // an event had not ended when the description was written
}

func (w *writing) run(ctx context.Context) (err error) {
	in := w.ring.read(w.take.from) // first: from now on nothing leaves the ring by age
	defer in.close()
	if w.store, err = w.openStore(); err != nil {
		return err
	}
	defer func() {
		clear(w.buffer[:cap(w.buffer)]) // nothing of a picture stays in memory
		w.lost = in.lost
		if w.file != nil {
			err = errors.Join(err, w.file.Close())
		}
		if w.counted > 0 {
			_ = w.store.grow(-w.counted)
		}
		if err != nil || w.mux == nil {
			w.store.abandon(w.take.id)
		}
	}()
	if err := w.pictures(ctx, in); err != nil || w.mux == nil {
		return err
	}
	w.lost = in.lost
	return w.finish()
}

// pictures writes all pictures of the clip, as they come.
func (w *writing) pictures(ctx context.Context, in *reading) error {
	for {
		e, s := in.peek()
		switch s {
		case wiped:
			if !w.isEnabled() {
				w.cut = "the view was disabled"
				return nil
			}
			in.resume() // another view of the camera was disabled
			continue
		case waiting:
			w.busy.Store(0)
			if _, over := w.progress(w.take, clock.Monotonic()-patience); over {
				return nil
			}
			if !pause(ctx, lookEvery) {
				w.cut = "edged was stopped"
				return nil
			}
			continue
		}
		if end, over := w.progress(w.take, e.at); over {
			if end == w.take.from+w.MaxClip {
				w.cut = "record.max_clip"
			}
			return nil
		}
		if goOn, err := w.picture(in, e); !goOn || err != nil {
			return err
		}
	}
}

// pause waits. It returns false if ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// picture writes the next picture. It returns false if the clip must end before it.
func (w *writing) picture(in *reading, e entry) (goOn bool, err error) {
	if w.mux == nil || e.opening != w.opening {
		if fine, err := w.begin(in, e); !fine || err != nil {
			return w.cut == "", err
		}
		w.opening = e.opening
	}
	w.busy.Store(int64(clock.Monotonic()))
	switch err := w.mux.begin(e.at, e.size); {
	case errors.Is(err, errNotMonotonic):
		in.skip()
		return true, nil
	case err != nil:
		return false, err
	}
	var s state
	if w.mux.cluster, s = in.append(w.mux.cluster, e); s != got {
		w.mux.forget() // it was erased, or overwritten, at this very moment
		return true, nil
	}
	if w.mux.written > w.counted {
		if err := w.store.grow(w.mux.written - w.counted); err != nil {
			return false, err
		}
		w.counted = w.mux.written
	}
	if w.counted > w.MaxBytes/2 {
		w.cut = "record.max_bytes"
		return false, nil
	}
	return true, nil
}

// begin opens the file with the first picture; later it checks that pictures still have its size. It returns false if this picture does
// not belong into the clip.
func (w *writing) begin(in *reading, e entry) (fine bool, err error) {
	jpeg, s := in.copy(e)
	if s != got {
		return false, nil
	}
	width, height, bad := pixel.JPEGSize(jpeg)
	clear(jpeg)
	if bad != nil {
		in.skip()
		return false, nil //nolint:nilerr // one picture less is no reason to end the clip
	}
	if w.mux != nil {
		if width != w.width || height != w.height {
			w.cut = "the camera's picture has another size now"
		}
		return w.cut == "", nil
	}
	w.width, w.height = width, height
	if w.file, err = w.store.begin(w.take.id); err != nil {
		return false, fmt.Errorf("record: %w", err)
	}
	if cap(w.buffer) == 0 {
		w.buffer = make([]byte, 0, clusterBytes*3/2)
	}
	w.mux, err = newMuxer(w.file, width, height, clock.Now().At(e.at), w.buffer)
	return err == nil, err
}

// finish writes the description, and makes both files complete.
func (w *writing) finish() error {
	w.busy.Store(int64(clock.Monotonic()))
	if err := w.mux.close(); err != nil {
		return err
	}
	w.buffer = w.mux.cluster[:0]
	clip := w.describe()
	if len(clip.Events) == 0 { // deleted while it was being written
		w.mux = nil
		return nil
	}
	return w.store.finish(w.file, clip, w.mux.written)
}

func (w *writing) describe() *Clip {
	c := &Clip{
		Format: clipFormat, ID: w.take.id, Node: w.Node, Version: w.Version, Camera: w.camera, View: w.view, Model: w.viewOf(w.view).Model,
		Start: wall(clock.Now(), w.mux.began), Duration: millis(w.mux.duration()), Width: w.width, Height: w.height,
		Area: w.viewOf(w.view).Area, Lost: w.lost, Cut: w.cut, Events: w.Timeline.of(w.take.id),
	}
	always := make([]string, 0, len(c.Events))
	for i := range c.Events {
		e := &c.Events[i]
		e.ClipState = ClipSaved
		w.incomplete = w.incomplete || e.End == nil
		always = append(always, e.Label)
	}
	w.mu.Lock()
	w.history.describe(c, w.mux.began, w.mux.began+w.mux.last, always)
	w.mu.Unlock()
	for _, f := range w.mux.frames {
		c.Frames = append(c.Frames, [3]int64{millis(f.Time), f.Offset, int64(f.Size)})
	}
	return c
}

// amend writes into a complete clip's description what its events have become since.
func (t *track) amend(id string) {
	store, err := t.openStore()
	if err != nil {
		return
	}
	clip, err := store.Info(id)
	if err != nil {
		return // deleted meanwhile
	}
	if events := t.Timeline.of(id); len(events) > 0 {
		clip.Events = events
		if err := store.amend(clip); err != nil {
			t.setDegraded(err)
		}
	}
}
