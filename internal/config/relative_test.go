package config

import (
	"os"
	"path/filepath"
	"testing"
)

// Wherever edged is started, a relative path means the same: it is relative to the configuration file.
func TestRelativePaths(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"secret": "p4ss\n", "clip.mp4": "x", "a:b.mp4": "x",
		"edged.yaml": `state_dir: state
model: {file: models/m.tflite, delegate: 'external:lib/npu.so'}
mqtt: {broker: 'mqtts://h', username: u, password_file: secret, ca_file: ca.pem, cert_file: ./c.pem, key_file: ../k.pem}
record: {dir: clips}
cameras:
  - {name: a, source: clip.mp4}
  - {name: b, source: 'file:clip.mp4'}
  - {name: c, source: 'a:b.mp4'}
  - {name: d, source: 'command:./camera.sh x', width: 640, height: 480}
  - {name: e, source: 'v4l2:auto'}
  - {name: f, source: /dev/video0}
  - {name: g, source: 'pattern:'}
  - {name: h, source: 'rtsp://h/x'}
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(t.TempDir())
	c, err := Load(filepath.Join(dir, "edged.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	for got, want := range map[string]string{
		c.StateDir: in("state"), c.Model.File: in("models/m.tflite"), c.Model.Delegate: "external:" + in("lib/npu.so"),
		c.MQTT.CAFile: in("ca.pem"), c.MQTT.CertFile: in("c.pem"), c.MQTT.KeyFile: in("../k.pem"), c.MQTT.Password(): "p4ss",
		c.Record.Dir: in("clips"), c.Cameras[3].Dir: dir,
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for i, want := range []string{
		in("clip.mp4"), "file:" + in("clip.mp4"), in("a:b.mp4"), "command:./camera.sh x", "v4l2:auto", "/dev/video0", "pattern:", "rtsp://h/x",
	} {
		if got := c.Cameras[i].Source; got != want {
			t.Errorf("camera %d: %s, want %s", i, got, want)
		}
	}
}

func TestResolveDelegate(t *testing.T) {
	for delegate, want := range map[string]string{
		"xnnpack": "xnnpack", "gpu": "gpu", "gpu:libgpu.so": "gpu:libgpu.so", "gpu:./libgpu.so": "gpu:/etc/edged/libgpu.so",
		"external:/usr/lib/npu.so": "external:/usr/lib/npu.so",
	} {
		if got := resolveDelegate("/etc/edged", delegate); got != want {
			t.Errorf("%s: %s, want %s", delegate, got, want)
		}
	}
}
