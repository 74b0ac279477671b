//go:build homeassistant

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"edged/internal/testkit"
)

// homeAssistant is a real core, which make test-homeassistant installs.
type homeAssistant struct {
	t       *testing.T
	in      io.Writer
	answers *bufio.Scanner
}

// entity is an entity's state in Home Assistant.
type entity struct {
	State      string
	Attributes map[string]any
}

func startHomeAssistant(t *testing.T, broker string) *homeAssistant {
	t.Helper()
	_, port, err := net.SplitHostPort(broker)
	if err != nil {
		t.Fatal(err)
	}
	python := filepath.Join(os.Getenv("EDGED_CACHE"), "homeassistant", "python")
	cmd := exec.CommandContext(t.Context(), python, "../../test/homeassistant/core.py", port)
	cmd.Stderr = testLog{t}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := &homeAssistant{t, in, bufio.NewScanner(out)}
	h.answers.Buffer(nil, 4<<20)
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	var started struct{ Started bool }
	if h.answer(&started); !started.Started {
		t.Fatal("Home Assistant does not start")
	}
	return h
}

func (h *homeAssistant) ask(request, answer any) {
	h.t.Helper()
	text, err := json.Marshal(request)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(h.in, "%s\n", text); err != nil {
		h.t.Fatal(err)
	}
	h.answer(answer)
}

func (h *homeAssistant) answer(into any) {
	h.t.Helper()
	if !h.answers.Scan() {
		h.t.Fatalf("Home Assistant has ended: %v", h.answers.Err())
	}
	if err := json.Unmarshal(h.answers.Bytes(), into); err != nil {
		h.t.Fatalf("%v in %s", err, h.answers.Bytes())
	}
}

// call calls a service of an entity.
func (h *homeAssistant) call(service, entity string, data map[string]any) {
	h.t.Helper()
	all := map[string]any{"entity_id": entity}
	for key, value := range data {
		all[key] = value
	}
	var answer struct{ Error string }
	if h.ask(map[string]any{"call": service, "data": all}, &answer); answer.Error != "" {
		h.t.Fatalf("%s of %s: %s", service, entity, answer.Error)
	}
}

// until waits until the entity is so, and returns it.
func (h *homeAssistant) until(id, what string, holds func(entity) bool) entity {
	h.t.Helper()
	var last entity
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		states := map[string]entity{}
		h.ask(map[string]any{"states": true}, &states)
		e, exists := states[id]
		if last = e; exists && holds(e) {
			return e
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("%s: not within %v: %s; it is %q, with %v", id, patience, what, last.State, last.Attributes)
		}
	}
}

func (h *homeAssistant) untilState(id, state string) entity {
	h.t.Helper()
	return h.until(id, state, func(e entity) bool { return e.State == state })
}

func (h *homeAssistant) warnings() []string {
	h.t.Helper()
	var got struct{ Log []string }
	h.ask(map[string]any{"log": true}, &got)
	return got.Log
}

// A person teaches an action with the entities of a real Home Assistant alone: from its name to live, and back to nothing.
func TestHomeAssistantTeachesAnAction(t *testing.T) {
	broker := testkit.StartMosquitto(t)
	config := write(t, "edged.yaml", "node: kitchen\nweb: {listen: ''}\nmqtt: {broker: '"+broker.URL()+"'}\ncameras: [{name: front, source: 'file:"+footage(t, "walkers.mkv")+"'}]\n")
	p := startEdged(t, "run", "-c", config)
	p.line(t, "online")
	h := startHomeAssistant(t, broker.Address)
	const prefix = "kitchen_front_teach_"
	answer := func(want string) {
		t.Helper()
		h.until("sensor."+prefix+"examples", "answer "+want, func(e entity) bool {
			said, _ := e.Attributes["answer"].(string)
			return strings.Contains(said, want)
		})
	}
	h.untilState("button."+prefix+"that_was_it", "unavailable") // there is no action yet
	h.untilState("text."+prefix+"new", "")
	h.call("text.set_value", "text."+prefix+"new", map[string]any{"value": "dog rings"})
	chosen := h.untilState("select."+prefix+"selected", "dog_rings")
	if options := fmt.Sprint(chosen.Attributes["options"]); options != "[dog_rings]" {
		t.Errorf("options %s", options)
	}
	h.untilState("text."+prefix+"new", "") // empty for the next
	h.untilState("switch."+prefix+"live", "off")

	h.until("button."+prefix+"that_was_it", "available", func(e entity) bool { return e.State != "unavailable" })
	pressed := time.Now()
	for h.untilExample(prefix) == 0 {
		h.call("button.press", "button."+prefix+"that_was_it", nil)
	}
	t.Logf("from the first press to the example: %v", time.Since(pressed).Round(time.Millisecond))
	h.until("sensor."+prefix+"examples", "learned", func(e entity) bool {
		return e.Attributes["status"] == "shadow" && e.Attributes["learning"] == false && e.Attributes["problem"] == nil // it has seen ordinary life, too
	})
	t.Logf("from the first press to the shadow: %v", time.Since(pressed).Round(time.Millisecond))
	h.until("sensor."+prefix+"would_fire", "a number", func(e entity) bool {
		_, err := strconv.Atoi(e.State)
		return err == nil
	})

	h.call("text.set_value", "text."+prefix+"new", map[string]any{"value": "wave"})
	answer("taken")
	h.call("text.set_value", "text."+prefix+"new", map[string]any{"value": "a/b"})
	answer("topics")
	h.call("text.set_value", "text."+prefix+"new", map[string]any{"value": "bell"})
	h.untilState("select."+prefix+"selected", "bell")
	h.call("select.select_option", "select."+prefix+"selected", map[string]any{"option": "dog_rings"})
	h.untilState("select."+prefix+"selected", "dog_rings")

	h.call("switch.turn_on", "switch."+prefix+"live", nil)
	h.untilState("switch."+prefix+"live", "on")
	h.until("binary_sensor.kitchen_front_dog_rings", "there", func(e entity) bool { return e.State == "on" || e.State == "off" })
	h.until("number.kitchen_front_dog_rings_threshold", "there", func(e entity) bool { return e.State != "unknown" && e.State != "unavailable" })
	events := h.until("event.kitchen_front_event", "knows the action", func(e entity) bool {
		return strings.Contains(fmt.Sprint(e.Attributes["event_types"]), "dog_rings")
	})
	t.Logf("event types: %v", events.Attributes["event_types"])
	h.call("button.press", "button."+prefix+"wrong", nil)
	h.call("switch.turn_off", "switch."+prefix+"live", nil)
	h.untilState("switch."+prefix+"live", "off")
	h.untilGone("binary_sensor.kitchen_front_dog_rings")
	h.checkCategories(prefix)
	for _, line := range h.warnings() {
		if !strings.HasPrefix(line, "aiohttp_fast_zlib") {
			t.Errorf("Home Assistant warns: %s", line)
		}
	}
}

// untilExample returns how many examples the selected action has.
func (h *homeAssistant) untilExample(prefix string) (examples int) {
	h.t.Helper()
	e := h.until("sensor."+prefix+"examples", "a number", func(e entity) bool {
		_, err := fmt.Sscan(e.State, &examples)
		return err == nil
	})
	h.t.Logf("%d examples; answer: %v", examples, e.Attributes["answer"])
	time.Sleep(time.Second) // a person presses no faster
	return examples
}

func (h *homeAssistant) untilGone(id string) {
	h.t.Helper()
	testkit.WaitFor(h.t, id+" is gone", func() bool {
		states := map[string]entity{}
		h.ask(map[string]any{"states": true}, &states)
		_, exists := states[id]
		return !exists
	})
}

func (h *homeAssistant) checkCategories(prefix string) {
	h.t.Helper()
	got := map[string]string{}
	h.ask(map[string]any{"categories": true}, &got)
	for id, want := range map[string]string{
		"text." + prefix + "new": "config", "select." + prefix + "selected": "config", "switch." + prefix + "live": "config",
		"button." + prefix + "that_was_it": "", "button." + prefix + "wrong": "",
		"sensor." + prefix + "examples": "diagnostic", "sensor." + prefix + "would_fire": "diagnostic",
	} {
		if category, exists := got[id]; !exists || category != want {
			h.t.Errorf("%s: category %q, want %q", id, category, want)
		}
	}
}
