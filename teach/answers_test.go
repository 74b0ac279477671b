package teach

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// asked returns the newest open question.
func (r *room) asked() FiringInfo {
	r.t.Helper()
	list, err := r.teacher.Questions(hall)
	r.must(err)
	if len(list) == 0 {
		r.t.Fatal("there is no question")
	}
	return slices.MaxFunc(list, func(a, b FiringInfo) int { return a.Start.Compare(b.Start) })
}

func TestAnswersBecomeExamplesAndCounterExamples(t *testing.T) {
	r := newRoom(t, t.TempDir())
	r.live(minutes(2))
	r.teach("ring", 2)
	r.live(10 * time.Second)
	r.act()
	q := r.asked()
	if q.Name != "ring" || q.View != hall || !q.Fired || q.Pictures == 0 {
		t.Errorf("question %+v", q)
	}
	if _, err := r.teacher.Picture(q.ID, 0); err != nil {
		t.Error(err)
	}
	r.must(r.teacher.Answer(q.ID, true))
	r.settle()
	if a := r.get("ring"); a.Examples != 3 {
		t.Errorf("after a yes: %+v", a)
	}
	r.live(10 * time.Second)
	r.act()
	r.must(r.teacher.Answer(r.asked().ID, false))
	r.settle()
	if a := r.get("ring"); a.Examples != 3 || a.Negatives != 1 {
		t.Errorf("after a no: %+v", a)
	}
	list := r.firings()
	if list[0].Judged != Wrong || list[1].Judged != Right {
		t.Errorf("firings %+v", list)
	}
	if err := r.teacher.Answer("0011223344556677", true); !errors.Is(err, ErrUnknownID) {
		t.Errorf("no such question: %v", err)
	}
}

func TestWrong(t *testing.T) {
	r := newRoom(t, t.TempDir())
	r.live(minutes(2))
	r.must(r.teacher.Create(hall, "ring"))
	if err := r.teacher.Wrong(hall, "ring", ""); !errors.Is(err, ErrNoFiring) {
		t.Errorf("before it fired: %v", err)
	}
	r.show("ring")
	r.show("ring")
	r.live(10 * time.Second)
	r.act()
	r.must(r.teacher.Wrong(hall, "ring", ""))
	if a := r.get("ring"); a.Negatives != 1 || r.firings()[0].Judged != Wrong {
		t.Errorf("after it fired: %+v", a)
	}
}

// callItWrongWhileItGoesOn lets "ring" fire, calls it wrong, and waits for its end.
func (r *room) callItWrongWhileItGoesOn() {
	r.t.Helper()
	for range 6 {
		r.window(r.action())
	}
	if !r.get("ring").Firing {
		r.t.Fatal("it does not fire")
	}
	r.must(r.teacher.Wrong(hall, "ring", ""))
	r.live(5 * time.Second)
}

func TestWrongWhileItGoesOn(t *testing.T) {
	r := newRoom(t, "")
	r.live(minutes(2))
	r.teach("ring", 4)
	r.live(10 * time.Second)
	r.callItWrongWhileItGoesOn()
	if a := r.get("ring"); a.Negatives != 1 || a.Firing || r.firings()[0].Judged != Wrong {
		t.Errorf("%+v, %+v", a, r.firings()[0])
	}
	_, err := r.teacher.Undo(hall)
	r.must(err)
	if a := r.get("ring"); a.Negatives != 0 || a.Questions == 0 || r.firings()[0].Judged != NotJudged {
		t.Errorf("undone: %+v, %+v", a, r.firings()[0])
	}
}

// "Wrong" counts also where so many questions wait that there is no room for another.
func TestWrongWhileItGoesOnNeedsNoRoomForAQuestion(t *testing.T) {
	r := newRoom(t, "")
	r.live(minutes(2))
	r.teach("ring", 4)
	for r.get("ring").Questions < MaxQuestions {
		r.act()
		r.live(10 * time.Second)
	}
	r.callItWrongWhileItGoesOn()
	if a := r.get("ring"); a.Negatives != 1 || r.firings()[0].Judged != Wrong {
		t.Errorf("%+v, %+v", a, r.firings()[0])
	}
}

func TestThatWasItAnswersAQuestion(t *testing.T) {
	r := newRoom(t, "")
	r.live(minutes(2))
	r.teach("ring", 3)
	r.live(15 * time.Second)
	r.act()
	before := r.get("ring")
	e, err := r.teacher.ThatWasIt(hall, "ring", time.Time{}, time.Time{})
	r.must(err)
	after := r.get("ring")
	if after.Examples != before.Examples+1 || after.Questions != before.Questions-1 || e.ID != r.firings()[0].ID {
		t.Errorf("before %+v\nafter %+v\nexample %+v", before, after, e)
	}
}

func TestQuestionsAreBounded(t *testing.T) {
	r := newRoom(t, "")
	r.live(minutes(2))
	r.teach("ring", 3)
	for range MaxQuestions + 10 {
		r.act()
	}
	a := r.get("ring")
	if a.Questions > MaxQuestions || a.Questions < MaxQuestions-5 || a.Worth.WouldFire < MaxQuestions+10 {
		t.Errorf("%d questions, %d firings", a.Questions, a.Worth.WouldFire)
	}
}

func TestEveryStepIsUndone(t *testing.T) {
	r := newRoom(t, t.TempDir())
	r.live(minutes(2))
	r.teach("ring", 2)
	undo := func(want string) {
		t.Helper()
		if text := r.teacher.Views()[0].Undo; text != want {
			t.Errorf("undo is announced as %q, want %q", text, want)
		}
		if text, err := r.teacher.Undo(hall); err != nil || text != want {
			t.Fatalf("undo: %q, %v; want %q", text, err, want)
		}
		r.settle()
	}
	r.live(10 * time.Second)
	r.act()
	r.must(r.teacher.Answer(r.asked().ID, true))
	undo(`say yes to a question about "ring"`)
	if a := r.get("ring"); a.Examples != 2 || a.Questions == 0 || r.firings()[0].Judged != NotJudged {
		t.Errorf("%+v", a)
	}
	list, err := r.teacher.Examples(hall, "ring")
	r.must(err)
	r.must(r.teacher.RemoveExample(list[0].ID))
	undo(`remove an example of "ring"`)
	if _, err := r.teacher.Picture(list[0].ID, 0); err != nil {
		t.Errorf("the picture of an example that came back: %v", err)
	}
	r.must(r.teacher.SetLive(hall, "ring", true))
	undo(`switch "ring" live`)
	r.must(r.teacher.Rename(hall, "ring", "bell"))
	undo(`rename "ring" to "bell"`)
	undo(`add an example of "ring"`)
	undo(`add an example of "ring"`)
	undo(`create "ring"`)
	if _, err := r.teacher.Undo(hall); !errors.Is(err, ErrNothingToUndo) {
		t.Errorf("undo of nothing: %v", err)
	}
	if len(r.all()) != 0 || len(filesOf(t, r.teacher.store.dir)) != 0 {
		t.Errorf("left %+v and %v", r.all(), filesOf(t, r.teacher.store.dir))
	}
}

// filesOf returns the files of actions.
func filesOf(t *testing.T, dir string) []string {
	return slices.DeleteFunc(files(t, dir), func(path string) bool { return len(path) > 5 && path[len(path)-5:] == ".life" })
}

func TestForgetDeletesAllPictures(t *testing.T) {
	r := newRoom(t, t.TempDir())
	r.live(minutes(2))
	r.teach("ring", 2)
	r.act()
	if len(filesOf(t, r.teacher.store.dir)) < 4 {
		t.Fatal("nothing is stored")
	}
	r.must(r.teacher.Forget(hall, "ring"))
	if left := filesOf(t, r.teacher.store.dir); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	if set, _ := r.window(r.action()); len(set.Actions) > 0 {
		t.Errorf("still runs %+v", set)
	}
	if _, err := r.teacher.Undo(hall); !errors.Is(err, ErrNothingToUndo) {
		t.Errorf("a step of the forgotten action is still to be undone: %v", err)
	}
}

// The action happened many times before anybody taught it. These times are no counter-examples: edged says what it saw, and the action still fires.
func TestTheActionInOrdinaryLifeDoesNotSilenceIt(t *testing.T) {
	r := newRoom(t, "")
	r.live(minutes(1))
	for range 8 {
		r.act()
	}
	r.teach("ring", 3)
	a := r.get("ring")
	if a.Worth.Met || a.Worth.PerDay < 2 || a.Worth.Advice == "" || a.Worth.Found < 2 {
		t.Errorf("worth %+v", a.Worth)
	}
	before := len(r.firings())
	r.live(10 * time.Second)
	r.act()
	if list := r.firings(); len(list) != before+1 || !list[0].Fired {
		t.Errorf("it does not fire any more: threshold %.2f, %+v", a.Threshold, list)
	}
}

// A change of which one half is refused changes nothing, and leaves no step to undo.
func TestChangeIsWholeOrNothing(t *testing.T) {
	r := newRoom(t, "")
	r.live(minutes(2))
	r.teach("ring", 3)
	r.must(r.teacher.Create(hall, "bell"))
	before := r.get("ring").Live
	if err := r.teacher.Change(hall, "ring", "bell", !before); err == nil {
		t.Error("the name is taken")
	}
	if r.get("ring").Live != before {
		t.Error("it was switched all the same")
	}
	step, err := r.teacher.Undo(hall)
	if err != nil || !strings.Contains(step, "bell") {
		t.Errorf("the last step is %q, %v", step, err)
	}
	r.must(r.teacher.Change(hall, "ring", "chime", !before))
	if a := r.get("chime"); a.Live == before {
		t.Errorf("%+v", a)
	}
}
