package teach

import (
	"context"
	"math"
	"sync"
	"time"
)

// Run learns, writes what is not yet written, and tells those who watch, until ctx ends.
func (t *Teacher) Run(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { t.encodePictures(ctx) })
	all.Go(func() { t.learnInBackground(ctx) })
	t.serve(ctx)
}

// minute is how often time is counted for Worth, and how often it is checked whether there is more to learn from.
const minute = time.Minute

// serve notes candidates, counts time and tells of changes.
func (t *Teacher) serve(ctx context.Context) {
	tick := time.NewTicker(minute)
	defer tick.Stop()
	save := time.NewTicker(saveEvery)
	defer save.Stop()
	for {
		select {
		case <-ctx.Done():
			t.retire()
			t.saveRest()
			return
		case f := <-t.found:
			t.note(f)
		case <-t.notify:
			t.tell()
		case <-tick.C:
			t.count()
			t.expire()
			t.refresh()
		case <-save.C:
			t.saveRest()
		}
	}
}

// learnInBackground learns what is due, at the lowest priority.
func (t *Teacher) learnInBackground(ctx context.Context) {
	lowPriority()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.work:
		}
		t.embedForeign(ctx)
		t.learnAll(ctx)
	}
}

// count adds to each running action the time that its view was watched.
func (t *Teacher) count() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for path, v := range t.views {
		if !v.CanTeach() {
			continue
		}
		watched := v.watched()
		passed := watched - v.counted
		v.counted = watched
		for _, a := range t.of(path) {
			if a.Learned != nil && passed > 0 {
				a.Watched += passed.Seconds()
				a.unsaved = true
			}
		}
	}
}

// expire forgets moments and pictures that are too old. While a camera delivers, that happens by itself.
func (t *Teacher) expire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.o.Monotonic()
	for _, v := range t.views {
		if v.frames != nil {
			v.frames.expire(now)
		}
		if v.memory != nil {
			v.mu.Lock()
			v.moments.expire(now, v.leave)
			v.mu.Unlock()
		}
	}
}

// retire makes the moments ordinary life, because nobody can point at them any more.
func (t *Teacher) retire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, v := range t.views {
		if v.memory != nil {
			v.mu.Lock()
			v.moments.expire(math.MaxInt64, v.leave)
			v.life.finish()
			v.mu.Unlock()
		}
	}
}

// saveEvery is how often firings and ordinary life are written: rarely, because that wears out an SD card.
const saveEvery = 10 * time.Minute

// saveRest writes what has changed and is not worth a write at once.
func (t *Teacher) saveRest() {
	t.count()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.writable() != nil {
		return
	}
	for _, a := range t.actions {
		if a.unsaved && t.saved(t.store.saveAction(a)) == nil {
			a.unsaved = false
		}
	}
	for _, v := range t.views {
		t.saveLife(v)
	}
}

// encodePictures makes JPEGs of the frames of the last minute.
func (t *Teacher) encodePictures(ctx context.Context) {
	if t.o.NewEncoder == nil {
		return
	}
	encoder, err := t.o.NewEncoder()
	if err != nil {
		t.o.Log.Error("teach: no pictures of moments", "error", err)
		return
	}
	defer encoder.Close()
	var rgb []byte
	for {
		select {
		case <-ctx.Done():
			encoder.Wipe()
			clear(rgb)
			return
		case <-t.encode:
		}
		for _, f := range *t.frames.Load() {
			rgb = f.encodeAll(encoder, rgb)
		}
	}
}

// encodeAll encodes all frames that wait. It returns the memory that it worked in.
func (f *frames) encodeAll(encoder Encoder, rgb []byte) []byte {
	if size := 3 * f.width * f.height; len(rgb) != size {
		rgb = make([]byte, size)
	}
	for {
		q, ok := f.take(rgb)
		if !ok {
			return rgb
		}
		if jpeg, err := encoder.Encode(rgb, f.width, f.height, PictureQuality); err == nil {
			f.keep(q, jpeg)
		}
	}
}
