package node

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"edged/infer/engine"
	"edged/internal/watch"
)

const oneCamera = "cameras: [{name: gate, source: 'pattern:'}]"

// The watchdog may be fed for progress only: every kind of hang must show.
func TestAliveMeansProgress(t *testing.T) {
	commit := func(w *watch.Camera) {
		w.Ring.Reserve()
		w.Ring.Commit(int64(w.Counters.Frames.Load()), time.Duration(w.Counters.Frames.Load()))
	}
	for _, c := range []struct {
		name   string
		online bool
		step   func(*watch.Camera) // what happens between two checks
		want   bool
	}{
		{"offline, opened again and again", false, func(w *watch.Camera) { w.Counters.Attempts.Add(1) }, true},
		{"offline, for its frames show nothing new", false, func(w *watch.Camera) { w.Counters.Frames.Add(10) }, true},
		{"opening the camera hangs", false, func(*watch.Camera) {}, false},
		{"frames captured and read", true, func(w *watch.Camera) {
			w.Counters.Frames.Add(10)
			commit(w)
			w.Views[0].Pipeline.Stats.Seen.Add(1)
		}, true},
		{"frames captured, and the model needs none of them", true, func(w *watch.Camera) { w.Counters.Frames.Add(10) }, true},
		{"the capture loop hangs", true, func(*watch.Camera) {}, false},
		{"the pipeline hangs", true, func(w *watch.Camera) {
			w.Counters.Frames.Add(10)
			commit(w)
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNode(t, oneCamera)
			w := n.Cameras[0]
			w.SetStatus(c.online, nil)
			n.Engines[0].info.Store(new(engine.Info))
			synctest.Test(t, func(t *testing.T) {
				alive := n.newProgressCheck()
				c.step(w)
				_ = alive() // the first check only notes the counters
				time.Sleep(w.Patience() + 1)
				c.step(w)
				if err := alive(); (err == nil) != c.want {
					t.Errorf("hangs: %v; want alive %t", err, c.want)
				}
			})
		})
	}
}

// A short WatchdogSec must not kill edged while a camera is absent, and a long one must not hide a hang.
func TestPatienceIsATime(t *testing.T) {
	for _, every := range []time.Duration{time.Second, 10 * time.Second / 3, checkEvery} {
		for _, online := range []bool{false, true} {
			n := newNode(t, oneCamera)
			w := n.Cameras[0]
			w.SetStatus(online, nil)
			n.Engines[0].info.Store(new(engine.Info))
			synctest.Test(t, func(t *testing.T) {
				alive := n.newProgressCheck()
				stop := time.Now().Add(2 * time.Minute) // a program that sends nothing and is killed, then a pause, again and again
				go func() {
					for time.Now().Before(stop) {
						w.Counters.Attempts.Add(1)
						time.Sleep(w.Patience() - time.Second)
					}
				}()
				for time.Now().Before(stop) {
					time.Sleep(every)
					if err := alive(); err != nil {
						t.Errorf("checking every %v, online %t: %v", every, online, err)
					}
				}
				time.Sleep(w.Patience() + every)
				if alive() == nil {
					t.Errorf("checking every %v, online %t: a hang does not show", every, online)
				}
			})
		}
	}
}

// While the model is being loaded there is no other progress. That may take long, but not for ever.
func TestLoadingTheModelIsProgress(t *testing.T) {
	n := newNode(t, oneCamera)
	synctest.Test(t, func(t *testing.T) {
		alive := n.newProgressCheck()
		for waited := checkEvery; waited < loadWithin+checkEvery; waited += checkEvery {
			time.Sleep(checkEvery)
			if err := alive(); err != nil {
				t.Errorf("after %v: %v", waited, err)
			}
		}
		time.Sleep(checkEvery)
		_ = alive()
		time.Sleep(checkEvery)
		if alive() == nil {
			t.Error("a load that hangs does not show")
		}
	})
}

// systemd kills an edged that hangs, and no other: a sign of life each third of WATCHDOG_USEC, and none once a stage hangs.
func TestSystemdsWatchdogIsFedForProgressOnly(t *testing.T) {
	fed := underSystemd(t, "3000000")
	n := newNode(t, oneCamera)
	w := n.Cameras[0]
	w.SetStatus(true, nil)
	n.Engines[0].info.Store(new(engine.Info))
	synctest.Test(t, func(t *testing.T) {
		go func() {
			if err := n.watchdog(t.Context()); err != nil {
				t.Error(err)
			}
		}()
		during := func(lasts time.Duration, frames uint64) (signs int) {
			for range int(lasts / time.Second) {
				w.Counters.Frames.Add(frames)
				time.Sleep(time.Second)
				synctest.Wait()
				signs += fed() // now: what nobody reads blocks the next
			}
			return signs
		}
		for range 2 { // it may hang for a while, and go on
			if signs := during(time.Minute, 30); signs < 50 || n.Healthy() != nil {
				t.Errorf("%d signs of life in a minute with frames, %v", signs, n.Healthy())
			}
			during(w.Patience()+time.Second, 0)
			if signs := during(time.Minute, 0); signs > 0 || n.Healthy() == nil {
				t.Errorf("%d signs of life in a minute in which the capture loop hangs, %v", signs, n.Healthy())
			}
			during(2*time.Second, 30)
		}
	})
}

// underSystemd lets the node think that systemd started it with this WATCHDOG_USEC. fed returns how many signs of life have come.
func underSystemd(t *testing.T, limit string) (fed func() int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(socket) })
	if err := unix.Bind(socket, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", limit)
	t.Setenv("WATCHDOG_PID", "")
	return func() (signs int) {
		for message := make([]byte, 100); ; {
			n, _, err := unix.Recvfrom(socket, message, unix.MSG_DONTWAIT) // a read of package net would stop synctest's clock
			if err != nil {
				return signs
			}
			if string(message[:n]) == "WATCHDOG=1" {
				signs++
			}
		}
	}
}
