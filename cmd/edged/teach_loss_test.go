package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"edged/internal/testkit"
	"edged/teach"
)

// lesson is somebody who teaches a running edged by MQTT without a pause, and notes what edged has acknowledged.
type lesson struct {
	t        *testing.T
	client   mqtt.Client
	answers  chan lessonState
	examples map[string]int // acknowledged, by action
	order    []string       // the actions, oldest first
	unsure   string         // an action of which edged has not answered whether it forgot it
	commands int
	acked    int
}

type lessonState struct {
	Answer struct {
		ID, Do, Label, Text string
		OK                  bool
	}
}

const lessonTopic = "edged/board/gate/teach/"

// newLesson returns a lesson for the view, or for all views if it is "+".
func newLesson(t *testing.T, broker, view string) *lesson {
	t.Helper()
	l := &lesson{t: t, answers: make(chan lessonState, 1000), examples: map[string]int{}}
	l.client = mqtt.NewClient(mqtt.NewClientOptions().AddBroker(broker).SetClientID("teacher").SetAutoReconnect(false))
	if token := l.client.Connect(); !token.WaitTimeout(patience) || token.Error() != nil {
		t.Fatal(token.Error())
	}
	t.Cleanup(func() { l.client.Disconnect(100) })
	token := l.client.Subscribe("edged/board/"+view+"/teach/state", 1, func(_ mqtt.Client, m mqtt.Message) {
		var s lessonState
		if err := json.Unmarshal(m.Payload(), &s); err == nil {
			l.answers <- s
		}
	})
	if !token.WaitTimeout(patience) || token.Error() != nil {
		t.Fatal(token.Error())
	}
	return l
}

// teachUntil gives one command after the other until the channel is closed.
func (l *lesson) teachUntil(end <-chan struct{}) {
	for n := 0; ; n++ {
		var do, label string
		switch {
		case len(l.order) == 0 || n%5 == 4 && len(l.order) < 8:
			do, label = "create", fmt.Sprintf("action%d", l.commands)
		case n%5 == 4:
			do, label = "forget", l.order[0]
		default:
			do, label = "that_was_it", l.order[len(l.order)-1]
		}
		if !l.command(do, label, end) {
			return
		}
	}
}

// command gives a command and waits for its answer. It is false if the end comes first.
func (l *lesson) command(do, label string, end <-chan struct{}) bool {
	l.commands++
	id := fmt.Sprint(l.commands)
	if do == "forget" {
		l.unsure = label
	}
	l.client.Publish(lessonTopic+"set", 1, false, fmt.Sprintf(`{"id":%q,"do":%q,"label":%q}`, id, do, label))
	timeout := time.After(5 * time.Second) // edged may not have subscribed yet
	for {
		select {
		case s := <-l.answers:
			if s.Answer.ID == id {
				l.note(s)
				return true
			}
		case <-timeout:
			return true
		case <-end:
			return false
		}
	}
}

func (l *lesson) note(s lessonState) {
	a := s.Answer
	if !a.OK {
		return
	}
	l.acked++
	switch a.Do {
	case "create":
		l.examples[a.Label] = 0
		l.order = append(l.order, a.Label)
	case "forget":
		l.unsure = ""
		delete(l.examples, a.Label)
		l.order = l.order[1:]
	default:
		var at string
		var n int
		if _, err := fmt.Sscanf(a.Text, "What happened at %s is example %d of", &at, &n); err == nil {
			l.examples[a.Label] = n
		}
	}
}

// check compares what edged has kept in its state folder with what it had acknowledged.
func (l *lesson) check(what, state string, want map[string]int, unsure string) (lost int) {
	l.t.Helper()
	kept := map[string]int{}
	teacher := teach.NewTeacher(teach.Options{Log: slog.New(slog.DiscardHandler)})
	if err := teacher.Open(filepath.Join(state, "teach")); err != nil {
		l.t.Fatal(err)
	}
	actions, _ := teacher.Actions("gate") // an error: there is none
	for _, a := range actions {
		kept[a.Name] = a.Examples
	}
	for name, examples := range want {
		if n, there := kept[name]; (!there || n < examples) && name != unsure {
			l.t.Errorf("%s: %q has %d examples (%v) of %d that were acknowledged", what, name, n, there, examples)
			lost++
		}
	}
	if damaged, _ := filepath.Glob(filepath.Join(state, "teach", "*", "*.damaged")); len(damaged) > 0 {
		l.t.Errorf("%s: damaged: %v", what, damaged)
	}
	return lost
}

func lessonConfig(t *testing.T, broker, state string) string {
	t.Helper()
	return write(t, "edged.yaml", fmt.Sprintf("node: board\nstate_dir: %q\nweb: {listen: ''}\nmqtt: {broker: %q}\nteach: {look_back: 3s}\ncameras: [{name: gate, source: 'file:%s'}]\n",
		state, broker, footage(t, "walkers.mkv")))
}

// What edged has answered to be done is done, at whatever instant it dies.
func TestKilledWhileTaught(t *testing.T) {
	testkit.Slow(t)
	broker, state := testkit.StartMosquitto(t), t.TempDir()
	l := newLesson(t, broker.URL(), "gate")
	config := lessonConfig(t, broker.URL(), state)
	kills := 4
	if os.Getenv("EDGED_FAULTS") == "long" {
		kills = 50
	}
	lost := 0
	for n := range kills {
		p := startEdged(t, "run", "-c", config)
		p.line(t, "online")
		end, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			l.teachUntil(end)
		}()
		time.Sleep(time.Second + rand.N(7*time.Second))
		_ = p.endBy(t, syscall.SIGKILL) // its error says so
		close(end)
		<-ended
		l.drain()
		lost += l.check(fmt.Sprintf("kill %d", n+1), state, l.examples, l.unsure)
		l.settle(state)
	}
	if l.acked < kills {
		t.Errorf("edged acknowledged %d of %d commands: that tests nothing", l.acked, l.commands)
	}
	t.Logf("| edged killed %d times (SIGKILL) while taught | %d of %d commands acknowledged | %d lost |", kills, l.acked, l.commands, lost)
}

// drain takes the answers that came just before the end.
func (l *lesson) drain() {
	for {
		select {
		case s := <-l.answers:
			if s.Answer.ID == fmt.Sprint(l.commands) {
				l.note(s)
			}
		case <-time.After(200 * time.Millisecond):
			return
		}
	}
}

// settle takes over whether the last command, which edged did not answer, was obeyed.
func (l *lesson) settle(state string) {
	if l.unsure == "" {
		return
	}
	teacher := teach.NewTeacher(teach.Options{Log: slog.New(slog.DiscardHandler)})
	if err := teacher.Open(filepath.Join(state, "teach")); err != nil {
		l.t.Fatal(err)
	}
	actions, _ := teacher.Actions("gate")
	there := false
	for _, a := range actions {
		there = there || a.Name == l.unsure
	}
	if !there {
		delete(l.examples, l.unsure)
		l.order = l.order[1:]
	}
	l.unsure = ""
}
