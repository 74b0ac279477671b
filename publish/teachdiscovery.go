package publish

import "slices"

// describeTeaching adds the entities by which users teach a view in Home Assistant. Those for one action are for the selected one, so that
// their number does not grow with the actions.
func (p *Publisher) describeTeaching(to map[string]component, path, name string, labels []string, seen []availability) {
	state, set := p.topics.of(path, "teach/state"), p.topics.of(path, "teach/set")
	hasOne := availability{state, "{{ 'online' if value_json.selected else 'offline' }}"}
	chosen, onPictures := []availability{seen[0], hasOne}, slices.Concat(seen, []availability{hasOne})
	p.add(to, path+"/teach/new", "text", name+" new action", component{
		"state_topic": state, "value_template": "{{ '' }}", // empty again, for the next name
		"command_topic": set, "command_template": "{{ {'do': 'create', 'label': value | trim | replace(' ', '_')} | to_json }}",
		"min": 0, "max": maxNameBytes, "entity_category": "config", "icon": "mdi:school",
	})
	p.add(to, path+"/teach/selected", "select", name+" taught action", component{
		"state_topic": state, "value_template": "{{ value_json.selected }}", "options": labels, "availability": chosen,
		"command_topic": set, "command_template": "{{ {'do': 'select', 'label': value} | to_json }}",
		"entity_category": "config", "icon": "mdi:format-list-bulleted",
	})
	p.add(to, path+"/teach/that_was_it", "button", name+" that was it", component{
		"command_topic": set, "payload_press": `{"do":"that_was_it"}`, "availability": onPictures, "icon": "mdi:thumb-up",
	})
	p.add(to, path+"/teach/wrong", "button", name+" wrong", component{
		"command_topic": set, "payload_press": `{"do":"wrong"}`, "availability": chosen, "icon": "mdi:thumb-down",
	})
	p.add(to, path+"/teach/live", "switch", name+" taught action live", component{
		"state_topic": state, "value_template": "{{ " + ofSelected + " | map(attribute='live') | first | default(false) }}",
		"state_on": "True", "state_off": "False", "availability": chosen,
		"command_topic": set, "payload_on": `{"do":"live","to":true}`, "payload_off": `{"do":"live","to":false}`,
		"entity_category": "config", "icon": "mdi:broadcast",
	})
	p.add(to, path+"/teach/examples", "sensor", name+" examples", component{
		"state_topic": state, "value_template": "{{ " + ofSelected + " | map(attribute='examples') | first | default(0) }}", "availability": seen[:1],
		"json_attributes_topic": state,
		"json_attributes_template": "{% set a = " + ofSelected + " | first | default({}) %}" + // Home Assistant takes no attribute "state"
			"{{ dict(a, status=a.state | default(''), answer=(value_json.answer | default({})).text | default('')) | to_json }}",
		"state_class": "measurement", "entity_category": "diagnostic", "icon": "mdi:counter",
	})
	p.add(to, path+"/teach/would_fire", "sensor", name+" would have fired", component{
		"state_topic": state, "value_template": "{{ " + ofSelected + " | map(attribute='would_fire') | first | default(0) }}", "availability": chosen,
		"state_class": "measurement", "entity_category": "diagnostic", "icon": "mdi:bell-ring-outline",
	})
}

// ofSelected is a list with the selected action of …/teach/state, or an empty one: the beginning of a template.
const ofSelected = "value_json.actions | selectattr('label', 'eq', value_json.selected) | list"
