package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The example is what users copy: it must be valid, and what it calls defaults must be them.
func TestExampleFileShowsTheDefaults(t *testing.T) {
	got, err := Load("../../edged.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got.Cameras[0].Dir = ""
	got.Cameras[0].Dir = ""
	want, yes := Default(), true
	want.Cameras[0].MotionGate = &yes // the one example that is switched on: it saves power, and the model sees what moves
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(MQTT{})); d != "" {
		t.Fatalf("the example differs from the defaults (-default +example):\n%s", d)
	}
}

// Its commented-out examples must be valid too.
func TestExampleFileWithEverythingSwitchedOn(t *testing.T) {
	b, err := os.ReadFile("../../edged.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "mqtt-password")
	if err := os.WriteFile(secret, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var on []string
	for line := range strings.Lines(string(b)) {
		if trimmed := strings.TrimLeft(line, " "); strings.HasPrefix(trimmed, "# ") && strings.Contains(trimmed, ": ") && !strings.HasPrefix(line, "# edged") && !strings.HasPrefix(line, "# Check") {
			line = strings.Repeat(" ", len(line)-len(trimmed)) + trimmed[2:]
		} else if strings.HasPrefix(trimmed, "# labels:") || strings.HasPrefix(trimmed, "# views:") || strings.HasPrefix(trimmed, "#   - {") {
			line = strings.Repeat(" ", len(line)-len(trimmed)) + trimmed[2:]
		}
		line = strings.Replace(line, "/etc/edged/mqtt-password", secret, 1)
		line = strings.Replace(line, "broker: embedded ", "broker: tcp://HOST ", 1) // which brokers goes with
		on = append(on, line)
	}
	c, err := Parse("example", []byte(strings.Join(on, "")))
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(on, ""))
	}
	if c.Node != "kitchen" || c.Model.DelegateOptions["device"] != "npu0" || c.Cameras[0].Format != "mjpeg" || c.MQTT.Username != "edged" || len(c.MQTT.Brokers) != 2 || c.MQTT.KeyFile == "" || c.MQTT.Password() != "hunter2" {
		t.Fatalf("the examples did not take effect: %+v", c)
	}
	views := c.ViewsOf(c.Cameras[0], true)
	if len(views) != 2 || views[0].Stride != 2 || !*views[0].MotionGate || views[1].Stride != 4 || *views[1].MotionGate || views[1].Area[0] != 0.5 {
		t.Fatalf("views %+v", views)
	}
	if wave := c.Detect.For("wave"); wave.Enter != 0.8 || wave.Exit != 0.4 || wave.MinDuration != time.Second {
		t.Fatalf("wave's settings: %+v", wave)
	}
	if s := fmt.Sprintf("%v %+v %#v", c, *c, c.MQTT); strings.Contains(s, "hunter2") {
		t.Fatalf("the password shows: %s", s)
	}
}

// What looks like a number is the text that it is, and a whole number is one as people read it.
func TestTextsAndWholeNumbersAreTakenAsWritten(t *testing.T) {
	for _, text := range []string{"010", "0x10", "1_000", "0b11", "0o17", "1e3", "-0", "007"} {
		c, err := Parse("x.yaml", []byte("mqtt: {username: "+text+"}\ncameras: [{source: "+text+"}]\n"))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if c.MQTT.Username != text || c.Cameras[0].Source != text {
			t.Errorf("%s is taken as %q and %q", text, c.MQTT.Username, c.Cameras[0].Source)
		}
	}
	for text, want := range map[string]int{"10": 10, "010": 10, "+10": 10, "10.7": 0, "10.0": 0, "0x10": 0, "1_0": 0, "1e1": 0, "'10'": 0, "true": 0, "99999999999999999999": 0} {
		c, err := Parse("x.yaml", []byte("cameras: [{source: 'v4l2:auto', fps: "+text+"}]\n"))
		if refused := err != nil && strings.Contains(err.Error(), "must be a whole number"); refused != (want == 0) {
			t.Errorf("fps: %s: error %v", text, err)
		} else if err == nil && c.Cameras[0].FPS != want {
			t.Errorf("fps: %s is taken as %d", text, c.Cameras[0].FPS)
		}
	}
}

func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	_, err := Parse("bad.yaml", []byte(`node: "living room"
cameras:
  - name: a
    source: v4l2:auto
    fps: fast
  - name: a
    widht: 640
model:
  delegate: tpu
  threads: 4096
detect:
  enter: 0.3
  smoothing: 500
mqtt:
  broker: http://x
  password: hunter2
  listen: 0.0.0.0:1883
colour: red
`))
	if err == nil {
		t.Fatal("accepted")
	}
	got := strings.Split(err.Error(), "\n")
	want := []string{
		`bad.yaml:1: node: must be 1 to 64 letters`,
		`bad.yaml:5: cameras[0].fps: must be a whole number, not "fast"`,
		`bad.yaml:6: cameras[1].name: two cameras are named "a"`,
		`bad.yaml:7: cameras[1].widht: no such key; allowed here: name, source, format, width`,
		`bad.yaml:9: model.delegate: must be xnnpack, cpu, gpu, gpu:PATH or external:PATH, not "tpu"`,
		`bad.yaml:10: model.threads: 4096 threads on`,
		`bad.yaml:12: detect.enter: exit must be above 0 and at most enter (0.3), not 0.4`,
		`bad.yaml:13: detect.smoothing: must be a duration such as 500ms or 5s, not "500"`,
		`bad.yaml:15: mqtt.broker: must be tcp://HOST:PORT (or mqtts://, ws://, wss://); embedded is the built-in one`,
		`bad.yaml:16: mqtt.password: no secret may stand in this file`,
		`bad.yaml:17: mqtt.listen: must be a loopback address`,
		`bad.yaml:18: colour: no such key; allowed here: node, cameras, model, detect, rules, mqtt, record, teach, web, log, state_dir`,
	}
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(want):
			t.Errorf("more than asked for: %s", got[i])
		case i >= len(got):
			t.Errorf("missing: %s", want[i])
		case !strings.HasPrefix(got[i], want[i]):
			t.Errorf("line %d\n got %s\nwant %s…", i+1, got[i], want[i])
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Error("an error shows the password")
	}
}

func TestBrokenFiles(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"not yaml":         {"node: [", "f:1: not YAML"},
		"a bare list":      {"- a\n- b\n", "must be a block of keys (node, cameras"},
		"two documents":    {"node: a\n---\nnode: b\n", "2 documents"},
		"an alias":         {"node: &n a\n", "anchors, aliases and tags are not allowed"},
		"cameras a text":   {"cameras: front\n", "f:1: cameras: must be a list"},
		"no camera":        {"cameras: []\n", "at least one camera"},
		"long stall":       {"cameras: [{stall_after: 40s}]\n", "cameras[0].stall_after: must be 500ms to 10s"},
		"no such port":     {"mqtt: {broker: 'tcp://h:99999'}\n", "mqtt.broker: the port must be 1 to 65535"},
		"path of a broker": {"mqtt: {broker: 'tcp://h/x'}\n", "f:1: mqtt.broker: only a host and a port may follow tcp://"},
		"port 0":           {"mqtt: {listen: '127.0.0.1:0'}\n", "mqtt.listen: must be a loopback address with a port"},
		"empty label":      {"detect: {labels: {wave: {}}}\n", "detect.labels.wave: says nothing"},
		"long minimum":     {"detect: {min_duration: 2m}\n", "detect.min_duration: must be 0s to 1m0s"},
		"wildcard":         {"mqtt: {birth_topic: 'ha/#'}\n", "mqtt.birth_topic: a topic must not contain '#'"},
		"update storm":     {"detect: {labels: {wave: {update_every: 1ms}}}\n", "detect.labels.wave.update_every: must be 200ms or more"},
		"NaN":              {"detect: {enter: .nan}\n", "detect.enter: must be 0.01 to 1"},
		"low threshold":    {"detect: {enter: 0.009, exit: 0.001}\n", "detect.enter: must be 0.01 to 1, not 0.009"},
		"secret in URL":    {"mqtt: {broker: 'tcp://me:hunter2@host:1'}\n", "no user or password in the address"},
		"clip too short":   {"record: {before: 5s, after: 5s, max_clip: 10s}\n", "record.max_clip: must be at least a second longer than before and after together"},
		"no memory":        {"record: {memory: 1000}\n", "record.memory: must be 1000000 to 1000000000"},
		"no URL":           {"web: {url: home.example}\n", "web.url: must be http:// or https:// with a host"},
		"half of TLS":      {"web: {cert_file: /x.pem}\n", "web.cert_file: cert_file and key_file go together"},
		"missing secret":   {"mqtt: {password_file: /does/not/exist}\n", "mqtt.password_file: must be the path of a file that holds the password: no such file"},
		"huge stride":      {"detect: {stride: 999999999999}\n", "detect.stride: must be 1 to 64"},
		"rare scores":      {"mqtt: {scores_every: 1000000h}\n", "mqtt.scores_every: must be 0s to 1h0m0s"},
		"huge outbox":      {"mqtt: {outbox_bytes: 999999999999}\n", "mqtt.outbox_bytes: must be 1 to 1000000000"},
		"a long wait":      {"mqtt: {outbox_age: 2000000h}\n", "mqtt.outbox_age: must be more than 0s and at most 87600h0m0s"},
		"kept for ever":    {"record: {max_age: 2000000h}\n", "record.max_age: must be 1m to 87600h0m0s"},
		"infinite area":    {"cameras: [{views: [{name: a, area: [0, 0, .inf, 1]}]}]\n", "area: must be [x, y, width, height]"},
		"no area":          {"cameras: [{views: [{name: a, area: [.nan, 0, 1, 1]}]}]\n", "area: must be [x, y, width, height]"},
		"no corner":        {"cameras: [{masks: [[[0, 0], [.nan, 0], [0, 1]]]}]\n", "a corner is [x, y]"},
		"too large":        {strings.Repeat("#", maxFile+1), "bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("f", []byte(c.file))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want …%s…", err, c.want)
			}
		})
	}
}

func TestEmptyFileIsTheDefault(t *testing.T) {
	for _, file := range []string{"", "\n# nothing\n", "node:\nmqtt:\n"} {
		c, err := Parse("f", []byte(file))
		if err != nil {
			t.Errorf("%q: %v", file, err)
		} else if d := cmp.Diff(Default(), c, cmpopts.IgnoreUnexported(MQTT{})); d != "" {
			t.Errorf("%q:\n%s", file, d)
		}
	}
}

// FuzzParse: whatever the file holds, it is accepted or refused with an error, never a crash.
func FuzzParse(f *testing.F) {
	b, _ := os.ReadFile("../../edged.example.yaml")
	f.Add(b)
	f.Add([]byte("cameras:\n  - name: a\n    source: [x]\n"))
	f.Add([]byte("detect: {labels: {a: {enter: 1e400}}}"))
	f.Add([]byte("? [a]\n: b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Parse("f", data); err != nil && err.Error() == "" {
			t.Error("an error without a word")
		}
	})
}
