package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"edged/internal/testkit"
)

// The whole program serves status, health and metrics, and edged status prints them.
func TestRunIsObservable(t *testing.T) {
	testkit.Slow(t)
	broker := testkit.StartMosquitto(t)
	address := freeAddress(t)
	config := write(t, "edged.yaml", "node: watched\ncameras: [{name: gate, source: 'file:"+footage(t, "walkers.mkv")+"'}, "+
		"{name: yard, source: 'v4l2:/dev/video99'}]\nmqtt: {broker: '"+broker.URL()+"'}\nweb: {listen: '"+address+"'}\n")
	p := startEdged(t, "run", "-c", config)
	p.line(t, "gate  online")

	deadline := time.Now().Add(patience)
	var stats shownNode
	for !stats.Cameras["gate"].Online || stats.Cameras["gate"].Views["gate"].Windows == 0 || !stats.BrokerConnected || stats.Cameras["yard"].Reason == "" {
		if time.Now().After(deadline) {
			t.Fatalf("never complete: %+v", stats)
		}
		body, err := fetch(t.Context(), "http://"+address+"/status")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(body, &stats); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := fetch(t.Context(), "http://"+address+"/healthz"); err != nil {
		t.Errorf("healthy, but %v", err)
	}
	if _, err := fetch(t.Context(), "http://"+address+"/readyz"); err == nil || !strings.Contains(err.Error(), "camera yard: offline") || strings.Contains(err.Error(), "gate") {
		t.Errorf("ready with an absent camera: %v", err)
	}
	body, err := fetch(t.Context(), "http://"+address+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`edged_camera_online{camera="gate"} 1`, `edged_model_nodes{delegated="true"} 83`, "edged_broker_connected 1", "go_goroutines", "process_resident_memory_bytes"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %s among the metrics", want)
		}
	}
	status, stdout, stderr := edged(t, "status", "-c", config)
	if status != 0 || !strings.Contains(stdout, "gate    online") || !strings.Contains(stdout, "OFFLINE") {
		t.Errorf("edged status: %d\n%s%s", status, stdout, stderr)
	}
	if err := p.stop(t); err != nil {
		t.Error(err)
	}
	if status, _, stderr := edged(t, "status", "-c", config); status != exitFailed || !strings.Contains(stderr, "no edged answers") {
		t.Errorf("edged status with no daemon: %d %s", status, stderr)
	}
}

// If the address is taken at the start, edged serves there once it is free. The log says so once.
func TestTheStatusPageIsTriedAgain(t *testing.T) {
	testkit.Slow(t)
	occupant, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer occupant.Close()
	address, log := occupant.Addr().String(), new(testkit.Log)
	config := write(t, "edged.yaml", fmt.Sprintf("web: {listen: %q}\ncameras: [{source: 'pattern:'}]\nmqtt: {broker: 'tcp://%s'}\n",
		address, testkit.FreeAddress(t)))
	p := startEdgedTo(t, io.Discard, log, "run", "-c", config)
	p.line(t, "online")
	time.Sleep(2 * time.Second) // for the second try
	occupant.Close()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if _, err = fetch(t.Context(), "http://"+address+"/healthz"); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	if n := strings.Count(log.String(), "cannot serve the page"); n != 1 {
		t.Errorf("told %d times:\n%s", n, log)
	}
	if err := p.stop(t); err != nil {
		t.Errorf("exit: %v", err)
	}
}

// freeAddress is one that nobody listens on now.
func freeAddress(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
