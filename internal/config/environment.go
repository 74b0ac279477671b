package config

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/parser"
)

// fromEnvironment are the keys that a variable of the environment can set, for containers. The variable is EDGED_ and the key in capitals,
// with _ for each dot. "camera" is the first of cameras.
var fromEnvironment = []string{
	"node", "camera.source", "camera.follow", "model.file", "mqtt.broker", "mqtt.discovery", "mqtt.password_file", "record.enabled", "web.listen", "web.password_file",
	"log.level",
}

// Variables are the variables of the environment that hold settings, and the keys that they set. EDGED_MQTT_USERNAME and EDGED_MQTT_PASSWORD
// are not among them.
func Variables() map[string]string {
	all := map[string]string{}
	for _, key := range fromEnvironment {
		all["EDGED_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = strings.Replace(key, "camera.", "cameras[0].", 1)
	}
	return all
}

// environment puts the variables over what the file says. An empty variable is no value.
func (d *decoder) environment(c *Config) {
	known := Variables()
	for _, name := range slices.Sorted(maps.Keys(known)) {
		value, ok := d.variable(known[name], name)
		if !ok {
			continue
		}
		d.variables[known[name]] = name
		d.lines[known[name]] = 0 // the file's line does not hold the value that counts
		d.set(known[name], value, reflect.ValueOf(c).Elem())
	}
	d.unknownVariables(known)
	c.resolveVariables(d.variables)
}

// set stores the text at the key, as if the file had it there.
func (d *decoder) set(key, text string, at reflect.Value) {
	for _, part := range strings.Split(key, ".") {
		name, isList := strings.CutSuffix(part, "[0]")
		if at = field(at, name); isList {
			if at.Len() == 0 {
				return // there is a problem already: a file without cameras
			}
			at = at.Index(0)
		}
	}
	if at.Kind() == reflect.String {
		at.SetString(text)
		return
	}
	file, err := parser.ParseBytes([]byte(text), 0)
	if err != nil || len(file.Docs) != 1 || file.Docs[0].Body == nil {
		d.problem(key, "must be what the file may have there, not %q", text)
		return
	}
	one := &decoder{lines: map[string]int{}}
	one.value(key, file.Docs[0].Body, at)
	for _, p := range one.problems {
		d.problems = append(d.problems, Problem{Key: p.Key, Text: d.fromVariable(key, p.Text)})
	}
}

// settingPrefixes begin the names of variables that can only be meant as settings.
var settingPrefixes = []string{"CAMERA_", "MODEL_", "DETECT_", "RULES_", "MQTT_", "RECORD_", "WEB_", "LOG_"}

// unknownVariables reports variables that look like settings and are none: a misspelt one must not be passed over.
func (d *decoder) unknownVariables(known map[string]string) {
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		rest, ours := strings.CutPrefix(name, "EDGED_")
		if !ours || known[name] != "" || name == usernameVariable || name == passwordVariable {
			continue
		}
		if slices.ContainsFunc(settingPrefixes, func(p string) bool { return strings.HasPrefix(rest, p) }) {
			d.problems = append(d.problems, Problem{Text: fmt.Sprintf(
				"the environment's %s: no such variable; there are %s, %s, %s; everything else belongs into the file", name,
				strings.Join(slices.Sorted(maps.Keys(known)), ", "), usernameVariable, passwordVariable)})
		}
	}
}

// resolveVariables makes the relative paths of variables relative to the folder in which edged was started.
func (c *Config) resolveVariables(set map[string]string) {
	dir, err := os.Getwd()
	if err != nil {
		return
	}
	if set["cameras[0].source"] != "" && len(c.Cameras) > 0 {
		c.Cameras[0].Source, c.Cameras[0].Dir = resolveSource(dir, c.Cameras[0].Source), dir
	}
	if set["mqtt.broker"] != "" {
		c.MQTT.Brokers = nil // of the file: they go with its own broker
	}
	if set["model.file"] != "" {
		c.Model.File = resolveModel(dir, c.Model.File)
	}
	if set["mqtt.password_file"] != "" {
		c.MQTT.PasswordFile = absolute(dir, c.MQTT.PasswordFile)
	}
	if set["web.password_file"] != "" {
		c.Web.PasswordFile = absolute(dir, c.Web.PasswordFile)
	}
}

// fromVariable names the variable that set the key, for a problem with it.
func (d *decoder) fromVariable(key, text string) string {
	if name := d.variables[key]; name != "" {
		return "the environment's " + name + ": " + text
	}
	return text
}
