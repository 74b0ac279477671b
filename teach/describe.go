package teach

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Views returns every view with its actions, in the configuration's order, then views that have actions and do not exist now.
func (t *Teacher) Views() []ViewInfo {
	t.mu.Lock()
	defer t.mu.Unlock()
	paths := slices.Clone(t.order)
	for _, a := range t.actions {
		if !slices.Contains(paths, a.View) {
			paths = append(paths, a.View)
		}
	}
	list := make([]ViewInfo, len(paths))
	for i, path := range paths {
		list[i] = t.describeView(path)
	}
	return list
}

// Info returns a view with its actions.
func (t *Teacher) Info(view string) (ViewInfo, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.known(view); err != nil {
		return ViewInfo{}, err
	}
	return t.describeView(view), nil
}

// describeView is a view as people see it. The caller holds mu.
func (t *Teacher) describeView(path string) ViewInfo {
	i := ViewInfo{View: path, KeepPictures: t.settings.KeepPictures, Undo: t.lastStep(path), Actions: t.describeAll(path)}
	if v := t.views[path]; v != nil {
		i.Camera, i.CanTeach, i.WhyNot = v.Camera, v.CanTeach(), v.WhyNot
	} else {
		i.WhyNot = "the configuration has no such view"
	}
	return i
}

// Actions returns the view's actions by name.
func (t *Teacher) Actions(view string) ([]Action, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.known(view); err != nil {
		return nil, err
	}
	return t.describeAll(view), nil
}

func (t *Teacher) describeAll(view string) []Action {
	actions := t.of(view)
	list := make([]Action, len(actions))
	for i, a := range actions {
		list[i] = t.describe(a)
	}
	return list
}

// describe is an action as people see it. The caller holds mu.
func (t *Teacher) describe(a *action) Action {
	d := Action{
		View: a.View, Name: a.Name, Live: a.Live, Firing: a.firing.Load() > 0, Threshold: round3(a.threshold()), Examples: len(a.of(example)),
		Negatives: len(a.of(negative)), Questions: len(a.of(question)), CreatedAt: fromMillis(a.Created), Worth: t.worth(a),
	}
	v := t.views[a.View]
	d.Learning = a.busy || v != nil && v.CanTeach() && d.Examples > 0 && a.due()
	if a.Learned != nil {
		d.LearnedAt = fromMillis(a.Learned.At)
	}
	d.State, d.Problem = t.state(a, v)
	if d.Problem == "" && a.Learned == nil {
		d.Problem = a.failed
	}
	return d
}

// state says what the action does, and why not. The caller holds mu.
func (t *Teacher) state(a *action, v *View) (State, string) {
	own := 0
	for _, i := range a.of(example) {
		if v != nil && i.belongs(v.Model, v.numbers) {
			own++
		}
	}
	unusable := t.usable(a.View, a.Name)
	switch {
	case v != nil && unusable != nil:
		return NeedsName, unusable.Error()
	case len(a.of(example)) == 0:
		return NoExamples, ""
	case v == nil:
		return Resting, "the configuration has no such view"
	case !v.CanTeach():
		return Resting, v.WhyNot
	case own == 0:
		return ForeignModel, t.foreign(a, v)
	case !v.enabled.Load():
		return Resting, "the view is disabled"
	case a.Live && a.ofAnotherModel(v):
		return Relearning, a.failed
	case a.Live:
		return Live, ""
	}
	return Shadow, ""
}

// foreign says what becomes of examples of another model.
func (t *Teacher) foreign(a *action, v *View) string {
	if t.embed != nil && slices.ContainsFunc(a.of(example), func(i *item) bool { return i.Count > 0 && i.hopeless != v.Model }) {
		return "its examples belong to another model; edged learns them anew from their pictures"
	}
	return "its examples belong to another model, and edged has no pictures from which it could learn them anew; add new examples, or go back to that model"
}

// worth says how good the action is. The caller holds mu.
func (t *Teacher) worth(a *action) Worth {
	w := Worth{Hours: round3(min(a.Watched/3600, HistoryAge.Hours()))}
	since := t.o.Wall().Add(-HistoryAge)
	for _, f := range a.Firings {
		if f.Fired && f.Judged != Wrong && f.Start.After(since) {
			w.WouldFire++
		}
	}
	if a.Learned != nil {
		w.Found, w.Of, w.Met, w.PerDay = a.Learned.Found, a.Learned.Of, a.Learned.Met, round3(a.Learned.PerDay)
	}
	w.Text, w.Advice = a.praise(w), a.advise(w)
	return w
}

// praise says in words what Worth says in numbers.
func (a *action) praise(w Worth) string {
	if a.Learned == nil {
		return ""
	}
	text := ""
	if w.Of > 0 {
		text = fmt.Sprintf("It recognises %d of your %d examples when each is left out. ", w.Found, w.Of)
	}
	return text + fmt.Sprintf("In the last %s it %s.", hours(w.Hours), fired(w.WouldFire, a.Live))
}

func fired(n int, live bool) string {
	switch {
	case n == 0 && live:
		return "never fired"
	case n == 0:
		return "would never have fired"
	case live:
		return "fired " + times(n)
	}
	return "would have fired " + times(n)
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

func hours(h float64) string {
	switch minutes := int((time.Duration(h * float64(time.Hour))).Minutes()); {
	case minutes < 2:
		return "minute"
	case minutes < 120:
		return fmt.Sprintf("%d minutes", minutes)
	default:
		return fmt.Sprintf("%d hours", minutes/60)
	}
}

// advise says what would help most.
func (a *action) advise(w Worth) string {
	n := len(a.of(example))
	switch {
	case n == 0:
		return "Show it once, then press \"That was it\"."
	case len(a.of(question)) > 0 && (n < 10 || w.Found < w.Of):
		return "Answer the questions: each answer helps more than anything else."
	case a.Learned != nil && !w.Met:
		return fmt.Sprintf("Something that nobody has called an example looks like it, about %s a day. More examples, and answers to questions, would tell edged whether that is the action.",
			times(max(1, int(math.Round(w.PerDay)))))
	case w.Of > 0 && w.Found < w.Of:
		return fmt.Sprintf("It misses %d of your examples. Look at them: remove those that do not show it, and add examples of the kind that it misses.", w.Of-w.Found)
	case n < 5:
		return fmt.Sprintf("%d more examples would help most if they differ: another person, another time of day, another way of doing it.", 5-n)
	}
	return ""
}
