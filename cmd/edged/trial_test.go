package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edged/infer/engine"
	"edged/infer/trial"
	"edged/internal/testkit"
	"edged/models"
)

// edged refuses a model that TFLite cannot load. It tries a good one once.
func TestANewModelIsTriedFirst(t *testing.T) {
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	good := write(t, "good.tflite", string(m.Data))
	// Noise in half of the operators' codes and tables: edged's own reader does not look at them, but TFLite does.
	harm := []byte(string(m.Data))
	for at := len(harm) * 7 / 8; at < len(harm)-1000; at += 5 {
		harm[at] ^= 0x55
	}
	bad := write(t, "bad.tflite", string(harm))
	state := t.TempDir()
	text := func(model string) string {
		return fmt.Sprintf("node: board\nstate_dir: %q\nmodel: {file: %q}\ncameras: [{name: front, source: 'pattern:'}]\nmqtt: {listen: %q}\nweb: {listen: ''}\n",
			state, model, testkit.FreeAddress(t))
	}
	if status, _, stderr := edged(t, "check", "-c", write(t, "bad.yaml", text(bad))); status != exitConfig || !strings.Contains(stderr, "model.file: ") || !strings.Contains(stderr, bad) {
		t.Errorf("check with a bad model: status %d, %s", status, stderr)
	}
	config := write(t, "edged.yaml", text(good))
	p := startEdged(t, "run", "-c", config)
	p.line(t, "online")
	tried, err := os.ReadFile(filepath.Join(state, "tried-models"))
	if err != nil || !strings.Contains(string(tried), m.SHA256) {
		t.Errorf("the good model is not remembered: %q, %v", tried, err)
	}
	if err := p.stop(t); err != nil {
		t.Errorf("exit: %v", err)
	}
}

// SIGTERM during the trial of a model ends edged cleanly: no error, no refused model, and no READY=1, which systemd would take for the end
// of a reload.
func TestTheEndDuringATrial(t *testing.T) {
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	model := write(t, "new.tflite", string(m.Data))
	for _, when := range []string{"start", "reload"} {
		t.Run(when, func(t *testing.T) {
			socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: filepath.Join(t.TempDir(), "notify")})
			if err != nil {
				t.Fatal(err)
			}
			defer socket.Close()
			t.Setenv("NOTIFY_SOCKET", socket.LocalAddr().String())
			await := func(want string) (others string) {
				message := make([]byte, 4096)
				for {
					_ = socket.SetReadDeadline(time.Now().Add(patience))
					n, err := socket.Read(message)
					if err != nil {
						t.Fatalf("no %q, only %q: %v", want, others, err)
					}
					if strings.Contains(string(message[:n]), want) {
						return others
					}
					others += string(message[:n]) + "\n"
				}
			}
			trying := fmt.Sprintf("model: {file: %q}\n", model)
			before := fmt.Sprintf("cameras: [{name: front, source: 'pattern:'}]\nmqtt: {listen: %q}\nweb: {listen: ''}\n", testkit.FreeAddress(t))
			config := write(t, "edged.yaml", before+trying)
			if when == "reload" {
				config = write(t, "edged.yaml", before)
			}
			var log testkit.Log
			p := startEdgedTo(t, io.Discard, &log, "run", "-c", config)
			if when == "reload" {
				await("READY=1")
				p.reload(t, config, before+trying)
			}
			await("trying the model")
			if err := p.stop(t); err != nil {
				t.Errorf("exit: %v", err)
			}
			if strings.Contains(log.String(), "refused") || strings.Contains(log.String(), "canceled") {
				t.Errorf("log: %s", &log)
			}
			end, err := net.DialUnix("unixgram", nil, socket.LocalAddr().(*net.UnixAddr))
			if err != nil {
				t.Fatal(err)
			}
			defer end.Close()
			if _, err := end.Write([]byte("over")); err != nil {
				t.Fatal(err)
			}
			if said := await("over"); strings.Contains(said, "READY=1") {
				t.Errorf("after STOPPING=1: %q", said)
			}
		})
	}
}

// A model or delegate that has never worked on this machine is a wrong configuration. If it has worked before, the failure may pass, and
// systemd must restart edged.
func TestAFailureAfterTheTrialMayPass(t *testing.T) {
	t.Setenv(asEdged, "1")
	m, err := models.Load("")
	if err != nil {
		t.Fatal(err)
	}
	state := t.TempDir()
	config := write(t, "edged.yaml", fmt.Sprintf("state_dir: %q\nmodel: {delegate: 'gpu:/no/such.so', strict: true}\n"+
		"cameras: [{source: 'pattern:'}]\nmqtt: {broker: 'tcp://%s'}\nweb: {listen: ''}\n", state, testkit.FreeAddress(t)))
	for _, want := range []int{exitConfig, exitFailed} {
		for _, command := range []string{"check", "run"} {
			if status, _, stderr := edged(t, command, "-c", config); status != want || !strings.Contains(stderr, "/no/such.so") {
				t.Errorf("%s: status %d, want %d: %s", command, status, want, stderr)
			}
		}
		if err := trial.Remember(state, m, engine.Options{Delegate: "gpu:/no/such.so", Strict: true}); err != nil {
			t.Fatal(err)
		}
	}
}
