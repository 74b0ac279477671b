package node

import (
	"fmt"
	"slices"
	"time"

	"edged/publish"
	"edged/teach"
)

// obeyTeaching does what a command to teach asks, and publishes a sentence that says what became of it.
func (n *Node) obeyTeaching(view string, c publish.TeachCommand) error {
	i, err := n.viewIndex(view)
	if err != nil {
		return err
	}
	text, err := n.teach(view, c)
	_, _ = n.publishTaught(i) // so that the answer does not come before what it speaks of
	n.topics[i].Answer(publish.Answer{Command: c, Text: text, Err: err})
	return err
}

// teach does what the command asks, and says what it did.
func (n *Node) teach(view string, c publish.TeachCommand) (did string, err error) {
	t := n.State.Teacher
	switch c.Do {
	case publish.TeachCreate:
		return fmt.Sprintf("%q is new. When it happens, say that was it.", c.Label), t.Create(view, c.Label)
	case publish.TeachThatWasIt:
		return n.addExample(view, c)
	case publish.TeachWrong:
		return fmt.Sprintf("edged has learned that this was not %q.", c.Label), t.Wrong(view, c.Label, "")
	case publish.TeachRename:
		return fmt.Sprintf("%q is called %q now.", c.Label, c.To), t.Rename(view, c.Label, c.To)
	case publish.TeachLive:
		did = fmt.Sprintf("%q is live: it fires like an action of the model.", c.Label)
		if !c.Live {
			did = fmt.Sprintf("%q is a shadow: it fires nothing.", c.Label)
		}
		return did, t.SetLive(view, c.Label, c.Live)
	case publish.TeachForget:
		return fmt.Sprintf("%q is forgotten, with its examples and pictures.", c.Label), t.Forget(view, c.Label)
	case publish.TeachUndo:
		step, err := t.Undo(view)
		return fmt.Sprintf("Undone: %s.", step), err
	}
	return "", fmt.Errorf("edged does not know the command %q", c.Do)
}

func (n *Node) addExample(view string, c publish.TeachCommand) (did string, err error) {
	t := n.State.Teacher
	before := n.examplesOf(view, c.Label)
	until := c.Until
	if until.IsZero() {
		until = c.When
	}
	e, err := t.ThatWasIt(view, c.Label, c.When, until)
	if err != nil {
		return "", err
	}
	at, now := e.Time.Local().Format(time.TimeOnly), n.examplesOf(view, c.Label)
	if now == before {
		return fmt.Sprintf("What happened at %s is an example of %q already.", at, c.Label), nil
	}
	return fmt.Sprintf("What happened at %s is example %d of %q.", at, now, c.Label), nil
}

func (n *Node) examplesOf(view, name string) int {
	actions, err := n.State.Teacher.Actions(view)
	if err != nil {
		return 0
	}
	for _, a := range actions {
		if a.Name == name {
			return a.Examples
		}
	}
	return 0
}

// publishTaught publishes what the view was taught, and returns that.
func (n *Node) publishTaught(i int) ([]teach.Action, error) {
	n.telling.Lock() // what was asked for first must not be published last
	defer n.telling.Unlock()
	v, err := n.State.Teacher.Info(n.Views[i].Path)
	if err != nil {
		return nil, err // the teacher already knows the views of the next node
	}
	slices.SortStableFunc(v.Actions, func(a, b teach.Action) int { return a.CreatedAt.Compare(b.CreatedAt) })
	told := publish.Teaching{Possible: v.CanTeach, WhyNot: v.WhyNot}
	for _, a := range v.Actions {
		told.Actions = append(told.Actions, taught(a))
	}
	n.topics[i].SetTeaching(told)
	for _, a := range v.Actions {
		n.topics[i].SetShadow(a.Name, a.Firing)
	}
	return v.Actions, nil
}

func taught(a teach.Action) publish.Taught {
	named := a.State != teach.NeedsName
	return publish.Taught{
		Label: a.Name, State: string(a.State), Live: a.Live && named, Shadow: !a.Live && named, Learning: a.Learning, Examples: a.Examples,
		Found: a.Worth.Found, Of: a.Worth.Of, WouldFire: a.Worth.WouldFire, Hours: a.Worth.Hours, Questions: a.Questions,
		Worth: a.Worth.Text, Advice: a.Worth.Advice, Problem: a.Problem,
	}
}
