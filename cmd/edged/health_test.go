package main

import (
	"testing"
	"testing/synctest"
	"time"

	"edged/infer/engine"
	"edged/ringbuffer"
)

// The watchdog must be fed by progress alone: each kind of hang has to show.
func TestAliveMeansProgress(t *testing.T) {
	commit := func(w *watcher) {
		w.ring.Reserve()
		w.ring.Commit(int64(w.counters.Frames.Load()), time.Duration(w.counters.Frames.Load()))
	}
	for _, c := range []struct {
		name   string
		online bool
		step   func(*watcher) // what happens between two looks
		want   bool
	}{
		{"offline, opened again and again", false, func(w *watcher) { w.counters.Attempts.Add(1) }, true},
		{"offline, for its frames show nothing new", false, func(w *watcher) { w.counters.Frames.Add(10) }, true},
		{"opening the camera hangs", false, func(*watcher) {}, false},
		{"frames captured and read", true, func(w *watcher) {
			w.counters.Frames.Add(10)
			commit(w)
			w.views[0].pipeline.Stats.Seen.Add(1)
		}, true},
		{"frames captured, none of them wanted", true, func(w *watcher) { w.counters.Frames.Add(10) }, true},
		{"the capture loop hangs", true, func(*watcher) {}, false},
		{"the pipeline hangs", true, func(w *watcher) {
			w.counters.Frames.Add(10)
			commit(w)
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &watcher{ring: ringbuffer.New(4, 3), views: []*view{{}}, stallAfter: 5 * time.Second}
				w.online.Store(c.online)
				d := &daemon{watchers: []*watcher{w}}
				d.info.Store(new(engine.Info))
				alive := d.alive()
				c.step(w)
				_ = alive() // the first look only takes the counters down
				time.Sleep(w.patience() + 1)
				c.step(w)
				if err := alive(); (err == nil) != c.want {
					t.Errorf("hangs: %v; want alive %t", err, c.want)
				}
			})
		})
	}
}

// However often it is looked: a short WatchdogSec must not kill edged for a camera that is away, nor a long one let a hang pass.
func TestPatienceIsATime(t *testing.T) {
	for _, every := range []time.Duration{time.Second, 10 * time.Second / 3, lookEvery} {
		for _, online := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				w := &watcher{ring: ringbuffer.New(4, 3), views: []*view{{}}, stallAfter: 5 * time.Second}
				w.online.Store(online)
				d := &daemon{watchers: []*watcher{w}}
				d.info.Store(new(engine.Info))
				alive := d.alive()
				stop := time.Now().Add(2 * time.Minute) // a program that says nothing, and is killed, and a pause, again and again
				go func() {
					for time.Now().Before(stop) {
						w.counters.Attempts.Add(1)
						time.Sleep(w.patience() - time.Second)
					}
				}()
				for time.Now().Before(stop) {
					time.Sleep(every)
					if err := alive(); err != nil {
						t.Errorf("looking every %v, online %t: %v", every, online, err)
					}
				}
				time.Sleep(w.patience() + every)
				if alive() == nil {
					t.Errorf("looking every %v, online %t: a hang does not show", every, online)
				}
			})
		}
	}
}

// While the model is loaded there is no other progress; but not for ever.
func TestLoadingTheModelIsProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &daemon{watchers: []*watcher{{ring: ringbuffer.New(4, 3), views: []*view{{}}, stallAfter: 5 * time.Second}}}
		alive := d.alive()
		for look := lookEvery; look < loadWithin+lookEvery; look += lookEvery {
			time.Sleep(lookEvery)
			if err := alive(); err != nil {
				t.Errorf("after %v: %v", look, err)
			}
		}
		time.Sleep(lookEvery)
		_ = alive()
		time.Sleep(lookEvery)
		if alive() == nil {
			t.Error("a load that hangs does not show")
		}
	})
}
