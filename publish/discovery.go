package publish

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"edged/internal/bounds"
	"edged/internal/printable"
)

// Discovery makes the node appear as a device in Home Assistant (its documentation, "MQTT", "Device discovery payload").
type Discovery struct {
	Prefix  string   // Home Assistant's discovery prefix; "" = publish no description
	Birth   string   // topic of Home Assistant's birth message; "" = the default and Prefix/status
	Version string   // of edged
	Board   string   // the machine's model; "" = unknown
	Sensors []Sensor // values of the node's statistics
}

// Sensor is one value of the statistics that Publisher.SetStats publishes.
type Sensor struct {
	ID         string // unique in the node
	Name       string
	Value      string // expression of a template that yields it: value_json.uptime_seconds
	Unit       string // "" = none
	Class      string // Home Assistant's device class; "" = none
	StateClass string // measurement, total_increasing
	Icon       string // "" = the icon of the class
}

// check reports what Home Assistant would not accept.
func (d Discovery) check(node string) error {
	if d.Prefix == "" {
		return nil
	}
	if !bounds.OnlyNameChars(node) {
		return fmt.Errorf("publish: node %q: Home Assistant takes letters, digits, '-' and '_' alone", node)
	}
	if err := bounds.CheckTopic(d.Birth); d.Birth != "" && err != nil {
		return fmt.Errorf("publish: birth topic: %w", err)
	}
	return checkName("discovery prefix", d.Prefix)
}

// defaultBirth is where Home Assistant says that it has started, unless its configuration names another topic. It does not follow
// the discovery prefix.
const defaultBirth = "homeassistant/status"

// birthTopics returns the topics on which Home Assistant may say that it has started.
func (d Discovery) birthTopics() []string {
	topics := []string{defaultBirth, d.Birth}
	if d.Birth == "" {
		topics[1] = d.Prefix + "/status"
	}
	return slices.Compact(topics)
}

func (d Discovery) configTopic(device string) string {
	return d.Prefix + "/device/" + device + "/config"
}

// component is the configuration of one entity. Its keys are those of Home Assistant's documentation.
type component map[string]any

// payload is the content of the config topic. The same node always gives the same bytes.
type payload struct {
	Device       map[string]any       `json:"device"`
	Origin       map[string]any       `json:"origin"`
	Availability []availability       `json:"availability"`
	Mode         string               `json:"availability_mode"`
	QoS          int                  `json:"qos"`
	Components   map[string]component `json:"components"`
}

type availability struct {
	Topic    string `json:"topic"`
	Template string `json:"value_template,omitempty"` // yields online or offline; "" = the payload
}

// describeAgain sends Home Assistant a new description, and has it remove what the last one had and the new one has not. The caller holds
// teaching.
func (p *Publisher) describeAgain() {
	if p.topics.discovery == "" {
		return
	}
	p.states.hold()
	before := p.states.described(p.states.discovery)
	p.states.replace(p.states.discovery, p.describe())
	if _, err := p.remove(before); err != nil {
		p.states.replace(p.states.removal, nil)
		p.Log.Warn("publish: entities that are gone stay in Home Assistant until it restarts", "error", err)
	}
	p.states.resendDiscovery()
}

// maxGone is about how many components one message removes, at most: actions may come and go for years.
const maxGone = 100

// remove has the next message to Home Assistant remove what an earlier description had and the present one has not, besides what it had
// to remove so far. It returns the ids of what is gone. The caller holds teaching.
func (p *Publisher) remove(before []byte) (gone []string, err error) {
	removal, gone, err := p.Discovery.removal(before, p.states.described(p.states.discovery))
	if err != nil {
		return nil, err
	}
	earlier := p.states.described(p.states.removal)
	if len(earlier) == 0 && len(gone) == 0 {
		return nil, nil
	}
	if p.gone += len(gone); p.gone > maxGone {
		p.gone, earlier = len(gone), nil
	}
	if len(earlier) > 0 {
		if removal, _, err = p.Discovery.removal(earlier, removal); err != nil {
			return nil, err
		}
	}
	p.states.replace(p.states.removal, removal)
	return gone, nil
}

// describe returns the description of the node for Home Assistant.
func (p *Publisher) describe() []byte {
	device := map[string]any{
		"identifiers": []string{p.clientID()}, "name": p.Node, "manufacturer": "edged",
		"model": p.Model.Name, "sw_version": p.Discovery.Version,
	}
	if p.Discovery.Board != "" {
		device["hw_version"] = p.Discovery.Board
	}
	told := payload{
		Device:       device,
		Origin:       map[string]any{"name": "edged", "sw_version": p.Discovery.Version},
		Availability: []availability{{Topic: p.topics.status}},
		Mode:         "all",
		QoS:          1,
		Components:   map[string]component{},
	}
	for _, c := range p.Cameras {
		for _, path := range c.Paths() {
			p.describeView(told.Components, c, path)
		}
	}
	for _, s := range p.Discovery.Sensors {
		p.describeSensor(told.Components, s)
	}
	text, err := json.Marshal(told)
	if err != nil {
		panic(err) // texts, numbers and lists of texts
	}
	return text
}

// add completes a component and puts it among the others. Its unique id never depends on a name that is only shown. edged proposes
// an entity id if the names allow it. If they have letters that no entity id can hold, Home Assistant makes one, since it knows how to
// write other scripts in Latin letters.
func (p *Publisher) add(to map[string]component, id, platform, name string, c component) {
	c["platform"] = platform
	c["unique_id"] = p.topics.prefix + id
	c["name"] = strings.ReplaceAll(name, "_", " ")
	if slug, ok := slugOf(p.Node + "_" + id); ok {
		c["default_entity_id"] = platform + "." + slug
	}
	to[id] = c
}

// eventAge is the greatest age of an action that Home Assistant still takes as an event. Older ones have waited for the broker.
const eventAge = time.Minute

// describeView adds the entities of one view. Those that depend on pictures are unavailable while the camera is offline; settings are not.
func (p *Publisher) describeView(to map[string]component, c Camera, path string) {
	name := strings.ReplaceAll(path, "/", " ")
	seen := []availability{{Topic: p.topics.status}, {Topic: p.topics.of(c.Name, "status")}}
	taught := &p.states.views[path].teaching
	live := slices.DeleteFunc(taught.now.live(), func(l string) bool { return slices.Contains(c.Labels, l) || slices.Contains(c.Derived, l) })
	actions := append(c.actions(), live...)
	for _, label := range append(c.entities(), live...) {
		p.add(to, path+"/"+label, "binary_sensor", name+" "+label, component{
			"state_topic": p.topics.of(path, label, "state"), "device_class": "motion", "availability": seen,
		})
		if p.OnCommand != nil {
			p.add(to, path+"/"+label+"/threshold", "number", name+" "+label+" threshold", component{
				"state_topic":   p.topics.of(path, label, "threshold/state"),
				"command_topic": p.topics.of(path, label, "threshold/set"),
				"min":           bounds.MinThreshold, "max": 1, "step": 0.01, "mode": "slider",
				"entity_category": "config", "icon": "mdi:tune-vertical",
			})
		}
	}
	for _, derived := range c.Derived {
		p.add(to, path+"/"+derived, "binary_sensor", name+" "+derived, component{
			"state_topic": p.topics.of(path, derived, "state"), "availability": seen, "icon": "mdi:transit-connection-variant",
		})
	}
	p.describeZones(to, c, path, slices.Concat(c.zoneEntities(), c.Derived, live), seen)
	p.add(to, path+"/event", "event", name+" action", component{
		"state_topic": p.topics.of(path, "event"), "event_types": actions, "availability": seen, "icon": "mdi:motion-sensor",
		"value_template": fmt.Sprintf("{%% if value_json.phase == 'start' and value_json.latency_ms < %d %%}{{ value }}{%% endif %%}",
			eventAge.Milliseconds()),
	})
	last := component{"state_topic": p.topics.of(path, "last"), "value_template": "{{ value_json.event_type }}", "icon": "mdi:history"}
	if !taught.now.Possible { // else the last action may be one that the user has forgotten since, which would be no option
		last["device_class"], last["options"] = "enum", actions
	}
	p.add(to, path+"/last", "sensor", name+" last action", last)
	p.add(to, path+"/last/score", "sensor", name+" last action score", component{
		"state_topic":    p.topics.of(path, "last"),
		"value_template": "{{ (value_json.peak_score | float(0) * 100) | round(0) }}", "unit_of_measurement": "%", "icon": "mdi:percent",
	})
	if p.OnCommand != nil {
		p.add(to, path+"/enabled", "switch", name+" enabled", component{
			"state_topic": p.topics.of(path, "enabled/state"), "command_topic": p.topics.of(path, "enabled/set"),
			"entity_category": "config", "icon": "mdi:cctv",
		})
	}
	if p.OnCommand != nil && taught.now.Possible {
		p.describeTeaching(to, path, name, taught.now.labels(), seen)
	}
	if c.Snapshots {
		p.add(to, path+"/snapshot", "image", name+" snapshot", component{
			"image_topic": p.topics.of(path, "snapshot"), "content_type": "image/jpeg",
		})
		if p.OnCommand != nil {
			p.add(to, path+"/snapshot/now", "button", name+" take snapshot", component{
				"command_topic": p.topics.of(path, "snapshot/set"), "availability": seen, "icon": "mdi:camera",
			})
		}
	}
}

// describeSensor adds a diagnostic value. Its id begins with a slash, and the id of no view does.
func (p *Publisher) describeSensor(to map[string]component, s Sensor) {
	c := component{
		"state_topic": p.topics.stats, "value_template": "{{ " + s.Value + " }}", "entity_category": "diagnostic",
	}
	for key, value := range map[string]string{
		"unit_of_measurement": s.Unit, "device_class": s.Class, "state_class": s.StateClass, "icon": s.Icon,
	} {
		if value != "" {
			c[key] = value
		}
	}
	p.add(to, "/"+s.ID, "sensor", s.Name, c)
}

// maxToldComponents bounds what is read back from the broker: anybody who may write to the topic could have put it there.
const maxToldComponents = 10000

var platformName = regexp.MustCompile(`^[a-z_]{1,32}$`)

// removal compares the node's former description with the present one. It returns a description that makes Home Assistant remove what
// is gone, and the ids of these components. The present description must follow it.
func (d Discovery) removal(before, now []byte) (between []byte, gone []string, err error) {
	var old struct {
		Components map[string]struct {
			Platform string `json:"platform"`
		} `json:"components"`
	}
	if err := json.Unmarshal(before, &old); err != nil {
		return nil, nil, err
	}
	if len(old.Components) > maxToldComponents {
		return nil, nil, fmt.Errorf("%d components", len(old.Components))
	}
	var told payload
	if err := json.Unmarshal(now, &told); err != nil {
		return nil, nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(old.Components)) {
		platform := old.Components[id].Platform
		if told.Components[id] == nil && platformName.MatchString(platform) {
			told.Components[id] = component{"platform": platform}
			gone = append(gone, id)
		}
	}
	between, err = json.Marshal(told)
	return between, gone, err
}

// retainedLevels are the last levels of topics whose messages the broker keeps.
var retainedLevels = []string{"/state", "/shadow", "/last", "/visit"}

// staleTopics returns the topics of those components of a former description, of which the broker may still keep messages.
func staleTopics(before []byte, gone []string) (topics []string) {
	var old struct {
		Components map[string]struct {
			Topic string `json:"state_topic"`
		} `json:"components"`
	}
	if json.Unmarshal(before, &old) != nil {
		return nil
	}
	for _, id := range gone {
		topic := old.Components[id].Topic
		safe := bounds.CheckTopic(topic) == nil && printable.Check(topic) == nil // anybody may have written the description
		if safe && slices.ContainsFunc(retainedLevels, func(level string) bool { return strings.HasSuffix(topic, level) }) {
			topics = append(topics, topic)
		}
	}
	return topics
}

// slugOf turns a name into what an entity id may hold: lower-case letters, digits and single underscores. It is false for a name
// with other letters or digits.
func slugOf(name string) (slug string, ok bool) {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch s := b.String(); {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case r > unicode.MaxASCII:
			return "", false
		case s != "" && !strings.HasSuffix(s, "_"):
			b.WriteByte('_')
		}
	}
	slug = strings.TrimSuffix(b.String(), "_")
	return slug, slug != ""
}
