package teach

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// aroundPeak is the time before and after the peak of a candidate whose windows are kept.
const aroundPeak = 2 * time.Second

// report hands over a candidate. It never waits.
func (t *Teacher) report(f found) {
	select {
	case t.found <- f:
	default: // so many at once tell nothing new
	}
}

// note makes a candidate a firing, and a question if there is room for one.
func (t *Teacher) note(f found) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.byID(f.action)
	if a == nil {
		return
	}
	firing := FiringInfo{
		ID: newID(), Start: fromMillis(t.wall(f.start).UnixMilli()), End: fromMillis(t.wall(f.end).UnixMilli()), Peak: round3(f.peak), Fired: f.fired, Live: f.live && f.fired,
	}
	if a.near(example, t.wall(f.peakAt).UnixMilli()) != nil { // the user said so before it ended
		firing.Judged = Right
		a.noteFiring(firing)
		t.noticed(a.View)
		return
	}
	kind := question
	if a.wrongTo > 0 && f.start <= a.wrongTo { // the user called it wrong while it went on
		firing.Judged, kind = Wrong, negative
	}
	i, l := t.itemFrom(a, &f, kind, firing)
	if i == nil && !f.fired {
		return
	}
	if i != nil && t.saved(t.store.saveItem(a, i)) == nil {
		f.view.take(l, t.wall)
		a.items = append(a.items, i)
		if i.kind == negative {
			i.wrongTo = a.wrongTo
			a.changed()
			t.wake(t.work)
		}
	}
	a.noteFiring(firing)
	t.noticed(a.View)
}

// itemFrom makes an item of a candidate; nil if there are enough of its kind, or if its moments are gone. The caller holds mu.
func (t *Teacher) itemFrom(a *action, f *found, kind itemKind, firing FiringInfo) (*item, *look) {
	if kind == question && !t.roomForQuestion(a, f.fired) || kind == negative && len(a.of(negative)) >= MaxNegatives {
		return nil, nil
	}
	l, err := f.view.lookAt(f.peakAt-aroundPeak, f.peakAt+aroundPeak, byTime(f.peakAt, f.track))
	if err != nil {
		return nil, nil
	}
	i := f.view.item(l, kind, t.settings.KeepPictures, t.wall)
	i.ID, i.Peak, i.Fired, i.Live = firing.ID, firing.Peak, firing.Fired, firing.Live
	return i, l
}

// roomForQuestion makes room for a question. A firing may take the place of the oldest that only nearly fired; those may have half of the room.
func (t *Teacher) roomForQuestion(a *action, fired bool) bool {
	questions := a.of(question)
	near := slices.DeleteFunc(slices.Clone(questions), func(i *item) bool { return i.Fired })
	if !fired {
		return len(questions) < MaxQuestions && len(near) < MaxQuestions/2
	}
	if len(questions) < MaxQuestions {
		return true
	}
	if len(near) == 0 {
		return false
	}
	if t.store.remove(a, near[0]) != nil {
		return false
	}
	a.drop(near[0])
	return true
}

// noteFiring adds a firing and forgets old ones.
func (a *action) noteFiring(f FiringInfo) {
	a.Firings = append(a.Firings, f)
	oldest := f.Start.Add(-HistoryAge)
	a.Firings = slices.DeleteFunc(a.Firings, func(f FiringInfo) bool { return f.Start.Before(oldest) })
	a.Firings = slices.Clone(a.Firings[max(0, len(a.Firings)-MaxFirings):])
	a.unsaved = true
}

// Firings returns the action's firings, the newest first.
func (t *Teacher) Firings(view, name string) ([]FiringInfo, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, err := t.find(view, name)
	if err != nil {
		return nil, err
	}
	list := []FiringInfo{}
	for _, f := range slices.Backward(a.Firings) {
		list = append(list, a.describeFiring(f))
	}
	return list, nil
}

func (a *action) describeFiring(f FiringInfo) FiringInfo {
	f.View, f.Name = a.View, a.Name
	if i := a.item(f.ID); i != nil {
		f.Pictures = i.Count
	}
	return f
}

// Questions returns the firings of the view's actions that the user has not judged, those that help most first: where the score was near the threshold.
func (t *Teacher) Questions(view string) ([]FiringInfo, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.known(view); err != nil {
		return nil, err
	}
	list := []FiringInfo{}
	far := map[string]float64{}
	for _, a := range t.of(view) {
		for _, i := range a.of(question) {
			list = append(list, FiringInfo{
				ID: i.ID, View: a.View, Name: a.Name, Start: fromMillis(i.Start), End: fromMillis(i.End), Peak: i.Peak, Fired: i.Fired, Live: i.Live, Pictures: i.Count,
			})
			far[i.ID] = math.Abs(i.Peak - a.threshold())
		}
	}
	slices.SortStableFunc(list, func(a, b FiringInfo) int { return cmp.Compare(far[a.ID], far[b.ID]) })
	return list, nil
}

// Answer says whether a firing shows the action: it becomes an example, or a counter-example.
func (t *Teacher) Answer(id string, yes bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, i, err := t.itemOf(id)
	if err != nil {
		return err
	}
	kind, text := negative, "say no to a question about %q"
	if yes {
		kind, text = example, "say yes to a question about %q"
	}
	return t.judge(a, i, kind, fmt.Sprintf(text, a.Name))
}

// judge makes the item one of another kind. The caller holds mu.
func (t *Teacher) judge(a *action, i *item, to itemKind, text string) error {
	from := i.kind
	if from == to {
		return nil
	}
	if to == example && len(a.of(example)) >= MaxExamples {
		return fmt.Errorf("%w examples: %d of an action are the most; remove one first", ErrTooMany, MaxExamples)
	}
	if to == negative && len(a.of(negative)) >= MaxNegatives {
		return fmt.Errorf("%w counter-examples: %d of an action are the most", ErrTooMany, MaxNegatives)
	}
	if err := t.turn(a, i, to); err != nil {
		return err
	}
	t.did(a, text, func() error { return t.turn(a, i, from) })
	return nil
}

// turn changes the item's kind: first the new file is written, then the old one goes. Load settles what a crash leaves. The caller holds mu.
func (t *Teacher) turn(a *action, i *item, to itemKind) error {
	pictures, err := t.store.pictures(a, i)
	if err != nil {
		pictures = nil // the windows still tell
	}
	turned := *i
	turned.kind, turned.Pictures = to, pictures
	if err := t.writable(); err != nil {
		return err
	}
	if err := t.saved(t.store.saveItem(a, &turned)); err != nil {
		return err
	}
	if err := t.saved(t.store.remove(a, i)); err != nil {
		return err
	}
	*i = turned
	a.setJudged(i)
	a.changed()
	t.changed(a.View)
	return nil
}

// setJudged notes in the firing what the item says.
func (a *action) setJudged(i *item) {
	for n := range a.Firings {
		if a.Firings[n].ID == i.ID {
			a.Firings[n].Judged = map[itemKind]string{example: Right, negative: Wrong, question: NotJudged}[i.kind]
			a.unsaved = true
		}
	}
}

// Wrong says that a firing did not show the action. An empty id stands for the one that goes on, or else for the last one that fired.
func (t *Teacher) Wrong(view, name, id string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, err := t.find(view, name)
	if err != nil {
		return err
	}
	if id == "" && a.firing.Load() > 0 {
		t.wrongNow(a)
		return nil
	}
	if id == "" {
		if id = a.lastFiring(); id == "" {
			return fmt.Errorf("%w: %q", ErrNoFiring, name)
		}
	}
	i := a.item(id)
	if i == nil {
		return fmt.Errorf("%w: %q; edged keeps the moments of the newest %d that nobody has judged", ErrUnknownID, id, MaxQuestions)
	}
	return t.judge(a, i, negative, fmt.Sprintf("say that %q was wrong", a.Name))
}

// lastFiring returns the id of the last one that fired and was not judged; "" if there is none.
func (a *action) lastFiring() string {
	for _, f := range slices.Backward(a.Firings) {
		if f.Fired {
			if f.Judged == NotJudged {
				return f.ID
			}
			return ""
		}
	}
	return ""
}

// wrongNow makes the firing that goes on a counter-example, once it has ended.
func (t *Teacher) wrongNow(a *action) {
	before, now := a.wrongTo, t.o.Monotonic()
	a.wrongTo = now
	t.did(a, fmt.Sprintf("say that %q is wrong", a.Name), func() error {
		for _, i := range a.of(negative) {
			if i.wrongTo != now {
				continue
			}
			if err := t.turn(a, i, question); err != nil {
				return err
			}
		}
		a.wrongTo = before
		return nil
	})
}
