package teach

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"edged/internal/durable"
)

func TestEverythingSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	r := newRoom(t, dir)
	r.live(minutes(2))
	r.teach("ring", 3)
	r.must(r.teacher.SetLive(hall, "ring", true))
	r.must(r.teacher.SetThreshold(hall, "ring", 0.7))
	r.live(minutes(1))
	r.act()
	before, fired := r.get("ring"), len(r.firings())
	r.teacher.saveRest()

	r.teacher.retire()
	r.teacher.saveRest()

	r.open(dir)
	if n := r.teacher.View(hall).ordinaryWindows(); n < 300 {
		t.Errorf("%d windows of ordinary life are left", n)
	}
	set, _ := r.window(r.ordinary()) // the head runs at once, before anything is learned anew
	if len(set.Actions) != 1 || !set.Actions[0].Live || set.Actions[0].Threshold != 0.7 {
		t.Fatalf("after the restart runs %+v", set)
	}
	after := r.get("ring")
	if after.Examples != before.Examples || after.Questions != before.Questions || !after.Live || len(r.firings()) != fired || after.CreatedAt != before.CreatedAt || after.LearnedAt != before.LearnedAt {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
	r.live(10 * time.Second)
	r.act()
	if list := r.firings(); len(list) != fired+1 || !list[0].Live {
		t.Errorf("firings after the restart: %+v", list)
	}
}

func TestADamagedFileIsPutAside(t *testing.T) {
	dir := t.TempDir()
	r := newRoom(t, dir)
	r.live(minutes(2))
	r.teach("ring", 3)
	r.teach("wash", 1)
	damaged := filesNamed(t, dir, ".example")[0]
	data, err := os.ReadFile(damaged)
	r.must(err)
	data[len(data)/2] ^= 1
	r.must(os.WriteFile(damaged, data, 0o600))
	later := filepath.Join(filepath.Dir(damaged), "00112233445566ff.example")
	r.must(os.WriteFile(later, []byte("edged-teach 2 0000\n{}"), 0o600))

	r.open(dir)
	if n := r.get("ring").Examples + r.get("wash").Examples; n != 3 {
		t.Errorf("%d examples of 4 are left, want 3", n)
	}
	if _, err := os.Stat(damaged + damagedMark); err != nil {
		t.Errorf("the damaged file was not put aside: %v", err)
	}
	if _, err := os.Stat(later); err != nil {
		t.Errorf("the file of a later edged: %v", err)
	}
	if said := r.teacher.Degraded(); !strings.Contains(said, "damaged") {
		t.Errorf("degraded: %q", said)
	}
}

// What edged cannot read may be whole: it stays where it is.
func TestAFileThatCannotBeReadIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	r := newRoom(t, dir)
	r.live(minutes(2))
	r.teach("ring", 3)
	file := filesNamed(t, dir, ".example")[0]
	r.must(os.Rename(file, file+".aside"))
	r.must(os.Symlink(filepath.Base(file), file)) // reading it fails, for root too
	r.open(dir)
	if n := r.get("ring").Examples; n != 2 {
		t.Errorf("%d examples of 3 can be read, want 2", n)
	}
	if _, err := os.Lstat(file); err != nil || !strings.Contains(r.teacher.Degraded(), "cannot read 1 file") {
		t.Errorf("the file: %v; degraded: %q", err, r.teacher.Degraded())
	}
}

// A restart adds nothing to the time for which an action was watched.
func TestARestartCountsNoTime(t *testing.T) {
	dir := t.TempDir()
	r := newRoom(t, dir)
	r.live(minutes(60))
	r.teach("ring", 3)
	r.live(minutes(1))
	r.teacher.saveRest()
	before := r.get("ring").Worth.Hours
	r.open(dir)
	r.live(2 * time.Second)
	if after := r.get("ring").Worth.Hours; after > before+0.01 {
		t.Errorf("watched for %.2f hours before the restart, for %.2f after it", before, after)
	}
}

// The clock is set back after the user has pressed "wrong": what fires later was not meant.
func TestWrongIsNotForLater(t *testing.T) {
	r := newRoom(t, "")
	r.live(minutes(2))
	r.teach("ring", 3)
	r.must(r.teacher.SetLive(hall, "ring", true))
	r.live(3 * time.Second)
	for range 4 {
		r.window(r.action())
	}
	r.must(r.teacher.Wrong(hall, "ring", ""))
	r.live(3 * time.Second)
	negatives := len(r.teacher.actions[0].of(negative))
	r.skew = -time.Hour
	r.act()
	if n := len(r.teacher.actions[0].of(negative)); n != negatives || negatives != 1 {
		t.Errorf("%d counter-examples, then %d; want 1", negatives, n)
	}
}

func filesNamed(t *testing.T, dir, suffix string) (list []string) {
	t.Helper()
	for _, f := range files(t, dir) {
		if strings.HasSuffix(f, suffix) {
			list = append(list, f)
		}
	}
	if len(list) == 0 {
		t.Fatalf("no file *%s in %s", suffix, dir)
	}
	return list
}

// A crash may come after the answer was written and before the question was deleted.
func TestAnAnswerOutlivesACrash(t *testing.T) {
	dir := t.TempDir()
	r := newRoom(t, dir)
	r.live(minutes(2))
	r.teach("ring", 2)
	r.live(10 * time.Second)
	r.act()
	asked := filesNamed(t, dir, ".question")[0]
	data, err := os.ReadFile(asked)
	r.must(err)
	questions, err := r.teacher.Questions(hall)
	r.must(err)
	r.must(r.teacher.Answer(questions[0].ID, true))
	r.must(os.WriteFile(asked, data, 0o600))
	r.must(os.WriteFile(filepath.Join(filepath.Dir(asked), durable.Temporary+"1"), data[:10], 0o600))

	r.open(dir)
	if a := r.get("ring"); a.Examples != 3 || a.Questions != 0 {
		t.Errorf("after the crash: %+v", a)
	}
	if _, err := os.Stat(asked); err == nil {
		t.Error("the answered question is still there")
	}
}

func TestAFullDiskIsToldAndLosesNothing(t *testing.T) {
	dir := t.TempDir()
	r := newRoom(t, dir)
	r.live(minutes(2))
	r.teach("ring", 2)
	before := files(t, dir)
	r.teacher.store.replace = func(string, []byte) error { return syscall.ENOSPC }
	r.live(15 * time.Second)
	r.act()
	_, err := r.teacher.ThatWasIt(hall, "ring", time.Time{}, time.Time{})
	if !errors.Is(err, ErrDegraded) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("that was it: %v", err)
	}
	for what, err := range map[string]error{
		"create": r.teacher.Create(hall, "other"), "live": r.teacher.SetLive(hall, "ring", true), "rename": r.teacher.Rename(hall, "ring", "other"),
		"threshold": r.teacher.SetThreshold(hall, "ring", 0.9),
	} {
		if !errors.Is(err, ErrDegraded) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if a := r.get("ring"); a.Examples != 2 || a.Live || a.Threshold == 0.9 || r.teacher.Degraded() == "" {
		t.Errorf("%+v, degraded %q", a, r.teacher.Degraded())
	}
	if after := files(t, dir); !slices.Equal(before, after) {
		t.Errorf("files before %v\nafter %v", before, after)
	}
	r.teacher.store.replace = durable.Replace
	r.must(r.teacher.SetLive(hall, "ring", true))
	if said := r.teacher.Degraded(); said != "" {
		t.Errorf("the disk has room again, and edged says %q", said)
	}
}

// The folder cannot be read at the start, and can later: nothing of what was there is lost.
func TestAFolderThatComesLater(t *testing.T) {
	dir := t.TempDir()
	r := newRoom(t, dir)
	r.live(minutes(2))
	r.teach("ring", 1)
	moved := dir + "-away"
	r.must(os.Rename(dir, moved))
	r.must(os.WriteFile(dir, nil, 0o600))
	r.teacher = NewTeacher(r.options())
	if err := r.teacher.Open(dir); err == nil {
		t.Fatal("a file was taken for the folder")
	}
	r.teacher.Configure([]ViewOptions{viewOptions()}, DefaultSettings, nil)
	if err := r.teacher.Create(hall, "other"); !errors.Is(err, ErrDegraded) {
		t.Errorf("create: %v", err)
	}
	r.must(os.Remove(dir))
	r.must(os.Rename(moved, dir))
	r.must(r.teacher.Create(hall, "other"))
	if len(r.all()) != 2 {
		t.Errorf("actions %+v", r.all())
	}
}

func TestManyPressesAreOneExample(t *testing.T) {
	r := newRoom(t, t.TempDir())
	r.live(minutes(1))
	r.must(r.teacher.Create(hall, "ring"))
	r.act()
	for range 2000 {
		_, err := r.teacher.ThatWasIt(hall, "ring", time.Time{}, time.Time{})
		r.must(err)
	}
	if a := r.get("ring"); a.Examples != 1 {
		t.Errorf("%d examples", a.Examples)
	}
	for n := 0; ; n++ {
		for range 12 {
			r.window(r.ordinary())
		}
		_, err := r.teacher.ThatWasIt(hall, "ring", r.wall(r.now-time.Second), r.wall(r.now))
		if errors.Is(err, ErrTooMany) {
			break
		}
		if r.must(err); n > MaxExamples {
			t.Fatal("there is no bound")
		}
	}
	for n := 0; ; n++ {
		err := r.teacher.Create(hall, "a"+strings.Repeat("x", n+1))
		if errors.Is(err, ErrTooMany) {
			break
		}
		if r.must(err); n > MaxActions {
			t.Fatal("there is no bound of actions")
		}
	}
}

func (r *room) wall(t time.Duration) time.Time { return r.teacher.wall(t) }

func TestWithoutMomentsThereIsAClearAnswer(t *testing.T) {
	r := newRoom(t, "")
	r.must(r.teacher.Create(hall, "ring"))
	press := func() error {
		_, err := r.teacher.ThatWasIt(hall, "ring", time.Time{}, time.Time{})
		return err
	}
	if err := press(); !errors.Is(err, ErrNoMoments) {
		t.Errorf("before the first window: %v", err)
	}
	r.live(minutes(1))
	r.now += time.Minute // the camera is offline
	if err := press(); !errors.Is(err, ErrNoMoments) {
		t.Errorf("with the camera offline: %v", err)
	}
	r.live(minutes(1))
	r.teacher.View(hall).Enable(false)
	if err := press(); !errors.Is(err, ErrNoMoments) {
		t.Errorf("with the view disabled: %v", err)
	}
	if list, err := r.teacher.Moments(hall, time.Time{}); err != nil || len(list) > 0 {
		t.Errorf("a disabled view has %d moments, %v", len(list), err)
	}
	if set, _ := r.window(r.ordinary()); len(set.Actions) > 0 {
		t.Errorf("on a disabled view runs %+v", set)
	}
	r.teacher.View(hall).Enable(true)
	if err := press(); !errors.Is(err, ErrNoMoments) {
		t.Errorf("with moments that were wiped: %v", err)
	}
	if _, err := r.teacher.MomentPicture(hall, r.wall(r.now), 0); !errors.Is(err, ErrNoMoments) {
		t.Errorf("picture of no moment: %v", err)
	}
}

func TestClocksThatJump(t *testing.T) {
	r := newRoom(t, t.TempDir())
	r.live(minutes(2))
	r.teach("ring", 2)
	for _, jump := range []time.Duration{-365 * 24 * time.Hour, 1000 * 24 * time.Hour, 0} {
		r.skew = jump
		e := r.show("ring")
		if d := e.Time.Sub(r.wall(r.now)); d > 0 || d < -20*time.Second {
			t.Errorf("jump of %v: the example is %v from now", jump, d)
		}
	}
	r.now -= 30 * time.Minute // the machine's own clock never goes back; the times of a source's frames may
	r.live(minutes(1))
	list, err := r.teacher.Moments(hall, time.Time{})
	if err != nil || len(list) != 240 {
		t.Errorf("%d moments after time went back, %v; want the new ones alone", len(list), err)
	}
	r.show("ring")
	if a := r.get("ring"); a.Examples != 6 || a.State != Shadow {
		t.Errorf("%+v", a)
	}
}

func TestNames(t *testing.T) {
	r := newRoom(t, "")
	r.must(r.teacher.Create(hall, "ring"))
	for name, want := range map[string]error{
		"": ErrBadName, strings.Repeat("x", 65): ErrBadName, "a/b": ErrBadName, "status": ErrBadName, "wave": ErrNameTaken, "none": ErrNameTaken, "ring": ErrNameTaken,
	} {
		if err := r.teacher.Create(hall, name); !errors.Is(err, want) {
			t.Errorf("create %q: %v, want %v", name, err, want)
		}
		if name == "ring" {
			continue
		}
		if err := r.teacher.Rename(hall, "ring", name); !errors.Is(err, want) {
			t.Errorf("rename to %q: %v, want %v", name, err, want)
		}
	}
	if err := r.teacher.Create("attic", "ring"); !errors.Is(err, ErrUnknownView) {
		t.Errorf("another view: %v", err)
	}
	if _, err := r.teacher.ThatWasIt(hall, "wash", time.Time{}, time.Time{}); !errors.Is(err, ErrUnknownAction) {
		t.Errorf("another action: %v", err)
	}
	o := viewOptions()
	o.Size, o.WhyNot = 0, "the model has no embedding"
	r.teacher.Configure([]ViewOptions{o}, DefaultSettings, nil)
	if err := r.teacher.Create(hall, "wash"); !errors.Is(err, ErrCannotTeach) || !strings.Contains(err.Error(), "embedding") {
		t.Errorf("a model without an embedding: %v", err)
	}
}

// Another model comes: examples with pictures are learned anew, others wait for their model to come back.
func TestAnotherModel(t *testing.T) {
	dir := t.TempDir()
	r := newRoom(t, dir)
	r.live(minutes(2))
	r.teach("ring", 2)
	r.teacher.settings.KeepPictures = false
	r.teach("wash", 2)
	o := viewOptions()
	o.Model = "model-two"
	r.teacher.Configure([]ViewOptions{o}, DefaultSettings, nil)
	r.live(minutes(2))
	for _, name := range []string{"ring", "wash"} {
		if a := r.get(name); a.State != ForeignModel || a.Problem == "" {
			t.Errorf("%s with another model: %+v", name, a)
		}
	}
	asked := 0
	embed := func(_ context.Context, view string, pictures [][]byte) ([]Embedding, error) {
		if asked++; view != hall || len(pictures) < 4 {
			t.Errorf("asked to embed %d pictures of %q", len(pictures), view)
		}
		return []Embedding{r.ordinary(), r.action(), r.action()}, nil
	}
	r.teacher.Configure([]ViewOptions{o}, DefaultSettings, embed)
	r.live(minutes(1))
	if a := r.get("ring"); a.State != Shadow || asked != 2 {
		t.Errorf("%d examples embedded; ring: %+v", asked, a)
	}
	if a := r.get("wash"); a.State != ForeignModel || !strings.Contains(a.Problem, "no pictures") {
		t.Errorf("without pictures: %+v", a)
	}
	r.open(dir) // back to the first model
	r.live(minutes(2))
	if a := r.get("wash"); a.State != Shadow {
		t.Errorf("back with its model: %+v", a)
	}
}

// A live action must not fire by what a few seconds with another model have taught.
func TestALiveActionOfAnotherModel(t *testing.T) {
	r := newRoom(t, t.TempDir())
	r.live(minutes(2))
	r.teach("ring", 2)
	r.must(r.teacher.SetLive(hall, "ring", true))
	r.must(r.teacher.SetThreshold(hall, "ring", 0.99))
	r.live(minutes(2))
	if a := r.get("ring"); a.State != Live || a.Threshold != 0.99 {
		t.Fatalf("%+v", a)
	}
	o := viewOptions()
	o.Model = "model-two"
	r.teacher.Configure([]ViewOptions{o}, DefaultSettings, func(context.Context, string, [][]byte) ([]Embedding, error) {
		return []Embedding{r.ordinary(), r.action(), r.action()}, nil
	})
	r.live(minutes(50))
	r.settle()
	if a := r.get("ring"); a.State != Relearning || !strings.Contains(a.Problem, "an hour of ordinary life") {
		t.Errorf("after 50 minutes: %+v", a)
	}
	r.live(minutes(12))
	r.teacher.refresh()
	r.settle()
	if a := r.get("ring"); a.State != Live || a.Problem != "" || a.Threshold == 0.99 {
		t.Errorf("after an hour: %+v", a)
	}
}

func TestAViewThatIsGone(t *testing.T) {
	r := newRoom(t, t.TempDir())
	r.live(minutes(2))
	r.teach("ring", 1)
	r.teacher.Configure(nil, DefaultSettings, nil)
	if views := r.teacher.Views(); len(views) != 1 || views[0].Actions[0].State != Resting {
		t.Errorf("views %+v", views)
	}
	r.must(r.teacher.Forget(hall, "ring"))
	if left := files(t, r.teacher.store.dir); len(left) > 0 {
		t.Errorf("forget left %v", left)
	}
}

// A reload that leaves the view as it is keeps its moments and pictures, and what runs.
func TestAReloadKeepsEverything(t *testing.T) {
	r := newRoom(t, "")
	r.live(minutes(2))
	r.teach("ring", 2)
	before, err := r.teacher.Moments(hall, time.Time{})
	r.must(err)
	r.teacher.Configure([]ViewOptions{viewOptions()}, DefaultSettings, nil)
	after, err := r.teacher.Moments(hall, time.Time{})
	r.must(err)
	if !slices.Equal(before, after) || after[len(after)-1].Pictures == 0 {
		t.Errorf("%d moments before, %d after", len(before), len(after))
	}
	if set, _ := r.window(r.ordinary()); len(set.Actions) != 1 {
		t.Errorf("after the reload runs %+v", set)
	}
}

// What was taught without a folder is written once there is one. Another folder is another state.
func TestAnotherFolder(t *testing.T) {
	r := newRoom(t, "")
	r.live(minutes(2))
	r.teach("ring", 2)
	one, two := t.TempDir(), t.TempDir()
	r.must(r.teacher.Open(one))
	r.must(r.teacher.Open(two))
	if len(r.all()) != 0 {
		t.Errorf("in an empty folder: %+v", r.all())
	}
	r.open(one)
	list, err := r.teacher.Examples(hall, "ring")
	if err != nil || len(list) != 2 || list[0].Pictures == 0 {
		t.Fatalf("examples %+v, %v", list, err)
	}
	if _, err := r.teacher.Picture(list[0].ID, 0); err != nil {
		t.Error(err)
	}
}

// A crash came while an action was forgotten: the next start deletes what is left. What is damaged stays.
func TestForgettingIsFinished(t *testing.T) {
	dir := t.TempDir()
	r := newRoom(t, dir)
	r.live(minutes(2))
	r.teach("ring", 1)
	r.teach("wash", 1)
	folder := func(name string) string {
		return filepath.Join(dir, r.teacher.action(hall, name).ID)
	}
	ring, wash := folder("ring"), folder("wash")
	r.must(os.Remove(filepath.Join(ring, actionFile)))
	r.must(os.WriteFile(filepath.Join(wash, actionFile), []byte("torn"), 0o600))
	r.open(dir)
	if left := files(t, dir); len(filesNamed(t, wash, ".example")) != 1 || slices.ContainsFunc(left, func(f string) bool { return strings.HasPrefix(f, ring) }) {
		t.Errorf("left %v", left)
	}
	if len(r.all()) != 0 || r.teacher.Degraded() == "" {
		t.Errorf("actions %+v, degraded %q", r.all(), r.teacher.Degraded())
	}
	r.open(dir) // the next start finds it as it was
	if len(filesNamed(t, wash, ".example")) != 1 {
		t.Error("the example of the damaged action is gone")
	}
}
