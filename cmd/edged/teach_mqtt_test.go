package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"edged/internal/testkit"
)

// say gives a command and returns the answer to it.
func (l *lesson) say(view, payload string) (text string, ok bool) {
	l.t.Helper()
	l.commands++
	id := fmt.Sprint(l.commands)
	for begin := time.Now(); time.Since(begin) < patience; {
		l.client.Publish("edged/board/"+view+"/teach/set", 1, false, strings.Replace(payload, "{", fmt.Sprintf("{%q:%q,", "id", id), 1))
		timeout := time.After(5 * time.Second) // edged may not have subscribed yet
		for waits := true; waits; {
			select {
			case s := <-l.answers:
				if s.Answer.ID == id {
					return s.Answer.Text, s.Answer.OK
				}
			case <-timeout:
				waits = false
			}
		}
	}
	l.t.Fatalf("no answer to %s", payload)
	return "", false
}

// Whatever is wrong with a command, a sentence on …/teach/state says so, and the next command is obeyed.
func TestMistakesInTeachingByMQTTGetASentence(t *testing.T) {
	testkit.Slow(t)
	broker := testkit.StartMosquitto(t)
	l := newLesson(t, broker.URL(), "+")
	config := write(t, "edged.yaml", fmt.Sprintf("node: board\nweb: {listen: ''}\nmqtt: {broker: %q}\ncameras:\n- {name: gate, source: 'file:%s'}\n- {name: away, source: /dev/video99}\n",
		broker.URL(), footage(t, "walkers.mkv")))
	p := startEdged(t, "run", "-c", config)
	p.line(t, "online")
	for _, c := range []struct{ view, payload, want string }{
		{"gate", `{"do":"that_was_it"}`, "No action has been created here yet"},
		{"gate", `{"do":"create","label":"a/b"}`, `"a/b"`},
		{"gate", `{"do":"create","label":"#"}`, `special meaning`},
		{"gate", `{"do":"create","label":"teach"}`, `a topic of its own`},
		{"gate", `{"do":"create","label":"wave"}`, "the model has an action"},
		{"gate", `{"do":"create","label":"` + strings.Repeat("x", 100) + `"}`, "1 to 64 bytes"},
		{"gate", `{"do":"create","label":"ring"}`, `"ring" is new.`},
		{"gate", `{"do":"create","label":"ring"}`, "taken"},
		{"gate", `{"do":"that_was_it","when":"2020-01-01T00:00:00Z"}`, "edged has no moments of that time"},
		{"gate", `{"do":"that_was_it","label":"rong"}`, `There is no taught action "rong" here`},
		{"gate", `{"do":"wrong"}`, "has not fired"},
		{"gate", `{"do":"rename","to":"wave"}`, "the model has an action"},
		{"gate", `{"do":"rename","to":"bell"}`, `"ring" is called "bell" now.`},
		{"gate", `{"do":"undo"}`, "Undone: "},
		{"away", `{"do":"create","label":"ring"}`, `"ring" is new.`}, // the same name at another view is another action
		{"away", `{"do":"that_was_it"}`, "edged has no moments of that time: the camera"},
		{"gate", `{"do":"forget","label":"ring"}`, "is forgotten"},
		{"gate", `{"do":"undo"}`, "nothing to undo"},
	} {
		text, ok := l.say(c.view, c.payload)
		if !strings.Contains(text, c.want) {
			t.Errorf("%s: %q, want %q", c.payload, text, c.want)
		}
		if !strings.HasSuffix(text, ".") || len(text) > 250 {
			t.Errorf("%s: %q is no sentence (obeyed: %v)", c.payload, text, ok)
		}
	}
}
