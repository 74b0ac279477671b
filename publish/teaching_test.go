package publish

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"edged/internal/sink"
	"edged/internal/testkit"
)

// teaching returns the first …/teach/state for which the condition holds.
func (s *subscriber) teaching(t *testing.T, holds func(teachState) bool) teachState {
	t.Helper()
	for {
		var got teachState
		m := s.next("edged/board/front/teach/state")
		if err := json.Unmarshal([]byte(m.payload), &got); err != nil {
			t.Fatalf("%v in %s", err, m.payload)
		}
		if holds(got) {
			return got
		}
	}
}

// answered waits for the answer to the command with this id.
func (s *subscriber) answered(t *testing.T, id string) answer {
	t.Helper()
	return *s.teaching(t, func(got teachState) bool { return got.Answer != nil && got.Answer.ID == id }).Answer
}

// taughtView runs a publisher that can be taught and hands its commands to obey, at a broker of its own.
func taughtView(t *testing.T, obey func(*ViewTopics, Command)) (*Publisher, *subscriber, *testkit.Mosquitto) {
	t.Helper()
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())
	var p *Publisher
	p, _ = testPublisher(t, broker.URL(), func(p *Publisher) { p.OnCommand = func(c Command) { obey(viewOf(p, "front"), c) } })
	viewOf(p, "front").SetTeaching(Teaching{Possible: true, Actions: []Taught{{Label: "ring", State: "shadow", Shadow: true, Examples: 3}}})
	run(t, p)
	sub.until("edged/board/status", online)
	return p, sub, broker
}

func TestCommandsToTeachAreHandedOnAndAnswered(t *testing.T) {
	t.Parallel()
	commands := make(chan Command, 10)
	_, sub, _ := taughtView(t, func(v *ViewTopics, c Command) {
		commands <- c
		v.Answer(Answer{Command: c.Teach, Text: "Done."})
	})
	when := time.Date(2026, 11, 22, 21, 33, 5, 0, time.UTC)
	for payload, want := range map[string]TeachCommand{
		`{"id":"1","do":"create","label":"dog_rings"}`:                                                        {ID: "1", Do: TeachCreate, Label: "dog_rings"},
		`{"id":"2","do":"that_was_it"}`:                                                                       {ID: "2", Do: TeachThatWasIt, Label: "ring"},
		`{"id":"3","do":"that_was_it","label":"ring","when":"2026-11-22T21:33:05Z"}`:                          {ID: "3", Do: TeachThatWasIt, Label: "ring", When: when},
		fmt.Sprintf(`{"id":"4","do":"that_was_it","when":%d,"until":%d}`, when.UnixMilli(), when.UnixMilli()): {ID: "4", Do: TeachThatWasIt, Label: "ring", When: when, Until: when},
		`{"id":"5","do":"wrong"}`:                                                                             {ID: "5", Do: TeachWrong, Label: "ring"},
		`{"id":"6","do":"rename","label":"ring","to":"bell"}`:                                                 {ID: "6", Do: TeachRename, Label: "ring", To: "bell"},
		`{"id":"7","do":"live","to":true}`:                                                                    {ID: "7", Do: TeachLive, Label: "ring", Live: true},
		`{"id":"8","do":"undo"}`:                                                                              {ID: "8", Do: TeachUndo},
		`{"id":"9","do":"forget","label":"ring"}`:                                                             {ID: "9", Do: TeachForget, Label: "ring"},
	} {
		sub.publish("edged/board/front/teach/set", payload, false)
		c := <-commands
		if !c.Teach.When.Equal(want.When) || !c.Teach.Until.Equal(want.Until) {
			t.Errorf("%s: when %v, until %v", payload, c.Teach.When, c.Teach.Until)
		}
		c.Teach.When, c.Teach.Until, want.When, want.Until = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		if c.Kind != Teach || c.Path != "front" || c.Teach != want {
			t.Errorf("%s: got %+v", payload, c)
		}
		if a := sub.answered(t, want.ID); !a.OK || a.Text != "Done." || a.Do != want.Do || time.Since(a.Time).Abs() > eventually {
			t.Errorf("%s: answer %+v", payload, a)
		}
	}
}

func TestBadCommandsToTeachGetASentence(t *testing.T) {
	t.Parallel()
	p, sub, _ := taughtView(t, func(*ViewTopics, Command) { t.Error("a bad command was handed on") })
	for payload, want := range map[string]string{
		`PRESS`:                                   "the command must be JSON",
		`{"do":"that_was_it"`:                     "the command must be JSON",
		`{"do":"that_was_it"} {}`:                 "one JSON object",
		`{"do":"that_was_it","lable":"ring"}`:     "lable",
		`{"do":"sing"}`:                           `"do" must be one of`,
		`{"do":"that_was_it","label":"rong"}`:     `no taught action "rong" here; create it first, or choose one of: ring`,
		`{"do":"that_was_it","when":"yesterday"}`: `"when" must be a time`,
		`{"do":"that_was_it","when":-5}`:          `"when" must be a time`,
		`{"do":"that_was_it","when":1764000000000,"until":1763000000000}`: `must not be before`,
		`{"do":"create"}`:              "needs a name",
		`{"do":"rename","to":7}`:       "new name",
		`{"do":"live","to":"perhaps"}`: "true or false",
		strings.Repeat("x", 2000):      "2000 bytes",
	} {
		sub.publish("edged/board/front/teach/set", payload, false)
		got := sub.teaching(t, func(s teachState) bool {
			return s.Answer != nil && strings.Contains(strings.ToLower(s.Answer.Text), strings.ToLower(want))
		})
		if got.Answer.OK || len(got.Actions) != 1 {
			t.Errorf("%s: %+v", payload, got)
		}
	}
	if n := p.Counters().CommandsRefused; n != 13 {
		t.Errorf("%d are counted as refused", n)
	}
}

func TestAViewThatCannotBeTaughtSaysWhy(t *testing.T) {
	t.Parallel()
	p, sub, _ := taughtView(t, func(*ViewTopics, Command) { t.Error("handed on") })
	viewOf(p, "front").SetTeaching(Teaching{WhyNot: "The model starter cannot be taught: it has no embedding."})
	sub.publish("edged/board/front/teach/set", `{"id":"a","do":"create","label":"x"}`, false)
	if a := sub.answered(t, "a"); a.OK || !strings.Contains(a.Text, "has no embedding") {
		t.Errorf("%+v", a)
	}
}

// 10,000 presses while edged is busy: few wait, the others are refused with a sentence, and nothing else suffers.
func TestAFloodOfPressesIsBounded(t *testing.T) {
	t.Parallel()
	blocked, obeyed := make(chan struct{}), make(chan Command, 10_000)
	release := sync.OnceFunc(func() { close(blocked) })
	p, sub, broker := taughtView(t, func(v *ViewTopics, c Command) {
		<-blocked
		obeyed <- c
		v.Answer(Answer{Command: c.Teach, Err: errors.New("not now")})
	})
	defer release()
	pressing := connectClient(t, broker.URL())
	for range 10_000 {
		pressing.Publish("edged/board/front/teach/set", 0, false, `{"do":"that_was_it"}`)
	}
	pressing.Publish("edged/board/front/teach/set", 1, false, `{"id":"last","do":"that_was_it"}`)
	if a := sub.answered(t, "last"); a.OK || !strings.Contains(a.Text, "still busy with the last 32 commands") {
		t.Errorf("%+v", a)
	}
	release()
	waitFor(t, "what waited is obeyed", func() bool { return len(obeyed) == 1+maxTeachWaiting })
	if _, more := p.incoming.commands.take(); more {
		t.Error("more waits")
	}
}

// connectClient connects a client that subscribes to nothing, until the test ends.
func connectClient(t *testing.T, url string) mqtt.Client {
	t.Helper()
	client := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(url).SetClientID("presses-" + newRunID()).SetAutoReconnect(false))
	if token := client.Connect(); !token.WaitTimeout(eventually) || token.Error() != nil {
		t.Fatal(token.Error())
	}
	t.Cleanup(func() { client.Disconnect(100) })
	return client
}

func TestSelectingATaughtAction(t *testing.T) {
	t.Parallel()
	p, sub, _ := taughtView(t, func(v *ViewTopics, c Command) {
		if c.Teach.Do == TeachCreate {
			v.SetTeaching(Teaching{Possible: true, Actions: []Taught{{Label: "ring"}, {Label: c.Teach.Label}, {Label: "zebra"}}})
		}
		v.Answer(Answer{Command: c.Teach, Text: "Done."})
	})
	selected := func(want string) {
		t.Helper()
		sub.teaching(t, func(s teachState) bool { return s.Selected == want })
	}
	sub.publish("edged/board/front/teach/set", `{"do":"create","label":"bell"}`, false)
	selected("bell")
	sub.publish("edged/board/front/teach/set", `{"do":"select","label":"ring"}`, false)
	selected("ring")
	viewOf(p, "front").SetTeaching(Teaching{Possible: true, Actions: []Taught{{Label: "bell"}, {Label: "zebra"}}})
	selected("zebra") // ring is gone
}

// A taught action has a shadow until it is live; then it has what a label of the model has. Of a forgotten one nothing is left.
func TestTopicsOfATaughtAction(t *testing.T) {
	t.Parallel()
	p, sub, broker := taughtView(t, func(*ViewTopics, Command) {})
	front, err := p.Sink("front")
	if err != nil {
		t.Fatal(err)
	}
	v := viewOf(p, "front")
	v.SetShadow("ring", true)
	sub.until("edged/board/front/ring/shadow", on)

	v.SetTeaching(Teaching{Possible: true, Actions: []Taught{{Label: "ring", Live: true}}})
	sub.until("edged/board/front/ring/shadow", "")
	front.View(sink.View{Path: "front", Enabled: true, Thresholds: map[string]float64{"ring": 0.7}})
	sub.until("edged/board/front/ring/threshold/state", "0.7")
	front.Event(sink.Event{ID: sink.ID{Run: "5f1c09ab", N: 1}, View: "front", Label: "ring", Phase: sink.Start})
	sub.nextEvent("5f1c09ab-1")
	sub.until("edged/board/front/ring/state", on)

	v.SetTeaching(Teaching{Possible: true})
	sub.until("edged/board/front/ring/state", "")
	sub.until("edged/board/front/ring/threshold/state", "")
	front.Event(sink.Event{ID: sink.ID{Run: "5f1c09ab", N: 1}, View: "front", Label: "ring", Phase: sink.End})
	sub.nextEvent("5f1c09ab-1")
	front.Event(sink.Event{View: "front", Label: "never taught", Phase: sink.End}) // is ignored
	for _, m := range subscribe(t, broker.URL()).settled() {
		if strings.Contains(m.topic, "/ring/") {
			t.Errorf("the broker still has %s: %s", m.topic, m.payload)
		}
	}
}

// settled returns the retained messages of the broker.
func (s *subscriber) settled() (list []message) {
	marker := "edged/marker/" + newRunID()
	s.publish(marker, "x", false)
	for m := range s.messages {
		if m.topic == marker {
			break
		}
		list = append(list, m)
	}
	return list
}

// A name of the model's stays the model's, also if somebody has taught an action of that name before the model had it.
func TestATaughtActionCannotReplaceALabel(t *testing.T) {
	t.Parallel()
	p, sub, _ := taughtView(t, func(*ViewTopics, Command) {})
	v := viewOf(p, "front")
	v.SetTeaching(Teaching{Possible: true, Actions: []Taught{{Label: "wave", Shadow: true}}})
	v.SetTeaching(Teaching{Possible: true})
	actionOf(p, "front", "wave").SetState(true)
	sub.until("edged/board/front/wave/state", on)
}

// mosquitto closes the connection for good when it gets such a topic.
func TestANameThatNoTopicCanHaveIsRefused(t *testing.T) {
	for _, name := range []string{"a\tb", "a\u0001b", "a\u200bb", "a\ufffe"} {
		if CheckLabels([]string{name}) == nil {
			t.Errorf("%q is a name", name)
		}
	}
}

// A name of the model's, or of a rule's, has no threshold of a taught action; one that cannot be published has no topics.
func TestThresholdsOfActionsWithoutOne(t *testing.T) {
	p, _ := testPublisher(t, "tcp://127.0.0.1:1", func(p *Publisher) { p.Cameras[0].Derived = []string{"fallen"} })
	front, err := p.Sink("front")
	if err != nil {
		t.Fatal(err)
	}
	front.View(sink.View{Path: "front", Enabled: true, Thresholds: map[string]float64{"fallen": 0.7}})
	v, before := viewOf(p, "front"), len(p.states.all)
	v.SetTeaching(Teaching{Possible: true, Actions: []Taught{{Label: "a\tb", Problem: "rename it"}}})
	if v.action("a\tb") != nil || len(p.states.all) != before {
		t.Error("an action without a usable name has topics")
	}
}

func TestForgottenActionsAreBounded(t *testing.T) {
	p, _ := testPublisher(t, "tcp://127.0.0.1:1", discoverable)
	v := viewOf(p, "front")
	for n := range 1000 {
		v.SetTeaching(Teaching{Possible: true, Actions: []Taught{{Label: fmt.Sprint("action", n), Live: true}}})
	}
	if len(v.actions) > 2+maxRetired+2 || len(p.states.all) > 100 {
		t.Errorf("%d actions, %d messages", len(v.actions), len(p.states.all))
	}
	if n := len(components(t, p.states.removal.value)); n > maxGone+50 {
		t.Errorf("a removal of %d components", n)
	}
	if last := p.states.all[len(p.states.all)-1]; last != p.states.node {
		t.Errorf("%s is announced last", last.topic)
	}
}

// An action that is taught again after it was forgotten keeps its topics, however many others are forgotten after that.
func TestAnActionThatComesBackKeepsItsTopics(t *testing.T) {
	p, _ := testPublisher(t, "tcp://127.0.0.1:1", discoverable)
	v := viewOf(p, "front")
	taught := func(labels ...string) {
		var actions []Taught
		for _, l := range labels {
			actions = append(actions, Taught{Label: l, Live: true})
		}
		v.SetTeaching(Teaching{Possible: true, Actions: actions})
	}
	taught("ring")
	before := v.action("ring")
	for range 3 { // forgotten and taught again
		taught()
		taught("ring")
	}
	for n := range 2 * maxRetired {
		taught("ring", fmt.Sprint("other", n))
		taught("ring")
	}
	if v.action("ring") != before {
		t.Error("it has other topics")
	}
	taught()
	taught("last")
	taught()
	if len(v.teaching.retired) != maxRetired {
		t.Errorf("%d are remembered", len(v.teaching.retired))
	}
}

// components reads a description for Home Assistant.
func components(t *testing.T, text []byte) map[string]component {
	t.Helper()
	var told payload
	if err := json.Unmarshal(text, &told); err != nil {
		t.Fatal(err)
	}
	return told.Components
}

func TestHomeAssistantTeaches(t *testing.T) {
	p, _ := testPublisher(t, "tcp://127.0.0.1:1", discoverable)
	v := viewOf(p, "yard/gate")
	ids := func() (list []string) {
		for id := range components(t, p.states.discovery.value) {
			if rest, ok := strings.CutPrefix(id, "yard/gate/teach/"); ok {
				list = append(list, rest)
			}
		}
		slices.Sort(list)
		return list
	}
	if found := ids(); len(found) > 0 {
		t.Errorf("entities of a view that cannot be taught: %v", found)
	}
	v.SetTeaching(Teaching{Possible: true})
	if found, want := ids(), []string{"examples", "live", "new", "selected", "that_was_it", "would_fire", "wrong"}; !slices.Equal(found, want) {
		t.Errorf("got %v, want %v", found, want)
	}
	v.SetTeaching(Teaching{Possible: true, Actions: []Taught{{Label: "ring", Shadow: true}, {Label: "bell", Live: true}}})
	now := components(t, p.states.discovery.value)
	if got := fmt.Sprint(now["yard/gate/teach/selected"]["options"]); got != "[ring bell]" {
		t.Errorf("options %s", got)
	}
	if now["yard/gate/bell"] == nil || now["yard/gate/bell/threshold"] == nil || now["yard/gate/ring"] != nil {
		t.Error("a live action has entities, and a shadow has none")
	}
	if got := fmt.Sprint(now["yard/gate/event"]["event_types"]); got != "[wave rise bell]" {
		t.Errorf("event types %s", got)
	}
	if now["yard/gate/last"]["options"] != nil || now["yard/path/last"]["options"] == nil {
		t.Error("the last action of a view that can be taught may be one that is forgotten; that of another view is one of its labels")
	}
	if got := fmt.Sprint(now["yard/path/event"]["event_types"]); got != "[wave rise]" {
		t.Errorf("event types of the other view %s", got)
	}
}

// Each removal names what is gone, what was gone before, and the present rest.
func TestHomeAssistantForgetsTaughtActions(t *testing.T) {
	p, _ := testPublisher(t, "tcp://127.0.0.1:1", discoverable)
	v := viewOf(p, "yard/gate")
	for _, label := range []string{"ring", "bell", "door"} {
		v.SetTeaching(Teaching{Possible: true, Actions: []Taught{{Label: label, Live: true}}})
	}
	removal := components(t, p.states.removal.value)
	for _, label := range []string{"ring", "bell"} {
		if c := removal["yard/gate/"+label]; len(c) != 1 || c["platform"] != "binary_sensor" {
			t.Errorf("%s: %v", label, c)
		}
	}
	if c := removal["yard/gate/door"]; c["state_topic"] == nil {
		t.Errorf("door: %v", c)
	}
	v.SetTeaching(Teaching{Possible: true, Actions: []Taught{{Label: "ring", Live: true}}})
	if c := components(t, p.states.removal.value)["yard/gate/ring"]; c["state_topic"] == nil {
		t.Errorf("ring is back: %v", c)
	}
}

// Home Assistant drops the selection of an action that it does not know yet.
func TestWhatWasTaughtComesAfterItsDescription(t *testing.T) {
	t.Parallel()
	broker := testkit.StartMosquitto(t)
	sub := subscribe(t, broker.URL())
	p, _ := testPublisher(t, broker.URL(), func(p *Publisher) { p.OnCommand, p.Discovery.Prefix = func(Command) {}, "homeassistant" })
	run(t, p)
	sub.until("edged/board/status", online)
	viewOf(p, "front").SetTeaching(Teaching{Possible: true, Actions: []Taught{{Label: "ring"}}})
	known := false
	for m := range sub.messages {
		known = known || m.topic == configTopic && strings.Contains(m.payload, `"ring"`)
		if m.topic == "edged/board/front/teach/state" {
			break
		}
	}
	if !known {
		t.Error("the state came before the description")
	}
	viewOf(p, "front").Answer(Answer{Text: "at once"})
	sub.teaching(t, func(s teachState) bool { return s.Answer != nil && s.Answer.Text == "At once." })
}
