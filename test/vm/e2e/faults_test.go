package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// fault is something that happens to a camera, and ends.
type fault struct {
	name   string
	short  bool   // make test has it, too
	camera string // whose
	begin  func()
	reason string           // in edged's log
	kind   string           // as which it is counted as a failure
	alone  bool             // it ends by itself at once: there is no time to look at it
	end    func() time.Time // mends it, and returns since when it is mended
}

// faults lets them happen one after the other under one edged, and prints a line of the table for each.
type faults struct {
	*testing.T
	edged
	sub     subscriber
	cameras []string             // of which those without the fault must not notice
	windows *int                 // that were seen after a fault
	since   map[string]time.Time // they are online
}

// healthy is how long a camera must have been well for its next fault not to count as one more of the same.
const healthy = 11 * time.Second

func (f faults) happen(all ...fault) {
	for _, x := range all {
		if x.short || long {
			f.one(x)
		}
	}
}

// one asserts what must hold of every fault.
func (f faults) one(x fault) {
	seen := f.status(x.camera).Frames
	before := f.until(x.camera, "frame before: "+x.name, func(s stats) bool { return s.Online && s.Frames > seen })
	if x.alone && long {
		time.Sleep(time.Until(f.since[x.camera].Add(healthy)))
	}
	others := map[string]stats{}
	for _, name := range f.cameras {
		others[name] = f.until(name, "picture before: "+x.name, func(s stats) bool { return s.Online })
	}
	f.skip()
	said := len(f.said)
	f.sub.catchUp(func(message) {})

	began := time.Now()
	x.begin()
	off := f.awaitLog(x.camera, "camera offline")
	f.awaitStatus(x.camera, "offline")
	if !strings.Contains(off.text, x.reason) {
		f.Errorf("%s: the log has %s, want %q", x.name, off.text, x.reason)
	}
	f.wantNoWindow(x)
	mended := x.end()
	on := f.awaitLog(x.camera, "camera online")
	f.since[x.camera] = on.at
	f.awaitStatus(x.camera, "online")
	f.wantFullWindows(x, on.at)

	after := f.status(x.camera)
	if after.Failures[x.kind] == before.Failures[x.kind] {
		f.Errorf("%s: not counted as %s: %v", x.name, x.kind, after.Failures)
	}
	if lines := f.logged(said, x.camera); len(lines) > 4 { // offline, online, and what may be said of the first bad frame, and of frame times
		f.Errorf("%s: logged %d times:\n%s", x.name, len(lines), strings.Join(lines, "\n"))
	}
	for _, name := range f.cameras {
		now, was := f.status(name), others[name]
		if name != x.camera && (!now.Online || now.failures() != was.failures() || now.Frames == was.Frames) {
			f.Errorf("%s: camera %s was disturbed: %+v, before %+v", x.name, name, now, was)
		}
	}
	row(x.name, off.at.Sub(began), on.at.Sub(mended), "offline, `"+x.kind+"`")
}

func (f faults) awaitStatus(camera, status string) {
	f.sub.awaitPayload("edged/guest/"+camera+"/status", status)
}

// wantNoWindow looks on for a while: the model must not run on what was seen before.
func (f faults) wantNoWindow(x fault) {
	if x.alone {
		return
	}
	was := f.status(x.camera)
	time.Sleep(2 * time.Second)
	if now := f.status(x.camera); now.Online || now.Windows != was.Windows {
		f.Errorf("%s: online %v, %d windows of an offline camera", x.name, now.Online, now.Windows-was.Windows)
	}
}

// wantFullWindows looks at the windows after the camera's return: all of them must be newer. The emulated machine may be too slow
// for even one without a gap.
func (f faults) wantFullWindows(x fault, online time.Time) {
	time.Sleep(4 * time.Second)
	f.sub.catchUp(func(m message) {
		if m.topic != "edged/guest/"+x.camera+"/scores" {
			return
		}
		var scores struct{ Time time.Time }
		if err := json.Unmarshal([]byte(m.payload), &scores); err != nil {
			f.Fatal(err)
		}
		const length = 1875 * time.Millisecond // of the starter's window: 16 frames, 8 a second
		const waited = time.Second             // by the first frame in the queue, before the log said online
		if took := scores.Time.Sub(online); took < length-waited {
			f.Errorf("%s: a window %v after the camera's return, which takes %v to fill", x.name, took, length)
		}
		*f.windows++
	})
}

// row prints a line of the table in docs/cameras.md. What took no time to recover was one frame.
func row(name string, detected, recovered time.Duration, shown string) {
	in := "the next frame"
	if recovered != 0 {
		in = fmt.Sprintf("%.1f s", recovered.Seconds())
	}
	fmt.Printf("| %s | %.1f s | %s | %s |\n", name, detected.Seconds(), in, shown)
}

// doing is an end that mends the fault at once.
func doing(mend func()) func() time.Time {
	return func() time.Time {
		at := time.Now()
		mend()
		return at
	}
}
