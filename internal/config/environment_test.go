package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func loadYAML(t *testing.T, yaml string) (*Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "edged.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path)
}

func TestTheEnvironmentGoesOverTheFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, value := range map[string]string{
		"EDGED_NODE": "attic", "EDGED_CAMERA_SOURCE": "file:clip.mp4", "EDGED_CAMERA_FOLLOW": "{max: 3}", "EDGED_MODEL_FILE": "people",
		"EDGED_MQTT_BROKER": "tcp://mosquitto:1883", "EDGED_MQTT_DISCOVERY": "ha", "EDGED_RECORD_ENABLED": "true",
		"EDGED_WEB_LISTEN": "0.0.0.0:9797", "EDGED_WEB_PASSWORD_FILE": "secret", "EDGED_MQTT_USERNAME": "me", "EDGED_MQTT_PASSWORD_FILE": "broker", "EDGED_LOG_LEVEL": "debug\n",
	} {
		t.Setenv(name, value)
	}
	if err := os.WriteFile("broker", []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := loadYAML(t, "node: kitchen\ncameras: [{name: gate, source: 'pattern:', fps: 15}]\nmqtt: {broker: nonsense, brokers: ['tcp://second:1883'], scores: true}\n")
	if err != nil {
		t.Fatal(err)
	}
	follow := DefaultFollow
	follow.Max = 3
	cam := c.Cameras[0]
	if c.Node != "attic" || cam.Name != "gate" || cam.Source != "file:"+filepath.Join(dir, "clip.mp4") || cam.FPS != 15 || cam.Dir != dir || len(c.MQTT.Brokers) != 0 || cam.Follow != follow ||
		c.Model.File != "people" || c.MQTT.Broker != "tcp://mosquitto:1883" || c.MQTT.Discovery != "ha" || !c.MQTT.Scores || !c.Record.Enabled ||
		c.Web.Listen != "0.0.0.0:9797" || c.Web.PasswordFile != filepath.Join(dir, "secret") || c.Log.Level != "debug" || c.MQTT.Password() != "hunter2" {
		t.Errorf("got %+v", c)
	}
}

func TestAVariableHasTheErrorsOfTheFile(t *testing.T) {
	for _, v := range []struct{ variable, value, want string }{
		{"EDGED_NODE", "a/b", `: node: the environment's EDGED_NODE: must be 1 to`},
		{"EDGED_MQTT_BROKER", "mosquitto", ": mqtt.broker: the environment's EDGED_MQTT_BROKER: "},
		{"EDGED_RECORD_ENABLED", "maybe", `: record.enabled: the environment's EDGED_RECORD_ENABLED: must be true or false, not "maybe"`},
		{"EDGED_CAMERA_FOLLOW", "{max: 99}", ": cameras[0].follow.max: the environment's EDGED_CAMERA_FOLLOW: must be 1 to 16, not 99"},
		{"EDGED_CAMERA_FOLLOW", "{max: ", ": cameras[0].follow: the environment's EDGED_CAMERA_FOLLOW: "},
		{"EDGED_LOG_LEVEL", "loud", ": log.level: the environment's EDGED_LOG_LEVEL: must be one of debug, info"},
		{"EDGED_MQTT_PASSWORD_FILE", "absent", ": mqtt.password_file: the environment's EDGED_MQTT_PASSWORD_FILE: must be the path of a file"},
		{"EDGED_MQTT_BROKR", "x", ": the environment's EDGED_MQTT_BROKR: no such variable; there are EDGED_CAMERA_FOLLOW, "},
	} {
		t.Run(v.variable, func(t *testing.T) {
			t.Setenv(v.variable, v.value)
			_, err := loadYAML(t, "node: kitchen\nlog: {level: info}\n")
			if err == nil || !strings.Contains(err.Error(), v.want) || strings.Contains(err.Error(), "yaml:1") {
				t.Errorf("%v\nwant %s", err, v.want)
			}
		})
	}
}

func TestAnEmptyVariableIsNoValue(t *testing.T) {
	t.Setenv("EDGED_NODE", "")
	if c, err := loadYAML(t, "node: kitchen\n"); err != nil || c.Node != "kitchen" {
		t.Errorf("%+v, %v", c, err)
	}
}

// The document names every variable, and no other.
func TestEveryVariableIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/docker.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range Variables() {
		if !strings.Contains(string(text), "| `"+name+"` | `"+key+"` |") {
			t.Errorf("docs/docker.md lacks %s, which sets %s", name, key)
		}
	}
	if n := strings.Count(string(text), "\n| `EDGED_"); n != len(Variables())+2 {
		t.Errorf("docs/docker.md has %d variables, want %d and the two for the broker's account", n, len(Variables()))
	}
}
