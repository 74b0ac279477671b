package follow_test

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"edged/follow"
	"edged/infer"
	"edged/infer/engine"
	"edged/internal/testkit"
	"edged/models"
)

const (
	labelledRate = 10 // frames a second of vtest.avi
	sampledRate  = 8
	stride       = 2
)

// walk is one labelled person who crosses the picture in one direction.
type walk struct {
	person   string
	from, to float64 // frames of the video
	label    string
}

// keyframe is a labelled box: x, y, width, height as parts of the picture.
type keyframe struct {
	frame float64
	box   [4]float64
}

// action is what edged said: a target does something, with the target's box at each window.
type action struct {
	target uint64
	label  string
	start  float64 // frame of the video that the event names as the start
	frames []float64
	boxes  [][4]float64
}

// window is one run of the model on a target.
type window struct {
	frame float64 // of the video: its newest
	box   [4]float64
	label string // with the best score
}

// TestWalkersOfRealFootage follows everybody in vtest.avi, runs the starter model on each, and compares the directions with the labels.
func TestWalkersOfRealFootage(t *testing.T) {
	testkit.Slow(t)
	people, walks := readPeople(t), readWalks(t)
	actions, windows := followVideo(t, 384, 288, follow.Options{Max: 12})
	judgeWindows(t, people, windows)
	judgeStarts(people, walks, actions).report(t)
	right, wrong := 0, 0
	for _, w := range walks {
		good, bad := judge(w, people, actions)
		if good {
			right++
		}
		if bad {
			wrong++
		}
		if !good || bad {
			t.Logf("%s, frames %.0f to %.0f, %s: right %v, wrong %v", w.person, w.from, w.to, w.label, good, bad)
		}
	}
	t.Logf("| followed | %d of %d walks right (%.1f %%) | %d wrong (%.1f %%) |", right, len(walks), percent(right, len(walks)), wrong, percent(wrong, len(walks)))
	events, nobody := ofNobody(people, walks, actions)
	t.Logf("| followed | %d direction events, %d of nobody who is labelled to go that way |", events, nobody)
	if percent(right, len(walks)) < 96 || percent(wrong, len(walks)) > 2 {
		t.Errorf("want at least 96 %% right and at most 2 %% wrong")
	}
}

// ofNobody counts the direction events, and those of them that are no labelled walk.
func ofNobody(people map[string][]keyframe, walks []walk, actions []action) (events, nobody int) {
	for _, a := range actions {
		if !strings.Contains(a.label, "_to_") {
			continue
		}
		events++
		isWalk := func(w walk) bool { return w.label == a.label && isOn(people[w.person], w, a) }
		if !slices.ContainsFunc(walks, isWalk) {
			nobody++
		}
	}
	return events, nobody
}

// isOn reports whether the action's box was at some time where the walker was.
func isOn(boxes []keyframe, w walk, a action) bool {
	for i, frame := range a.frames {
		if frame >= w.from && frame <= w.to && overlap(at(boxes, frame), a.boxes[i]) > 0.3 {
			return true
		}
	}
	return false
}

func percent(n, of int) float64 { return 100 * float64(n) / float64(of) }

// judge compares one walk with the actions of targets that were where the person was. Wrong is an action in the other direction.
func judge(w walk, people map[string][]keyframe, actions []action) (right, wrong bool) {
	for _, a := range actions {
		if !strings.Contains(a.label, "_to_") {
			continue
		}
		on := 0
		for i, frame := range a.frames {
			if frame < w.from || frame > w.to {
				continue
			}
			if alone(people, w.person, frame, a.boxes[i]) {
				on++
			}
		}
		if on == 0 {
			continue
		}
		if a.label == w.label {
			right = true
		} else if on > 2 && 2*on > len(a.frames) { // not the end of the walk before
			wrong = true
		}
	}
	return right, wrong
}

// judgeWindows compares the best label of each window with the way that the labelled person went in it, where that is clearly to one side.
func judgeWindows(t *testing.T, people map[string][]keyframe, windows []window) {
	const long = 15 * labelledRate / sampledRate // frames of the video from a window's first picture to its last
	right, wrong, all := 0, 0, 0
	for _, w := range windows {
		for name, boxes := range people {
			if w.frame-long < boxes[0].frame || w.frame > boxes[len(boxes)-1].frame || !alone(people, name, w.frame, w.box) {
				continue
			}
			before, now := at(boxes, w.frame-long), at(boxes, w.frame)
			dx, dy := (now[0]+now[2]/2-before[0]-before[2]/2)*768, (now[1]+now[3]-before[1]-before[3])*576
			if math.Abs(dx) < 28 || math.Abs(dx) < 1.5*math.Abs(dy) {
				continue
			}
			all++
			switch {
			case dx > 0 == (w.label == "left_to_right") && strings.Contains(w.label, "_to_"):
				right++
			case strings.Contains(w.label, "_to_"):
				wrong++
			}
		}
	}
	t.Logf("| windows of people who clearly go left or right | %d of %d right (%.1f %%) | %d wrong (%.1f %%) |", right, all, percent(right, all), wrong, percent(wrong, all))
}

// alone reports whether the box is this person's, and nobody else's as much: two who pass each other may have the same labelled box.
func alone(people map[string][]keyframe, person string, frame float64, box [4]float64) bool {
	mine := overlap(at(people[person], frame), box)
	for name, boxes := range people {
		there := frame >= boxes[0].frame && frame <= boxes[len(boxes)-1].frame
		if name != person && there && overlap(at(boxes, frame), box) >= mine {
			return false
		}
	}
	return mine >= 0.5
}

// followVideo returns the actions and the windows of all targets in vtest.avi.
func followVideo(t *testing.T, width, height int, o follow.Options) ([]action, []window) {
	t.Helper()
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(m, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	clip, err := e.NewClip()
	if err != nil {
		t.Fatal(err)
	}
	o.Width, o.Height, o.Frames = width, height, m.Manifest.Frames
	f, err := follow.New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var kept [16][]byte
	tick := 0
	picture := func(age int) []byte { return kept[(tick-age+len(kept))%len(kept)] }
	run := &follower{picture: picture, t: t, model: m, clip: clip, follow: f, deciders: map[uint64]*infer.Decider{}, open: map[string]int{}}
	eachPicture(t, width, height, func(rgb []byte) {
		kept[tick%len(kept)] = append(kept[tick%len(kept)][:0], rgb...)
		f.Push(rgb)
		if tick%stride == 0 {
			run.judge(tick)
		}
		tick++
	})
	return run.actions, run.windows
}

type follower struct {
	picture  func(age int) []byte
	t        *testing.T
	model    *models.Model
	clip     *engine.Clip
	follow   *follow.Follower
	deciders map[uint64]*infer.Decider
	open     map[string]int // actions in progress, by target and label
	actions  []action
	windows  []window
	frame    [96 * 96 * 3]byte
}

func (r *follower) judge(tick int) {
	scores := make([]float32, len(r.model.Labels))
	for _, target := range slices.Clone(r.follow.Targets()) {
		if !r.follow.Window(target.ID, r.frame[:], 96, r.picture, r.clip.Push) {
			continue
		}
		if err := r.clip.Invoke(); err != nil {
			r.t.Fatal(err)
		}
		r.clip.Scores(scores)
		best := slices.Index(scores, slices.Max(scores))
		r.windows = append(r.windows, window{float64(tick) * labelledRate / sampledRate, target.Box, r.model.Labels[best]})
		r.decider(target.ID).Decide(time.Duration(tick)*time.Second/sampledRate, scores, func(e infer.Event) { r.note(e, target.ID) })
		for key, i := range r.open {
			if strings.HasPrefix(key, fmt.Sprint(target.ID, " ")) {
				a := &r.actions[i]
				a.frames = append(a.frames, float64(tick)*labelledRate/sampledRate)
				a.boxes = append(a.boxes, target.Box)
			}
		}
	}
}

func (r *follower) note(e infer.Event, target uint64) {
	key := fmt.Sprint(target, " ", e.Label)
	if e.Phase == infer.End {
		delete(r.open, key)
		return
	}
	if e.Phase == infer.Start {
		r.open[key] = len(r.actions)
		r.actions = append(r.actions, action{target: target, label: e.Label, start: e.Start.Seconds() * labelledRate})
	}
}

func (r *follower) decider(target uint64) *infer.Decider {
	if d := r.deciders[target]; d != nil {
		return d
	}
	d, err := infer.NewDecider(r.model.Labels, infer.DeciderOptions{
		Rule:       infer.Rule{Thresholds: infer.Thresholds{Enter: 0.6, Exit: 0.4}},
		Background: r.model.Manifest.Background, Smoothing: time.Second / 2, Interval: stride * time.Second / sampledRate,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.deciders[target] = d
	return d
}

// eachPicture decodes vtest.avi at the sampled rate.
func eachPicture(t *testing.T, width, height int, use func(rgb []byte)) {
	t.Helper()
	cache := os.Getenv("EDGED_CACHE")
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-i", filepath.Join(cache, "footage", "vtest.avi"),
		"-vf", fmt.Sprintf("fps=%d,scale=%d:%d:flags=area", sampledRate, width, height), "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	rgb := make([]byte, width*height*3)
	n := 0
	for ; ; n++ {
		if _, err := io.ReadFull(out, rgb); err != nil {
			break
		}
		use(rgb)
	}
	if err := cmd.Wait(); err != nil || n < 600 {
		t.Fatalf("%d pictures of vtest.avi: %v", n, err)
	}
}

// at is the person's box in that frame.
func at(boxes []keyframe, frame float64) [4]float64 {
	i := slices.IndexFunc(boxes, func(k keyframe) bool { return k.frame >= frame })
	switch {
	case i < 0:
		return boxes[len(boxes)-1].box
	case i == 0:
		return boxes[0].box
	}
	before, after := boxes[i-1], boxes[i]
	part := (frame - before.frame) / (after.frame - before.frame)
	var b [4]float64
	for j := range b {
		b[j] = before.box[j] + part*(after.box[j]-before.box[j])
	}
	return b
}

func overlap(a, b [4]float64) float64 {
	w := min(a[0]+a[2], b[0]+b[2]) - max(a[0], b[0])
	h := min(a[1]+a[3], b[1]+b[3]) - max(a[1], b[1])
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / (a[2]*a[3] + b[2]*b[3] - w*h)
}

func readPeople(t *testing.T) map[string][]keyframe {
	people := map[string][]keyframe{}
	for _, row := range readTable(t, "vtest.people.tsv") {
		x, y, w, h := number(t, row[2]), number(t, row[3]), number(t, row[4]), number(t, row[5])
		k := keyframe{number(t, row[1]), [4]float64{x / 768, y / 576, w / 768, h / 576}}
		people[row[0]] = append(people[row[0]], k)
	}
	return people
}

func readWalks(t *testing.T) (walks []walk) {
	for _, row := range readTable(t, "vtest.walks.tsv") {
		walks = append(walks, walk{row[0], number(t, row[1]), number(t, row[2]), row[3]})
	}
	return walks
}

// readTable returns the rows of a table below its heading.
func readTable(t *testing.T, name string) (rows [][]string) {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if row := strings.Split(lines.Text(), "\t"); row[0] != "person" {
			rows = append(rows, row)
		}
	}
	if len(rows) < 10 {
		t.Fatalf("%s has %d rows", name, len(rows))
	}
	return rows
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
