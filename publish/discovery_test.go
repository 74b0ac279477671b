package publish

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"edged/internal/testkit"
)

var update = flag.Bool("update", false, "write the golden files anew")

// discoverable makes the test publisher one that Home Assistant is told of, with two views, a snapshot and a statistic.
func discoverable(p *Publisher) {
	p.Cameras = []Camera{
		{Name: "front", Labels: []string{"still", "left_to_right", "Tür zu"}, Background: "still", Snapshots: true, Derived: []string{"went_in"}},
		{Name: "yard", Views: []string{"gate", "path"}, Labels: []string{"still", "wave", "rise"}, Background: "still", Entities: []string{"wave"},
			Zones: map[string][]string{"yard/gate": {"left_door"}}},
	}
	p.Discovery = Discovery{Prefix: "homeassistant", Version: "1.2.3", Board: "Raspberry Pi 5", Sensors: []Sensor{
		{ID: "cpu_temperature", Name: "CPU temperature", Value: "value_json.cpu_temperature_celsius",
			Unit: "°C", Class: "temperature", StateClass: "measurement"},
	}}
	p.OnCommand = func(Command) {}
}

const configTopic = "homeassistant/device/edged-board/config"

func TestDiscoveryPayload(t *testing.T) {
	p, _ := testPublisher(t, "tcp://broker.invalid", discoverable)
	var got bytes.Buffer
	if err := json.Indent(&got, p.states.discovery.value, "", "  "); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/discovery.golden.json"
	if *update {
		if err := os.WriteFile(golden, append(got.Bytes(), '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != strings.TrimSpace(string(want)) {
		t.Errorf("differs from %s (go test -update writes it anew); got\n%s", golden, got.String())
	}
}

// What Home Assistant's own schemas demand (homeassistant/components/mqtt, helpers/config_validation).
func TestDiscoveryKeepsToTheRules(t *testing.T) {
	p, _ := testPublisher(t, "tcp://broker.invalid", discoverable)
	var told struct {
		Device     map[string]any
		Origin     map[string]any
		Components map[string]map[string]any
	}
	if err := json.Unmarshal(p.states.discovery.value, &told); err != nil {
		t.Fatal(err)
	}
	if told.Device["identifiers"] == nil || told.Origin["name"] == "" || len(told.Components) == 0 {
		t.Fatalf("device, origin or components are missing: %s", p.states.discovery.value)
	}
	required := map[string][]string{
		"binary_sensor": {"state_topic"}, "sensor": {"state_topic"}, "event": {"state_topic", "event_types"},
		"switch": {"command_topic"}, "number": {"command_topic"}, "image": {"image_topic"}, "button": {"command_topic"},
	}
	entityID := regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*\.[a-z0-9]+(_[a-z0-9]+)*$`)
	unique := map[any]string{}
	for id, c := range told.Components {
		platform, _ := c["platform"].(string)
		keys, ok := required[platform]
		if !ok {
			t.Errorf("%s: platform %q", id, platform)
		}
		for _, key := range append(keys, "unique_id", "name") {
			if c[key] == nil {
				t.Errorf("%s: no %s", id, key)
			}
		}
		for key, topic := range c {
			if s, _ := topic.(string); strings.HasSuffix(key, "_topic") && (!strings.HasPrefix(s, "edged/board/") || strings.ContainsAny(s, "+#")) {
				t.Errorf("%s: %s is %v", id, key, topic)
			}
		}
		s, ok := c["default_entity_id"].(string)
		valid := strings.HasPrefix(s, platform+".") && entityID.MatchString(strings.Replace(s, "binary_", "binary", 1))
		if ok == strings.Contains(id, "ü") || ok && !valid {
			t.Errorf("%s: entity id %q", id, s)
		}
		if other := unique[c["unique_id"]]; other != "" {
			t.Errorf("%s and %s have the same unique id", id, other)
		}
		unique[c["unique_id"]] = id
		if c["device_class"] == "enum" && c["unit_of_measurement"] != nil {
			t.Errorf("%s: an enum has no unit", id)
		}
	}
	if told.Components["yard/gate/rise"] != nil || told.Components["yard/gate/wave"] == nil {
		t.Error("yard shows other labels than wave one by one")
	}
}

func TestHomeAssistantIsToldAndToldAgain(t *testing.T) {
	t.Parallel()
	broker := testkit.StartMosquitto(t)
	ha := subscribe(t, broker.URL())
	p, _ := testPublisher(t, broker.URL(), discoverable)
	run(t, p)
	first := ha.next(configTopic)
	if first.qos != 1 {
		t.Errorf("QoS %d", first.qos)
	}
	ha.publish("homeassistant/status", "offline", false)
	ha.publish("homeassistant/status", "online", false)
	if again := ha.next(configTopic); again.payload != first.payload {
		t.Errorf("told anew: %s", again.payload)
	}
	subscribe(t, broker.URL()).retained(map[string]string{configTopic: first.payload})
}

// Home Assistant's birth topic is a setting of its own there, and does not follow the discovery prefix.
func TestBirthTopics(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	broker := testkit.StartMosquitto(t)
	ha := subscribe(t, broker.URL())
	for i, c := range []struct {
		birth string
		heard []string
	}{
		{"", []string{"homeassistant/status", "ha/status"}},
		{"homeassistant/birth", []string{"homeassistant/status", "homeassistant/birth"}},
	} {
		p, _ := testPublisher(t, broker.URL(), discoverable, func(p *Publisher) {
			p.Node, p.Discovery.Prefix, p.Discovery.Birth = fmt.Sprint("board", i), "ha", c.birth
		})
		stop := run(t, p)
		sent := func() uint64 { return p.Counters().StatesSent }
		waitFor(t, "all is announced", func() bool { return sent() == uint64(len(p.states.all)-countEmpty(p.states)) })
		for _, topic := range c.heard {
			before := sent()
			ha.publish(topic, "online", false)
			waitFor(t, "the description is sent again after a message on "+topic, func() bool { return sent() > before })
		}
		stop()
	}
}

// countEmpty returns how many messages have no value yet.
func countEmpty(s *states) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.all {
		if len(r.value) == 0 {
			n++
		}
	}
	return n
}

// Labels in other scripts would all get the same entity id, so Home Assistant makes it.
func TestEntityIDs(t *testing.T) {
	for name, want := range map[string]string{
		"board_front/left_to_right": "board_front_left_to_right", "Board 1_Wave!/threshold": "board_1_wave_threshold",
		"board_front/挥手": "", "board_front/Tür zu": "", "board_front/махать": "", "!": "",
	} {
		if slug, ok := slugOf(name); slug != want || ok != (want != "") {
			t.Errorf("%s: %q, %t; want %q", name, slug, ok, want)
		}
	}
}

func TestWhatTheConfigurationNoLongerHasIsRemoved(t *testing.T) {
	t.Parallel()
	broker := testkit.StartMosquitto(t)
	before, _ := testPublisher(t, broker.URL(), discoverable)
	stop := run(t, before)
	sub := subscribe(t, broker.URL())
	sub.until(configTopic, string(before.states.discovery.value))
	stop()

	sub = subscribe(t, broker.URL())
	sub.next(configTopic) // what was told before
	after, log := testPublisher(t, broker.URL(), discoverable, func(p *Publisher) { p.Cameras = p.Cameras[1:] })
	run(t, after)

	// Before what holds comes what Home Assistant removes them by: the platform alone.
	final := string(after.states.discovery.value)
	between := final
	for between == final {
		between = sub.next(configTopic).payload
	}
	if !strings.Contains(between, `"front/left_to_right":{"platform":"binary_sensor"}`) || strings.Contains(final, "front/") {
		t.Errorf("removal %s\nfinal %s", between, final)
	}
	sub.until(configTopic, final)
	if !strings.Contains(log.String(), "front/left_to_right/threshold") {
		t.Errorf("what is removed is not logged: %s", log)
	}
	subscribe(t, broker.URL()).retained(map[string]string{configTopic: final})
}

func TestAForgedConfigIsNotBelieved(t *testing.T) {
	p, log := testPublisher(t, "tcp://broker.invalid", discoverable)
	for _, told := range []string{"", "{", "[]", `{"components":[]}`, `{"components":{"x":{"platform":"../../x"}}}`} {
		p.receive(configTopic, []byte(told), true)
	}
	if len(p.states.removal.value) > 0 || len(p.states.bulky) > 0 {
		t.Errorf("%s is to be sent", p.states.removal.value)
	}
	if !strings.Contains(log.String(), "cannot read") {
		t.Error("nothing is logged")
	}
}

func TestNodesThatHomeAssistantWouldNotTake(t *testing.T) {
	p := &Publisher{Broker: "tcp://h", Node: "living room", Discovery: Discovery{Prefix: "homeassistant"},
		Cameras: []Camera{{Name: "c", Labels: []string{"a"}}}}
	if err := p.Initialize(); err == nil || !strings.Contains(err.Error(), "living room") {
		t.Errorf("got %v", err)
	}
}

func FuzzRemoval(f *testing.F) {
	p, _ := testPublisher(f, "tcp://broker.invalid", discoverable)
	f.Add(p.states.discovery.value)
	f.Add([]byte(`{"components":{"":{"platform":"sensor"}}}`))
	f.Fuzz(func(t *testing.T, told []byte) {
		between, gone, err := p.Discovery.removal(told, p.states.discovery.value)
		if err == nil && (!json.Valid(between) || len(gone) > maxToldComponents) {
			t.Errorf("%s gives %s", told, between)
		}
	})
}
