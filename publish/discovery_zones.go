package publish

import (
	"fmt"
	"strings"
)

// newVisit passes on a visit that is younger than so many seconds. Older ones have waited for the broker.
const newVisit = "{%% if (now() - as_datetime(value_json.left or value_json.entered)).total_seconds() < %d %%}{{ value }}{%% endif %%}"

// describeZones adds the entities of a view's zones: who is there, which of the labels they do there, and how long the last one stayed.
func (p *Publisher) describeZones(to map[string]component, c Camera, path string, labels []string, seen []availability) {
	view := strings.ReplaceAll(path, "/", " ")
	for _, zone := range c.ZonesOf(path) {
		id := path + "/" + zoneLevel + "/" + zone
		name := view + " " + zone
		topic := func(last ...string) string { return p.topics.of(append([]string{path, zoneLevel, zone}, last...)...) }
		p.add(to, id, "binary_sensor", name+" occupied", component{
			"state_topic": topic("state"), "device_class": "occupancy", "availability": seen, "json_attributes_topic": topic("visit"),
		})
		for _, label := range labels {
			p.add(to, id+"/"+label, "binary_sensor", view+" "+label+" in "+zone, component{
				"state_topic": topic(label, "state"), "device_class": "motion", "availability": seen,
			})
		}
		p.add(to, id+"/event", "event", name+" visit", component{
			"state_topic": topic("visit"), "event_types": []string{"enter", "leave"}, "availability": seen, "icon": "mdi:map-marker-account",
			"value_template": fmt.Sprintf(newVisit, eventAge.Milliseconds()/1000),
		})
		p.add(to, id+"/last", "sensor", name+" last visit", component{
			"state_topic": topic("visit"), "value_template": "{{ value_json.last_dwell_seconds }}",
			"unit_of_measurement": "s", "device_class": "duration", "state_class": "measurement", "icon": "mdi:timer-outline",
		})
	}
}
