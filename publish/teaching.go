package publish

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Teaching is what users have taught edged at a view, as MQTT and Home Assistant show it.
type Teaching struct {
	Possible bool     // the view's model can be taught
	WhyNot   string   // why it cannot
	Actions  []Taught // in the order in which the user created them
}

// Taught is one action that a user has taught.
type Taught struct {
	Label     string // a level of topics: see CheckLabels
	State     string // a word for machines: shadow, live, resting, …
	Live      bool   // edged treats the action like one of the model
	Shadow    bool   // edged watches for the action, but only shows when it would fire
	Learning  bool   // edged learns it at this moment
	Examples  int
	Found, Of int     // so many of so many examples are recognised when each is left out
	WouldFire int     // times that it would have fired
	Hours     float64 // in so many hours
	Questions int     // that wait for the user
	Worth     string  // how good it is
	Advice    string  // what would help most; "" = nothing
	Problem   string  // why it does not run; "" = it runs
}

// Answer says what became of a command to teach.
type Answer struct {
	Command TeachCommand
	Err     error  // nil = the command was obeyed
	Text    string // what edged did
}

// teaching is what a view publishes about its taught actions. Publisher.teaching guards it.
type teaching struct {
	now      Teaching
	selected string // the action that a command without a label means; "" = there is none
	answer   *answer
	retired  []string // labels of forgotten actions whose events may still come, oldest first
	state    *retained
	setTopic string
}

// teachState is the payload of …/teach/state.
type teachState struct {
	Possible bool          `json:"can_teach"`
	WhyNot   string        `json:"why_not,omitempty"`
	Selected string        `json:"selected"`
	Actions  []taughtState `json:"actions"`
	Answer   *answer       `json:"answer,omitempty"`
}

type taughtState struct {
	Label     string  `json:"label"`
	State     string  `json:"state"`
	Live      bool    `json:"live"`
	Learning  bool    `json:"learning"`
	Examples  int     `json:"examples"`
	Found     int     `json:"found"`
	Of        int     `json:"of"`
	WouldFire int     `json:"would_fire"`
	Hours     float64 `json:"hours"`
	Questions int     `json:"questions"`
	Worth     string  `json:"worth,omitempty"`
	Advice    string  `json:"advice,omitempty"`
	Problem   string  `json:"problem,omitempty"`
}

type answer struct {
	ID    string    `json:"id,omitempty"`
	Do    string    `json:"do,omitempty"`
	Label string    `json:"label,omitempty"`
	OK    bool      `json:"ok"`
	Text  string    `json:"text"`
	Time  time.Time `json:"time"`
}

// maxRetired bounds the forgotten actions of a view that edged still knows: one that was in progress when the user forgot it has yet to end.
const maxRetired = 16

// SetTeaching publishes what users have taught the view. It describes the view to Home Assistant again where that changes its entities.
// Labels of the model itself stay what they are.
func (v *ViewTopics) SetTeaching(t Teaching) {
	p := v.publisher
	p.teaching.Lock()
	defer p.teaching.Unlock()
	before := v.teaching.now
	v.teaching.now = t
	v.teaching.keepSelected()
	for _, a := range before.Actions {
		if t.find(a.Label) == nil {
			v.retire(a.Label)
		}
	}
	for _, a := range t.Actions {
		v.show(a)
	}
	if !before.hasEntitiesOf(t) {
		p.describeAgain()
	}
	v.publishTeaching()
}

// SetShadow publishes whether a taught action that is not live would be on. It ignores every other action.
func (v *ViewTopics) SetShadow(label string, active bool) {
	if a := v.action(label); a != nil && a.shadow != nil {
		set(v.states, a.shadow, choose(active, on, off))
	}
}

// Answer publishes what became of a command to teach. After a command that has created or renamed an action, that action is selected.
func (v *ViewTopics) Answer(a Answer) {
	v.publisher.teaching.Lock()
	defer v.publisher.teaching.Unlock()
	c := a.Command
	said := &answer{ID: c.ID, Do: c.Do, Label: c.Label, OK: a.Err == nil, Text: sentence(a.Text), Time: v.publisher.now().Wall.UTC().Truncate(time.Millisecond)}
	if a.Err != nil {
		said.Text = sentence(a.Err.Error())
	}
	v.teaching.answer = said
	if a.Err == nil {
		v.teaching.selectAfter(c)
	}
	v.publishTeaching()
}

// publishTeaching publishes …/teach/state. The caller holds Publisher.teaching.
func (v *ViewTopics) publishTeaching() {
	t := &v.teaching
	s := teachState{t.now.Possible, sentence(t.now.WhyNot), t.selected, make([]taughtState, 0, len(t.now.Actions)), t.answer}
	for _, a := range t.now.Actions {
		s.Actions = append(s.Actions, taughtState{
			a.Label, a.State, a.Live, a.Learning, a.Examples, a.Found, a.Of, a.WouldFire, math.Round(finite(a.Hours)*10) / 10,
			a.Questions, sentence(a.Worth), sentence(a.Advice), sentence(a.Problem),
		})
	}
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // texts, finite numbers and a time
	}
	set(v.states, t.state, text)
}

// show makes the topics of the action what its state asks for.
func (v *ViewTopics) show(taught Taught) {
	a := v.action(taught.Label)
	if a == nil && !taught.Live && !taught.Shadow {
		return // it may have a name that no topic can have
	}
	if a == nil {
		a = v.states.addTaught(v, taught.Label)
	}
	if taught.Live || taught.Shadow {
		v.teaching.retired = slices.DeleteFunc(v.teaching.retired, func(l string) bool { return l == taught.Label })
	}
	if a.shadow == nil {
		v.discardTaught(a) // the model or a rule has the name now
		return
	}
	v.states.switchTopics(a, taught.Live, taught.Shadow)
}

// retire removes what the broker keeps of the action.
func (v *ViewTopics) retire(label string) {
	a := v.action(label)
	if a == nil || a.shadow == nil {
		return
	}
	v.states.switchTopics(a, false, false)
	t := &v.teaching
	t.retired = append(t.retired, label)
	if len(t.retired) > maxRetired {
		v.states.removeTaught(v, t.retired[0])
		t.retired = slices.Delete(t.retired, 0, 1)
	}
}

// discardTaught removes what the broker keeps of a taught action whose name an action of the model or a rule has now.
func (v *ViewTopics) discardTaught(a *ActionTopics) {
	t := v.publisher.topics
	topics := []string{t.of(v.path, a.label, "shadow")}
	if a.threshold == nil { // a rule has none
		topics = append(topics, t.of(v.path, a.label, "threshold/state"))
	}
	v.states.discard(topics, t.prefix)
}

// keepSelected selects the newest action if the selected one is gone.
func (t *teaching) keepSelected() {
	if t.now.find(t.selected) != nil {
		return
	}
	t.selected = ""
	if n := len(t.now.Actions); n > 0 {
		t.selected = t.now.Actions[n-1].Label
	}
}

// selectAfter selects the action that the command has created or renamed.
func (t *teaching) selectAfter(c TeachCommand) {
	name := c.Label
	if c.Do == TeachRename {
		name = c.To
	} else if c.Do != TeachCreate && c.Do != TeachSelect {
		return
	}
	if t.now.find(name) != nil {
		t.selected = name
	}
}

func (t *Teaching) find(label string) *Taught {
	for i := range t.Actions {
		if t.Actions[i].Label == label {
			return &t.Actions[i]
		}
	}
	return nil
}

// live returns the labels of the actions that are live.
func (t *Teaching) live() (labels []string) {
	for _, a := range t.Actions {
		if a.Live {
			labels = append(labels, a.Label)
		}
	}
	return labels
}

func (t *Teaching) labels() []string {
	labels := make([]string, 0, len(t.Actions))
	for _, a := range t.Actions {
		labels = append(labels, a.Label)
	}
	return labels
}

// hasEntitiesOf reports whether Home Assistant shows both in the same entities.
func (t *Teaching) hasEntitiesOf(other Teaching) bool {
	return t.Possible == other.Possible && slices.Equal(t.labels(), other.labels()) && slices.Equal(t.live(), other.live())
}

// sentence makes a sentence of a text, for people: with a capital letter, unless edged's name comes first, and a full stop.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	if first, size := utf8.DecodeRuneInString(text); !strings.HasPrefix(text, "edged ") {
		text = string(unicode.ToUpper(first)) + text[size:]
	}
	if !strings.ContainsAny(text[len(text)-1:], ".?!") {
		text += "."
	}
	return text
}
