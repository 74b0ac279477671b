package record

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edged/internal/background"
	"edged/internal/clock"
	"edged/internal/pictures"
	"edged/internal/sink"
	"edged/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scene is a recorder with a camera that sends 50 pictures a second.
type scene struct {
	*Recorder
	t       *testing.T
	picture atomic.Pointer[[]byte] // that the camera sends
	opening atomic.Uint64          // of the camera
	n       uint64
	stop    []func()
}

const eventually = time.Minute

func newScene(t *testing.T, dir string, change func(*Recorder)) *scene {
	t.Helper()
	return newSceneOf(t, dir, jpegOf(t, 100, 64, 48), change)
}

func newSceneOf(t *testing.T, dir string, picture []byte, change func(*Recorder)) *scene {
	t.Helper()
	s := &scene{t: t, Recorder: &Recorder{
		Dir: dir, Before: 300 * time.Millisecond, After: 200 * time.Millisecond, MaxClip: 5 * time.Second, MaxBytes: 100 << 20, MaxAge: time.Hour,
		Memory: 4 << 20, Rate: 5, Node: "board", Version: "v1",
		Views: []View{{Camera: "gate", Path: "gate", Model: Model{Name: "starter", SHA256: "abc"}}}, Timeline: new(Timeline), Log: slog.New(slog.DiscardHandler),
	}}
	s.picture.Store(&picture)
	if change != nil {
		change(s.Recorder)
	}
	s.Initialize()
	s.start(s.Run)
	s.start(s.film)
	t.Cleanup(s.end)
	return s
}

func (s *scene) start(f func(context.Context)) { s.stop = append(s.stop, background.Start(f)) }

// end stops the camera, and then the recorder.
func (s *scene) end() {
	for i := len(s.stop) - 1; i >= 0; i-- {
		s.stop[i]()
	}
	s.stop = nil
}

// film sends pictures and windows.
func (s *scene) film(ctx context.Context) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := clock.Monotonic()
		s.Pictures("gate").Picture(pictures.Picture{JPEG: *s.picture.Load(), Time: now, Opening: s.opening.Load()})
		s.Window(sink.Window{View: "gate", Time: now, Labels: []string{"wave", "fall"}, Scores: []float32{0.7, 0.01}})
	}
}

// begin starts an action, as a node does.
func (s *scene) begin(label string) sink.Event {
	e := s.event(label)
	e.Clip = s.Begin(e)
	s.hand(e)
	return e
}

func (s *scene) event(label string) sink.Event {
	s.n++
	now := clock.Monotonic()
	return sink.Event{ID: sink.ID{Run: "5f1c09ab", N: s.n}, Camera: "gate", View: "gate", Label: label, Phase: sink.Start, Peak: 0.8, Start: now, Newest: now}
}

// announce begins an action, and hands it to the sinks only after the clip has ended.
func (s *scene) announce(ended func(Stats) bool) sink.Event {
	e := s.event("wave")
	e.Clip = s.Begin(e)
	for deadline := time.Now().Add(eventually); !ended(s.Stats()); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("the clip does not end: %+v", s.Stats())
		}
	}
	s.hand(e)
	return e
}

func (s *scene) hand(e sink.Event) {
	s.Timeline.Event(e)
	s.Event(e)
}

// finish ends it.
func (s *scene) finish(e sink.Event) {
	e.Phase, e.Peak, e.End = sink.End, 0.9, clock.Monotonic()
	s.hand(e)
}

// await waits until the event's clip is in that state.
func (s *scene) await(e sink.Event, state string) Event {
	s.t.Helper()
	for deadline := time.Now().Add(eventually); ; time.Sleep(5 * time.Millisecond) {
		got, ok := s.Timeline.Find(e.ID.String())
		if ok && got.ClipState == state {
			return got
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%+v, want state %s; %+v", got, state, s.Stats())
		}
	}
}

func (s *scene) awaitPictures(before time.Duration) {
	s.t.Helper()
	for deadline := time.Now().Add(eventually); ; time.Sleep(5 * time.Millisecond) {
		if held, _ := s.rings["gate"].span(); held >= before {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatal("no pictures in memory")
		}
	}
}

func names(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestClipShowsTheTimeBeforeAndAfterItsEvents(t *testing.T) {
	s := newScene(t, t.TempDir(), nil)
	s.awaitPictures(s.Before)
	first := s.begin("wave")
	time.Sleep(100 * time.Millisecond) // the action's length
	second := s.begin("fall")
	if second.Clip != first.Clip || !ValidID(first.Clip) {
		t.Errorf("clips %q and %q, want one id for both", first.Clip, second.Clip)
	}
	s.finish(first)
	time.Sleep(100 * time.Millisecond)
	ended := clock.Monotonic()
	s.finish(second)
	event := s.await(first, ClipSaved)
	clip, err := s.Info(event.Clip)
	if err != nil {
		t.Fatal(err)
	}
	if len(clip.Events) != 2 || clip.Events[0].Label != "wave" || clip.Events[0].Peak != 0.9 || clip.Events[1].End == nil {
		t.Errorf("events %+v", clip.Events)
	}
	if clip.Node != "board" || clip.Camera != "gate" || clip.Model.SHA256 != "abc" || clip.Version != "v1" || clip.Width != 64 || clip.Lost != 0 || clip.Cut != "" {
		t.Errorf("%+v", clip)
	}
	before := clip.Events[0].Start.Sub(clip.Start)
	if before < s.Before-50*time.Millisecond || before > s.Before+10*time.Millisecond {
		t.Errorf("%v before the event, want %v", before, s.Before)
	}
	want := ended - first.Start + s.Before + s.After
	if d := time.Duration(clip.Duration)*time.Millisecond - want; d < -150*time.Millisecond || d > 60*time.Millisecond {
		t.Errorf("%d ms long, want %v", clip.Duration, want)
	}
	if len(clip.Labels) != 2 || len(clip.Windows) < len(clip.Frames)/2 || clip.Windows[0][1] != 0.7 {
		t.Errorf("labels %v, %d windows, the first %v", clip.Labels, len(clip.Windows), clip.Windows[0])
	}
	p := probe(t, filepath.Join(s.Dir, event.Clip+".mkv"))
	if len(p.Packets) != len(clip.Frames) || p.Streams[0].Width != 64 {
		t.Errorf("ffprobe finds %d pictures, %+v; the description has %d", len(p.Packets), p.Streams, len(clip.Frames))
	}
	if got := names(t, s.Dir); len(got) != 2 {
		t.Errorf("files %v", got)
	}
}

func TestEventsFarApartHaveClipsOfTheirOwn(t *testing.T) {
	s := newScene(t, t.TempDir(), nil)
	first := s.begin("wave")
	s.finish(first)
	s.await(first, ClipSaved)
	second := s.begin("wave")
	s.finish(second)
	s.await(second, ClipSaved)
	if first.Clip == second.Clip {
		t.Error("one clip for both")
	}
}

func TestLongEventsClipEndsAndIsAmended(t *testing.T) {
	s := newScene(t, t.TempDir(), func(r *Recorder) { r.MaxClip = 500 * time.Millisecond })
	e := s.begin("wave")
	s.await(e, ClipSaved)
	clip, err := s.Info(e.Clip)
	if err != nil || clip.Events[0].End != nil || clip.Cut != "record.max_clip" || clip.Duration > 700 {
		t.Fatalf("%+v, %v", clip, err)
	}
	s.finish(e)
	for deadline := time.Now().Add(eventually); clip.Events[0].End == nil; time.Sleep(5 * time.Millisecond) {
		if clip, err = s.Info(e.Clip); err != nil || time.Now().After(deadline) {
			t.Fatalf("the event's end is not in the description: %v", err)
		}
	}
}

// The ends of many actions of one clip do not take the place of those of the next clip.
func TestAllLateEndsAreWritten(t *testing.T) {
	s := newScene(t, t.TempDir(), func(r *Recorder) { r.MaxClip = 500 * time.Millisecond })
	var long []sink.Event
	for range maxAmends + 3 {
		long = append(long, s.begin("wave"))
	}
	s.await(long[0], ClipSaved)
	last := s.begin("wave")
	s.await(last, ClipSaved)
	s.await(s.begin("wave"), ClipRecording)
	for _, e := range append(long, last) {
		s.finish(e)
	}
	for _, clip := range []string{long[0].Clip, last.Clip} {
		ended := func() bool {
			described, err := s.Info(clip)
			if err != nil {
				t.Fatal(err)
			}
			return !slices.ContainsFunc(described.Events, func(e Event) bool { return e.End == nil })
		}
		for deadline := time.Now().Add(eventually); !ended(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("an end is not in the description")
			}
		}
	}
}

// A clip ends where the camera's pictures get another size, also when the first picture of that size is lost.
func TestAClipHasPicturesOfOneSize(t *testing.T) {
	s := newScene(t, t.TempDir(), nil)
	s.opening.Store(1)
	s.awaitPictures(200 * time.Millisecond)
	e := s.begin("wave")
	s.await(e, ClipRecording)
	lost := []byte("no JPEG")
	s.picture.Store(&lost)
	s.opening.Store(2)
	time.Sleep(100 * time.Millisecond)
	other := jpegOf(t, 100, 32, 24)
	s.picture.Store(&other)
	s.await(e, ClipSaved)
	if clip, err := s.Info(e.Clip); err != nil || !strings.Contains(clip.Cut, "another size") || clip.Width != 64 {
		t.Errorf("%+v, %v", clip, err)
	}
}

func TestTimelineIsRebuiltFromTheFiles(t *testing.T) {
	dir := t.TempDir()
	s := newScene(t, dir, nil)
	e := s.begin("wave")
	s.finish(e)
	s.await(e, ClipSaved)
	s.end()
	id := e.Clip
	other := newID(time.Now())
	for _, torn := range []string{other + ".mkv.part", other + ".json.part", newID(time.Now()) + ".mkv", newID(time.Now()) + ".json"} {
		if err := os.WriteFile(filepath.Join(dir, torn), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "holiday.mkv"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// The power went between the two renames.
	if err := os.Rename(filepath.Join(dir, id+".json"), filepath.Join(dir, id+".json.part")); err != nil {
		t.Fatal(err)
	}
	s = newScene(t, dir, nil)
	got := s.await(e, ClipSaved)
	if got.Label != "wave" || got.Peak != 0.9 || got.Clip != id || got.End == nil {
		t.Errorf("%+v", got)
	}
	if left := names(t, dir); strings.Join(left, " ") != id+".json "+id+".mkv holiday.mkv" {
		t.Errorf("%v are left; want the clip, and what is not edged's", left)
	}
	if s.Stats().Torn != 4 {
		t.Errorf("%d torn files told, want 4", s.Stats().Torn)
	}
}

func TestDamagedClipIsRemoved(t *testing.T) {
	dir := t.TempDir()
	s := newScene(t, dir, nil)
	e := s.begin("wave")
	s.finish(e)
	s.await(e, ClipSaved)
	s.end()
	if err := os.Truncate(filepath.Join(dir, e.Clip+".mkv"), 3000); err != nil {
		t.Fatal(err)
	}
	s = newScene(t, dir, nil)
	for deadline := time.Now().Add(eventually); s.store.Load() == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the folder is never read")
		}
	}
	if s.Timeline.Count() != 0 || len(names(t, dir)) != 0 || s.Stats().Torn != 2 {
		t.Errorf("%d events, files %v, %d torn files told", s.Timeline.Count(), names(t, dir), s.Stats().Torn)
	}
}

// What the disk or its rights keep edged from reading may be whole: it stays.
func TestUnreadableClipIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	s := newScene(t, dir, nil)
	e := finished(s)
	s.await(e, ClipSaved)
	s.end()
	info := filepath.Join(dir, e.Clip+".json")
	if err := os.Rename(info, info+".aside"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(info, 0o700); err != nil { // reading it fails, for root too
		t.Fatal(err)
	}
	log := new(testkit.Log)
	s = newScene(t, dir, func(r *Recorder) { r.Log = slog.New(slog.NewTextHandler(log, nil)) })
	s.await(finished(s), ClipSaved)
	if _, err := os.Stat(filepath.Join(dir, e.Clip+".mkv")); err != nil || s.Stats().Torn != 0 || !log.Has(e.Clip)() {
		t.Errorf("the video: %v; %d files torn; log: %s", err, s.Stats().Torn, log)
	}
}

// The clock of a board without a battery jumps: a clip of a minute ago is not old, and one from the future does not hide those that are.
func TestAgeSurvivesAClockThatIsSet(t *testing.T) {
	s := newScene(t, t.TempDir(), nil)
	saved := finished(s)
	s.await(saved, ClipSaved)
	store := s.store.Load()
	stepped := clock.Now()
	stepped.Wall = stepped.Wall.Add(1000 * time.Hour)
	if err := store.trim(stepped); err != nil || !store.has(saved.Clip) {
		t.Errorf("the clip of a moment ago is gone after a step of the clock (%v)", err)
	}
	now := clock.Now()
	store.mu.Lock()
	store.clips = []stored{
		{id: "1a", start: now.Wall.Add(24 * time.Hour)}, {id: "2b", start: now.Wall.Add(-2 * s.MaxAge)}, {id: saved.Clip, added: now.Monotonic},
	}
	store.mu.Unlock()
	if got := store.excess(now); got != "2b" {
		t.Errorf("%q is removed, want the one that is too old", got)
	}
}

// An action may last longer than its clip is kept: fallen lasts until somebody gets up.
func TestAnActionThatGoesOnOutlivesItsClip(t *testing.T) {
	s := newScene(t, t.TempDir(), func(r *Recorder) { r.MaxClip = time.Second })
	e := s.begin("fallen")
	saved := s.await(e, ClipSaved)
	store := s.store.Load()
	store.mu.Lock()
	store.maxBytes = 0
	store.mu.Unlock()
	if err := store.trim(clock.Now()); err != nil || store.has(saved.Clip) {
		t.Fatalf("the clip is still there (%v)", err)
	}
	if now, there := s.Timeline.Find(saved.ID); !there || now.ClipState != ClipTrimmed || now.Clip != "" {
		t.Fatalf("%+v, there: %v", now, there)
	}
	if going, _ := s.Timeline.List(Filter{Going: true}); len(going) != 1 {
		t.Errorf("going on: %+v", going)
	}
	s.finish(e)
	if now, _ := s.Timeline.Find(saved.ID); now.End == nil {
		t.Error("its end was not noted")
	}
	if going, _ := s.Timeline.List(Filter{Going: true}); len(going) != 0 {
		t.Errorf("still going on: %+v", going)
	}
	if !s.Timeline.Forget(saved.ID) || s.Timeline.Count() != 0 {
		t.Error("it cannot be deleted")
	}
}

// The clock of a board without one is set while an action goes on.
func TestTheClockIsSetDuringAnAction(t *testing.T) {
	line := new(Timeline)
	now := clock.Monotonic()
	show := func(n uint64, phase sink.Phase) {
		line.Event(sink.Event{ID: sink.ID{Run: "a", N: n}, Camera: "gate", View: "gate", Label: "fall", Phase: phase, Start: now - time.Second, End: now})
	}
	show(1, sink.Start)
	show(2, sink.Start)
	show(3, sink.Start)
	line.mu.Lock()
	slept := line.byID["a-3"]
	slept.Start, slept.suspended = slept.Start.Add(-1000*time.Hour), slept.suspended-1000*time.Hour // the machine slept meanwhile
	start := slept.Start
	long := line.byID["a-1"]
	long.Start = long.Start.Add(-1000 * time.Hour) // as the clock said before it was set
	line.mu.Unlock()
	show(1, sink.End)
	show(3, sink.End)
	if e, _ := line.Find("a-3"); !e.Start.Equal(start) {
		t.Errorf("the machine slept, and the start is now %v", e.Start)
	}
	line.Forget("a-3")
	events, _ := line.List(Filter{})
	if len(events) != 2 || events[0].Start.Sub(events[1].Start).Abs() > time.Second {
		t.Fatalf("%+v", events)
	}
	for _, e := range events {
		if e.ID == "a-1" && e.End.Sub(e.Start).Round(time.Second) != time.Second {
			t.Errorf("it lasted %v", e.End.Sub(e.Start))
		}
	}
}

// Many events without clips do not drive out one that goes on.
func TestAnActionThatGoesOnStaysInTheList(t *testing.T) {
	line := new(Timeline)
	show := func(n uint64, phase sink.Phase) {
		line.Event(sink.Event{ID: sink.ID{Run: "a", N: n}, Camera: "gate", View: "gate", Label: "fallen", Phase: phase, Start: time.Duration(n), End: time.Duration(n)})
	}
	show(1, sink.Start)
	for n := uint64(2); n < maxWithout+10; n++ {
		show(n, sink.Start)
		show(n, sink.End)
	}
	if going, _ := line.List(Filter{Going: true}); len(going) != 1 || line.Count() != maxWithout {
		t.Errorf("going on: %+v; %d events", going, line.Count())
	}
}

// A view that follows eight targets has eight times as many windows.
func TestScoresOfManyTargetsAreKept(t *testing.T) {
	r := &Recorder{MaxClip: time.Minute}
	if one, eight := r.windows(View{Rate: 4}), r.windows(View{Rate: 4, Targets: 8}); one != 63*leastWindows || eight != 63*32 {
		t.Errorf("%d windows of a view, %d of one with eight targets", one, eight)
	}
}

func finished(s *scene) sink.Event {
	e := s.begin("wave")
	s.finish(e)
	return e
}

func TestOldestClipsMakeRoom(t *testing.T) {
	var bytes int64
	s := newScene(t, t.TempDir(), nil)
	var all []sink.Event
	for range 3 {
		all = append(all, finished(s))
		s.await(all[len(all)-1], ClipSaved)
	}
	_, bytes, _ = s.store.Load().usage()
	s.store.Load().maxBytes = bytes * 2 / 3
	if err := s.store.Load().trim(clock.Now()); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Timeline.Find(all[0].ID.String()); ok {
		t.Error("the oldest event is still there")
	}
	if _, err := s.Info(all[2].Clip); err != nil {
		t.Errorf("the newest clip: %v", err)
	}
	later := clock.Now()
	later.Monotonic += 2 * time.Hour
	if err := s.store.Load().trim(later); err != nil {
		t.Fatal(err)
	}
	if clips, bytes, _ := s.store.Load().usage(); clips != 0 || bytes != 0 || len(names(t, s.Dir)) != 0 || s.Timeline.Count() != 0 {
		t.Errorf("%d clips, %d bytes, files %v after record.max_age", clips, bytes, names(t, s.Dir))
	}
}

func TestDeletingDeletes(t *testing.T) {
	s := newScene(t, t.TempDir(), nil)
	s.await(finished(s), ClipSaved)
	saved := finished(s)
	s.await(saved, ClipSaved)
	if err := s.Delete(saved.Clip); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(saved.Clip); err == nil {
		t.Error("deleting it again succeeds")
	}
	running := s.begin("wave")
	if err := s.Delete(running.Clip); err != nil {
		t.Fatal(err)
	}
	s.finish(running)
	last := finished(s)
	s.await(last, ClipSaved)
	if got := names(t, s.Dir); len(got) != 4 || s.Timeline.Count() != 2 {
		t.Errorf("%v, %d events; want those of two clips", got, s.Timeline.Count())
	}
}

// syncing calls a function when the file is synced, which is when its clip is about to become complete.
type syncing struct {
	file
	called func()
}

func (f syncing) Sync() error {
	f.called()
	return f.file.Sync()
}

// A clip that the user deletes while it becomes complete is deleted.
func TestDeletingAtTheLastMoment(t *testing.T) {
	s := newScene(t, t.TempDir(), nil)
	s.await(finished(s), ClipSaved)
	deleted, doomed := make(chan error, 1), make(chan string, 1)
	create := s.store.Load().create
	s.store.Load().create = func(path string) (file, error) {
		f, err := create(path)
		return syncing{f, func() {
			select {
			case id := <-doomed:
				deleted <- s.Delete(id)
			default:
			}
		}}, err
	}
	e := s.begin("wave")
	doomed <- e.Clip
	s.finish(e)
	if err := <-deleted; err != nil {
		t.Fatal(err)
	}
	s.await(finished(s), ClipSaved)
	if got := names(t, s.Dir); len(got) != 4 || s.Timeline.Count() != 2 {
		t.Errorf("%v, %d events; want those of two clips", got, s.Timeline.Count())
	}
}

// The event that is reported last need not be the one that ended last.
func TestAfterCountsFromTheLatestEnd(t *testing.T) {
	s := newScene(t, t.TempDir(), func(r *Recorder) { r.After = time.Second })
	s.awaitPictures(s.Before)
	wave, rule := s.begin("wave"), s.begin("fallen")
	s.finish(wave)
	ended := clock.Monotonic()
	rule.Phase, rule.End = sink.End, ended-900*time.Millisecond
	s.hand(rule)
	clip, err := s.Info(s.await(wave, ClipSaved).Clip)
	if err != nil {
		t.Fatal(err)
	}
	if shown := clip.Start.Add(time.Duration(clip.Duration) * time.Millisecond).Sub(clock.Now().At(ended)); shown < 800*time.Millisecond {
		t.Errorf("the clip ends %v after its last event, want 1 s", shown)
	}
}

// A process keeps its timeline over reloads: also over one that switches recording off, or takes another folder.
func TestTimelineOverReloads(t *testing.T) {
	s := newScene(t, t.TempDir(), nil)
	saved := finished(s)
	s.await(saved, ClipSaved)
	s.end()
	without := s.event("wave")
	s.Timeline.Event(without)
	if got, _ := s.Timeline.Find(without.ID.String()); got.ClipState != ClipNone {
		t.Errorf("an event while nothing records has the state %q", got.ClipState)
	}
	other := newScene(t, t.TempDir(), func(r *Recorder) { r.Timeline = s.Timeline })
	other.n = s.n
	other.await(finished(other), ClipSaved)
	if _, ok := s.Timeline.Find(saved.ID.String()); ok {
		t.Error("the timeline has the event of a clip that is in no folder of edged's")
	}
}

func TestDisabledViewIsNotRecorded(t *testing.T) {
	s := newScene(t, t.TempDir(), nil)
	s.awaitPictures(s.Before)
	e := s.begin("wave")
	s.View(sink.View{Path: "gate"})
	disabled := clock.Monotonic()
	s.Pictures("gate").Wipe()
	s.finish(e)
	for deadline := time.Now().Add(eventually); s.written.Load()+s.failed.Load()+s.empty.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the clip never ends")
		}
	}
	if clip, err := s.Info(e.Clip); err == nil {
		if end := clip.Start.Add(time.Duration(clip.Frames[len(clip.Frames)-1][0]) * time.Millisecond); end.After(clock.Now().At(disabled).Add(2 * time.Millisecond)) {
			t.Errorf("the clip goes on until %v after the view was disabled", end.Sub(clock.Now().At(disabled)))
		}
	}
}

// A picture shows all views of its camera. When one of them is disabled, the pictures in memory are erased, and with them what a running
// clip of another view has not written yet. That clip goes on with the pictures that follow.
func TestClipGoesOnWhenAnotherViewIsDisabled(t *testing.T) {
	s := newScene(t, t.TempDir(), func(r *Recorder) {
		r.Views = append(r.Views, View{Camera: "gate", Path: "gate/street"})
	})
	s.awaitPictures(s.Before)
	e := s.begin("wave")
	s.View(sink.View{Path: "gate/street"})
	s.Pictures("gate").Wipe()
	disabled := clock.Now().At(clock.Monotonic())
	s.awaitPictures(s.Before)
	s.finish(e)
	s.await(e, ClipSaved)
	clip, err := s.Info(e.Clip)
	if err != nil {
		t.Fatal(err)
	}
	after := 0
	for _, f := range clip.Frames {
		if clip.Start.Add(time.Duration(f[0]) * time.Millisecond).After(disabled) {
			after++
		}
	}
	if clip.Cut != "" || after < 10 {
		t.Errorf("%d pictures after the other view was disabled, cut short: %q", after, clip.Cut)
	}
	next := finished(s)
	if s.await(next, ClipSaved); next.Clip == "" {
		t.Error("the next event has no clip")
	}
}

// A view that follows keeps what each window shows, so that the boxes of its targets can be drawn on the clip.
func TestClipSaysWhereTargetsAre(t *testing.T) {
	area := []float64{0.5, 0, 0.5, 1}
	s := newScene(t, t.TempDir(), func(r *Recorder) { r.Views[0].Area = area })
	e := s.event("wave")
	e.Track, e.Clip = 7, s.Begin(e)
	s.hand(e)
	s.awaitPictures(s.Before)
	box := [4]float64{0.1, 0.2, 0.25, 0.5}
	s.Window(sink.Window{View: "gate", Time: clock.Monotonic(), Labels: []string{"wave", "fall"}, Scores: []float32{0.9, 0.1}, Track: 7, Box: box})
	s.awaitPictures(s.Before)
	s.finish(e)
	saved := s.await(e, ClipSaved)
	clip, err := s.Info(saved.Clip)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.Index(clip.Targets, [5]float64{7, 0.1, 0.2, 0.25, 0.5})
	if saved.Track != 7 || clip.Events[0].Track != 7 || len(clip.Targets) != len(clip.Windows) || i < 0 || clip.Windows[i][1] != 0.9 || !slices.Equal(clip.Area, area) {
		t.Errorf("event %+v, area %v, %d windows, %d targets, the one at %d", saved, clip.Area, len(clip.Windows), len(clip.Targets), i)
	}
}

func TestStoppingKeepsTheClip(t *testing.T) {
	s := newScene(t, t.TempDir(), nil)
	s.awaitPictures(s.Before)
	e := s.begin("wave")
	s.end()
	clip, err := s.Info(e.Clip)
	if err != nil || clip.Cut != "edged was stopped" || len(clip.Frames) == 0 {
		t.Errorf("%+v, %v", clip, err)
	}
}

func TestSinkCallsAllocateNothing(t *testing.T) {
	s := newScene(t, t.TempDir(), nil)
	s.await(finished(s), ClipSaved)
	s.end()
	w := sink.Window{View: "gate", Labels: []string{"wave", "fall"}, Scores: []float32{0.7, 0.01}}
	e := s.begin("wave")
	e.Phase = sink.Update
	if n := testing.AllocsPerRun(100, func() { s.Window(w); s.hand(e) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestTimelineListsAndFilters(t *testing.T) {
	var tl Timeline
	for n := range 10 {
		e := sink.Event{
			ID: sink.ID{Run: "00000000", N: uint64(n)}, Camera: fmt.Sprint("c", n%2), View: "v", Label: "wave", Phase: sink.Start,
			Peak: float32(n) / 10, Start: time.Duration(n) * time.Second,
		}
		tl.Event(e)
	}
	page, next := tl.List(Filter{Limit: 4})
	if len(page) != 4 || page[0].ID != "00000000-9" || next == "" || !ValidCursor(next) {
		t.Fatalf("%+v, next %q", page, next)
	}
	page, next = tl.List(Filter{Limit: 6, Before: next})
	if len(page) != 6 || page[0].ID != "00000000-5" || next != "" {
		t.Errorf("%+v, next %q", page, next)
	}
	if page, _ = tl.List(Filter{Camera: "c1", MinScore: 0.5}); len(page) != 3 {
		t.Errorf("%+v, want 9, 7, 5", page)
	}
	for n := range maxWithout {
		tl.Event(sink.Event{ID: sink.ID{Run: "1", N: uint64(n)}, Phase: sink.Start, Start: time.Hour + time.Duration(n)})
	}
	if tl.Count() != maxWithout {
		t.Errorf("%d events without a clip, want %d at most", tl.Count(), maxWithout)
	}
}
