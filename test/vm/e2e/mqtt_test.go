package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// Topics of the node and camera that every configuration here names.
const (
	nodeStatus   = "edged/guest/status"
	cameraStatus = "edged/guest/camera/status"
	cameraEvent  = "edged/guest/camera/event"
	nodeStats    = "edged/guest/stats"
	probe        = "edged/guest/probe" // retained by TestMain
)

// message is what mosquitto_sub is asked to print.
type message struct {
	topic, payload string
}

// event is the payload of cameraEvent.
type event struct {
	Type      string    `json:"event_type"`
	Phase     string    `json:"phase"`
	Camera    string    `json:"camera"`
	Score     float64   `json:"score"`
	Start     time.Time `json:"start"`
	LatencyMs float64   `json:"latency_ms"`
}

// model is what a node's stats say of the network.
type model struct {
	Delegate       string `json:"delegate"`
	NodesDelegated int    `json:"nodes_delegated"`
	NodesTotal     int    `json:"nodes_total"`
}

// stats is what nodeStats and the page /status say of a camera.
type stats struct {
	Online       bool
	FramesPerSec float64 `json:"frames_per_second"`
	model
	Frames         uint64 `json:"frames"`
	OffGrid        uint64 `json:"off_grid"`
	Mistimed       uint64
	DroppedLost    uint64 `json:"dropped_lost"`
	DroppedFlagged uint64 `json:"dropped_flagged"`
	DroppedCorrupt uint64 `json:"dropped_corrupt"`
	Failures       map[string]uint64
	Views          map[string]view
	view           // that of the camera's name
}

func (s stats) failures() (n uint64) {
	for _, of := range s.Failures {
		n += of
	}
	return n
}

type view struct {
	WindowsPerSec  float64 `json:"windows_per_second"`
	InvokeMs       float64 `json:"invoke_ms"`
	Windows        uint64  `json:"windows"`
	WindowsSkipped uint64  `json:"windows_skipped"`
}

// subscriber is a mosquitto_sub.
type subscriber struct{ *process }

// subscribe listens to everything of edged's from now on.
func subscribe(t *testing.T) subscriber {
	t.Helper()
	s := subscriber{start(t, "mosquitto_sub", "-t", "edged/#", "-q", "1", "-F", "%t %p")}
	s.await("retained probe", func(m message) bool { return m.topic == probe })
	return s
}

// await reads messages until match accepts one.
func (s subscriber) await(what string, match func(message) bool) {
	s.t.Helper()
	s.expect(what, func(line string) bool {
		topic, payload, _ := strings.Cut(line, " ")
		return match(message{topic, payload})
	})
}

// catchUp reads everything that has been published so far.
func (s subscriber) catchUp(see func(message)) {
	s.t.Helper()
	mark := time.Now().String()
	command(s.t, "mosquitto_pub", "-t", probe, "-m", mark)
	s.await(mark, func(m message) bool {
		see(m)
		return m == message{probe, mark}
	})
}

func (s subscriber) awaitPayload(topic, payload string) {
	s.t.Helper()
	s.await(topic+" "+payload, func(m message) bool { return m.topic == topic && m.payload == payload })
}

// awaitEvent waits for the start of the action label; one of the other label before it is an error.
func (s subscriber) awaitEvent(label, other string) {
	s.t.Helper()
	s.await("start of "+label, func(m message) bool {
		if m.topic != cameraEvent {
			return false
		}
		var e event
		if err := json.Unmarshal([]byte(m.payload), &e); err != nil {
			s.t.Fatalf("event %s: %v", m.payload, err)
		}
		s.t.Logf("event %s %s, score %.2f, latency %.1f ms", e.Type, e.Phase, e.Score, e.LatencyMs)
		if e.Type == other {
			s.t.Errorf("event %s, but the footage shows %s", other, label)
		}
		if e.Camera != "camera" || e.Score <= 0 || e.Score > 1 || e.Start.IsZero() {
			s.t.Errorf("event %s: camera, score or start make no sense", m.payload)
		}
		return e.Type == label && e.Phase == "start"
	})
}

// awaitStats returns the next report on the camera that counts frames and windows; a busy machine may take more than one.
func (s subscriber) awaitStats() stats {
	s.t.Helper()
	var c stats
	s.await("report of frames and windows", func(m message) bool {
		if m.topic != nodeStats {
			return false
		}
		var node struct {
			Model   model
			Cameras map[string]stats
		}
		if err := json.Unmarshal([]byte(m.payload), &node); err != nil {
			s.t.Fatalf("%s: %v", m.payload, err)
		}
		c = node.Cameras["camera"]
		c.model, c.view = node.Model, c.Views["camera"]
		s.t.Logf("%.1f frames/s, %.1f windows/s, Invoke %.0f ms by %s (%d of %d nodes); of %d frames %d off the grid, %d lost, %d corrupt; %d windows, %d skipped",
			c.FramesPerSec, c.WindowsPerSec, c.InvokeMs, c.Delegate, c.NodesDelegated, c.NodesTotal,
			c.Frames, c.OffGrid, c.DroppedLost, c.DroppedCorrupt, c.Windows, c.WindowsSkipped)
		return c.Frames > 0 && c.Windows > 0
	})
	return c
}

// wantOffline checks what someone who subscribes only now is told.
func wantOffline(t *testing.T, topic string) {
	t.Helper()
	got := command(t, "mosquitto_sub", "-t", topic, "-F", "retain=%r %p", "-C", "1", "-W", "10")
	if want := "retain=1 offline\n"; got != want {
		t.Errorf("%s: %q, want %q", topic, got, want)
	}
	t.Logf("a new subscriber to %s gets %q", topic, got)
}
