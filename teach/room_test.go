package teach

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// room is a Teacher with one view, "hall", whose windows the test makes, and a clock that stands still but for them.
type room struct {
	world
	t       *testing.T
	teacher *Teacher
	now     time.Duration
	began   time.Time
	skew    time.Duration // by which the wall clock has jumped
	jpeg    []byte        // what every picture is encoded as; nil: as itself
}

const hall = "hall"

func newRoom(t *testing.T, dir string) *room {
	r := &room{world: newWorld(), t: t, now: time.Hour, began: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	r.open(dir)
	return r
}

func (r *room) options() Options {
	return Options{
		Wall:       func() time.Time { return r.began.Add(r.now + r.skew) },
		Monotonic:  func() time.Duration { return r.now },
		NewEncoder: func() (Encoder, error) { return plainEncoder{r}, nil },
		CheckName: func(name string) error {
			if slices.Contains([]string{"a/b", "status"}, name) {
				return errors.New("it is no level of a topic")
			}
			return nil
		},
	}
}

func viewOptions() ViewOptions {
	return ViewOptions{
		Path: hall, Camera: "hall", Labels: []string{"none", "wave"}, Model: "model-one", Size: size, Interval: 250 * time.Millisecond,
		Frames: 4, Width: 4, Height: 4, FrameRate: 8,
	}
}

// open starts a new Teacher, as after a restart.
func (r *room) open(dir string) {
	r.t.Helper()
	r.teacher = NewTeacher(r.options())
	if err := r.teacher.Open(dir); err != nil {
		r.t.Fatal(err)
	}
	r.teacher.Configure([]ViewOptions{viewOptions()}, DefaultSettings, nil)
}

// plainEncoder encodes a picture as itself.
type plainEncoder struct{ r *room }

func (e plainEncoder) Encode(rgb []byte, _, _, _ int) ([]byte, error) {
	if e.r.jpeg != nil {
		return e.r.jpeg, nil
	}
	return rgb, nil
}

func (plainEncoder) Wipe()  {}
func (plainEncoder) Close() {}

// window shows one window, and says what runs.
func (r *room) window(e Embedding) (*Running, []float32) {
	r.now += 250 * time.Millisecond
	v := r.teacher.View(hall)
	frame := make([]byte, 3*4*4)
	for range 2 {
		v.Push(frame)
	}
	set, scores := v.Window(Seen{Time: r.now, Embedding: e, Motion: 0.1, Label: 1, Score: 0.3})
	r.encode()
	return set, scores
}

func (r *room) encode() {
	for _, f := range *r.teacher.frames.Load() {
		f.encodeAll(plainEncoder{r}, nil)
	}
}

// live shows ordinary life for so long.
func (r *room) live(d time.Duration) {
	for range int(d / (250 * time.Millisecond)) {
		r.window(r.ordinary())
	}
	r.settle()
}

// act shows the action for a second and a half, and ordinary life before and after.
func (r *room) act() {
	r.live(3 * time.Second)
	for range 6 {
		r.window(r.action())
	}
	r.live(3 * time.Second)
}

// settle does what the Teacher's goroutines do.
func (r *room) settle() {
	for {
		select {
		case f := <-r.teacher.found:
			r.teacher.note(f)
			continue
		default:
		}
		break
	}
	r.teacher.embedForeign(context.Background())
	r.teacher.learnAll(context.Background())
	r.teacher.count()
}

// teach creates the action and shows it n times, each with "that was it".
func (r *room) teach(name string, n int) {
	r.t.Helper()
	r.must(r.teacher.Create(hall, name))
	for range n {
		r.show(name)
	}
}

func (r *room) show(name string) ExampleInfo {
	r.t.Helper()
	r.live(15 * time.Second)
	r.act()
	e, err := r.teacher.ThatWasIt(hall, name, time.Time{}, time.Time{})
	r.must(err)
	r.settle()
	return e
}

func (r *room) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// all returns the view's actions.
func (r *room) all() []Action {
	r.t.Helper()
	all, err := r.teacher.Actions(hall)
	r.must(err)
	return all
}

func minutes(n float64) time.Duration { return time.Duration(n * float64(time.Minute)) }

// files returns the names of all files in the folder.
func files(t testing.TB, dir string) (names []string) {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// get returns the action.
func (r *room) get(name string) Action {
	r.t.Helper()
	for _, a := range r.all() {
		if a.Name == name {
			return a
		}
	}
	r.t.Fatalf("there is no action %q", name)
	return Action{}
}

// firings returns those of "ring".
func (r *room) firings() []FiringInfo {
	r.t.Helper()
	list, err := r.teacher.Firings(hall, "ring")
	r.must(err)
	return list
}

func TestThatWasItTeachesAShadowThatGoesLive(t *testing.T) {
	r := newRoom(t, t.TempDir())
	r.live(2 * time.Minute)
	r.teach("ring", 3)
	a := r.get("ring")
	if a.State != Shadow || a.Examples != 3 || a.Threshold < least || a.LearnedAt.IsZero() || a.Worth.Of != 3 || a.Worth.Found != 3 {
		t.Fatalf("after three examples: %+v", a)
	}
	before := len(r.firings())
	r.live(10 * time.Second)
	r.act()
	list := r.firings()
	if len(list) != before+1 || !list[0].Fired || list[0].Live || list[0].Pictures == 0 {
		t.Fatalf("firings after the action as a shadow: %+v", list)
	}
	if set, _ := r.window(r.ordinary()); len(set.Actions) != 1 || set.Actions[0].Live {
		t.Fatalf("a shadow runs as %+v", set)
	}
	r.must(r.teacher.SetLive(hall, "ring", true))
	set, _ := r.window(r.ordinary())
	if len(set.Actions) != 1 || !set.Actions[0].Live || set.Actions[0].Name != "ring" {
		t.Fatalf("a live action runs as %+v", set)
	}
	if a := r.get("ring"); a.State != Live {
		t.Fatalf("state %q", a.State)
	}
	r.live(10 * time.Second)
	r.act()
	if list := r.firings(); len(list) != before+2 || !list[0].Live {
		t.Fatalf("firings after the action as live: %+v", list)
	}
}

func TestAnExampleThatWasNotLeftOutIsNotCalledMissed(t *testing.T) {
	r := newRoom(t, t.TempDir())
	r.live(time.Minute)
	r.teach("ring", mostLeftOut+1)
	if a := r.get("ring"); a.Worth.Of != mostLeftOut || a.Examples != mostLeftOut+1 {
		t.Fatalf("learned: %+v", a)
	}
	examples, err := r.teacher.Examples(hall, "ring")
	r.must(err)
	tried, found := 0, 0
	for _, e := range examples {
		if e.Tried {
			tried++
		}
		if e.Found {
			found++
		}
	}
	if tried != mostLeftOut || found == 0 || found > tried {
		t.Errorf("%d of %d examples are tried, %d found", tried, len(examples), found)
	}
}

func TestWhatAnOlderEdgedLearnedIsLearnedAnew(t *testing.T) {
	dir := t.TempDir()
	r := newRoom(t, dir)
	r.live(time.Minute)
	r.teach("ring", 2)
	r.teacher.actions[0].Learned.TriedIDs = nil
	r.must(r.teacher.store.saveAction(r.teacher.actions[0]))
	r.teacher.saveRest()
	r.teacher.retire()
	r.open(dir)
	r.live(time.Minute)
	examples, err := r.teacher.Examples(hall, "ring")
	r.must(err)
	for _, e := range examples {
		if !e.Tried {
			t.Errorf("%+v was not tried", e)
		}
	}
}

func TestOrdinaryLifeFiresNothing(t *testing.T) {
	r := newRoom(t, "")
	r.live(2 * time.Minute)
	r.teach("ring", 3)
	before := len(r.firings())
	r.live(10 * time.Minute)
	if list := r.firings(); len(list) != before {
		t.Errorf("ordinary life fired: %+v", list[:len(list)-before])
	}
	if a := r.get("ring"); !a.Worth.Met || a.Worth.Hours < 0.15 {
		t.Errorf("worth %+v", a.Worth)
	}
}
