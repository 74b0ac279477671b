package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"edged/internal/config"
	"edged/internal/testkit"
)

// canary is what must appear nowhere.
const canary = "c4nary-pa55word"

// witness collects all that somebody could read.
type witness struct {
	testkit.Log
	t *testing.T
}

// wait returns once it has seen the text.
func (w *witness) wait(text string) {
	w.t.Helper()
	seen := w.Has(text)
	for deadline := time.Now().Add(patience); !seen(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("never saw %q", text)
		}
	}
}

// check fails the test if the canary was in anything so far, or if one of the expected texts was not.
func (w *witness) check(expected ...string) {
	w.t.Helper()
	text := w.String()
	for line := range strings.Lines(text) {
		if strings.Contains(line, canary) {
			w.t.Errorf("shows the password: %s", line)
		}
	}
	for _, want := range expected {
		if !strings.Contains(text, want) {
			w.t.Errorf("never saw %q in\n%s", want, text)
		}
	}
}

// A password appears neither in the debug log, in metrics or status, in messages, nor among the arguments.
func TestARunningEdgedShowsNoPassword(t *testing.T) {
	testkit.Slow(t)
	for _, c := range []struct{ from, password string }{{"file", canary}, {"environment", "another"}, {"credential", "another"}} {
		t.Run("from "+c.from, func(t *testing.T) {
			broker := testkit.StartMosquitto(t, "allow_anonymous true", "password_file "+testkit.PasswordFile(t, "board", c.password))
			w := &witness{t: t}
			config := "log: {level: debug}\nnode: board\nmqtt: {broker: '" + broker.URL() + "', username: board"
			secret := write(t, "edged-mqtt-password", canary+"\n")
			switch c.from {
			case "file":
				config += ", password_file: '" + secret + "'"
			case "environment":
				t.Setenv("EDGED_MQTT_PASSWORD", canary)
			case "credential":
				t.Setenv("CREDENTIALS_DIRECTORY", strings.TrimSuffix(secret, "/edged-mqtt-password"))
			}
			address := freeAddress(t)
			config = write(t, "edged.yaml", config+"}\nweb: {listen: '"+address+"'}\ncameras:\n"+
				"  - {name: rtsp, source: \"command:echo rtsp://me:"+canary+"@127.0.0.1/1 'http://c/?pwd="+canary+"' >&2; exit 1\"}\n"+
				"  - {name: curl, source: \"command:curl -u me:"+canary+" --no-such-option\"}\n"+
				"  - {name: net, source: 'rtsp://me:"+canary+"@127.0.0.1:1/1'}\n"+
				"  - {name: gate, source: 'pattern:'}\n")
			p := startEdgedWith(t, w, "run", "-c", config)
			w.wait("gate  online")
			w.wait("rtsp  offline")
			w.wait("net  offline")
			connected := "user name or password is wrong"
			if c.password == canary {
				connected = "publish: connected"
				sub := subscribe(t, broker.URL())
				fmt.Fprintln(w, sub.wait(t, "edged/board/stats", has(`"rtsp"`)))
			}
			for _, path := range []string{"/status", "/metrics", "/readyz", "/healthz"} {
				body, err := fetch(t.Context(), "http://"+address+path)
				fmt.Fprintf(w, "%s%v\n", body, err)
			}
			for _, args := range [][]string{{"status", "-c", config}, {"status", "--json", "-c", config}, {"check", "-c", config}} {
				_, stdout, stderr := edged(t, args...)
				fmt.Fprintln(w, stdout, stderr)
			}
			arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.cmd.Process.Pid))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(w, "%q\n", arguments)
			_ = p.stop(t)
			w.check(connected, "rtsp://***@127.0.0.1", "edged_build_info", `\x00run\x00-c\x00`, `"source"`)
		})
	}
}

// No process that edged starts knows the password: neither the built-in broker nor a camera command.
func TestNoChildKnowsThePassword(t *testing.T) {
	for _, name := range []string{"EDGED_MQTT_USERNAME", "EDGED_MQTT_PASSWORD"} {
		t.Setenv(name, canary)
	}
	secret := write(t, "edged-mqtt-password", canary)
	t.Setenv("CREDENTIALS_DIRECTORY", filepath.Dir(secret))
	address := freeAddress(t)
	p := startEdged(t, "run", "-c", write(t, "edged.yaml", fmt.Sprintf("mqtt: {listen: %q}\nweb: {listen: ''}\n"+
		"cameras: [{name: gate, source: 'pattern:'}, {name: quiet, source: 'command:exec sleep 1000', stall_after: 10s}]\n", address)))
	p.line(t, "gate  online")
	subscribe(t, "tcp://"+address).wait(t, "edged/"+config.Default().Node+"/status", is("online"))

	for _, program := range []string{"broker", "sleep"} {
		var environ string
		for deadline := time.Now().Add(patience); environ == ""; environ = environOf(p.cmd.Process.Pid, program) {
			if time.Now().After(deadline) {
				t.Fatalf("edged has no child %q", program)
			}
		}
		for variable := range strings.SplitSeq(environ, "\x00") {
			if strings.Contains(variable, canary) || strings.Contains(variable, filepath.Dir(secret)) {
				t.Errorf("%s has %s", program, variable)
			}
		}
	}
	_ = p.stop(t) // cleanly: the command would outlive it otherwise
}

// environOf is the environment of the parent's child that has the word among its arguments; "" if there is no such child.
func environOf(parent int, word string) string {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	for _, list := range lists {
		pids, _ := os.ReadFile(list) // of a thread that has ended: none
		for pid := range strings.FieldsSeq(string(pids)) {
			if arguments, _ := os.ReadFile("/proc/" + pid + "/cmdline"); slices.Contains(strings.Split(string(arguments), "\x00"), word) {
				environ, _ := os.ReadFile("/proc/" + pid + "/environ")
				return string(environ)
			}
		}
	}
	return ""
}

// An error does not repeat a secret that somebody has put into the wrong place.
func TestErrorsShowNoPassword(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	// edged cannot read a key that a passphrase protects. Go's error must not repeat the key.
	locked := write(t, "locked.key", string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Headers: map[string]string{"DEK-Info": canary}, Bytes: der})))
	garbage := write(t, "garbage.key", canary)
	secret := write(t, "password", canary)
	for name, config := range map[string]string{
		"the password itself":  "mqtt: {password: " + canary + "}",
		"for its file":         "mqtt: {broker: 'tcp://127.0.0.1:1', username: u, password_file: " + canary + "}",
		"in the address":       "mqtt: {broker: 'tcp://board:" + canary + "@127.0.0.1:1'}",
		"in a second address":  "mqtt: {broker: 'tcp://127.0.0.1:1', brokers: ['tcp://board:" + canary + "@127.0.0.1:1']}",
		"in a broken address":  "mqtt: {broker: 'tcp://board:" + canary + "%zz@127.0.0.1:port'}",
		"in no address at all": "mqtt: {broker: '" + canary + "'}",
		"for a file's name":    "mqtt: {key_file: '" + locked + "', cert_file: '" + garbage + "'}",
		"a key that is none":   "mqtt: {key_file: '" + garbage + "', cert_file: '" + garbage + "'}",
		"a ca that is none":    "mqtt: {ca_file: '" + secret + "'}",
		"beside a mistake":     "mqtt: {broker: 'tcp://127.0.0.1:1', password: " + canary + ", qos: 3}",
		"in YAML that is none": "mqtt: {password: " + canary + "\n  - x: [",
		"in a broken camera":   "cameras: [{name: 'a b', source: 'command:ffmpeg -i rtsp://u:" + canary + "@h'}]",
		"in a camera twice":    "cameras: [{name: a, source: 'command:ffmpeg -i rtsp://u:" + canary + "@h', width: -1, quantum: 3}]",
		"for all of mqtt":      "mqtt: tcp://board:" + canary + "@127.0.0.1:1",
		"for the addresses":    "mqtt: {broker: 'tcp://127.0.0.1:1', brokers: 'tcp://board:" + canary + "@127.0.0.1:1'}",
		"for the cameras":      "cameras: rtsp://u:" + canary + "@h/1",
		"for a camera":         "cameras: ['rtsp://u:" + canary + "@h/1']",
		"in a list for a text": "mqtt: {broker: [tcp://board:" + canary + "@127.0.0.1:1]}",
		"for a key":            "mqtt: {'tcp://board:" + canary + "@127.0.0.1:1': 1}",
		"in an unknown camera": "cameras: [{name: a, source: 'rtmp://u:" + canary + "@h/1'}]",
		"in a broken camera's": "cameras: [{name: a, source: 'rtsp://u:" + canary + "%zz@h/1'}]",
		"without a host":       "cameras: [{name: a, source: 'rtsp://u:" + canary + "@/1'}]",
	} {
		t.Run(name, func(t *testing.T) {
			w := &witness{t: t}
			file := write(t, "edged.yaml", config+"\n")
			for _, command := range []string{"check", "run"} {
				status, stdout, stderr := edged(t, command, "-c", file)
				if status == 0 {
					t.Errorf("edged %s takes it", command)
				}
				fmt.Fprintln(w, stdout, stderr)
			}
			w.check("edged:")
		})
	}
	w := &witness{t: t}
	for _, broker := range []string{"tcp://u:" + canary + "@h", canary + "://u@h"} {
		_, stdout, stderr := edged(t, "run", "--broker", broker, "--camera", "pattern:")
		fmt.Fprintln(w, stdout, stderr)
	}
	w.check("edged:")
}
