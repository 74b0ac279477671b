package node

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"edged/internal/config"
	"edged/internal/testkit"
	"edged/models"
)

const twoModels = `
model: {file: motions}
cameras:
  - {name: gate, source: "pattern:"}
  - {name: hall, source: "pattern:", model: people}
  - {name: yard, source: "pattern:", model: motions, views: [{name: left, area: [0, 0, 0.5, 1]}]}
mqtt: {broker: "tcp://127.0.0.1:1"}
`

func parse(t *testing.T, yaml string) *config.Config {
	t.Helper()
	cfg, err := config.Parse("f", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func newWithModels(t *testing.T, yaml string) *Node {
	t.Helper()
	cfg := parse(t, yaml)
	all, err := Check(cfg)
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(Inputs{Config: cfg, Models: all})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

// Cameras of one model share its engine; each view has its own model's labels and window.
func TestAModelPerCamera(t *testing.T) {
	n := newWithModels(t, twoModels)
	if len(n.Engines) != 2 || len(n.Engines[0].Views) != 2 || len(n.Engines[1].Views) != 1 {
		t.Fatalf("engines %+v", n.Engines)
	}
	motions, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	people, err := models.Load("people")
	if err != nil {
		t.Fatal(err)
	}
	if n.Model.SHA256 != motions.SHA256 || n.Engines[0].Model.SHA256 != motions.SHA256 || n.Engines[1].Model.SHA256 != people.SHA256 {
		t.Error("the wrong models")
	}
	for _, c := range n.publishedCameras() {
		want := motions
		if c.Name == "hall" {
			want = people
		}
		if !slices.Equal(c.Labels, want.Labels) || !slices.Equal(n.LabelsOf(c.Name), want.Labels) || c.Background != want.Manifest.Background {
			t.Errorf("camera %s has the labels %v", c.Name, c.Labels)
		}
	}
}

func TestLabelsOfAnyModelCanBeConfigured(t *testing.T) {
	for label, wrong := range map[string]string{"left_to_right": "", "walk": "", "dance": "detect.labels.dance: no such label: built-in motions has "} {
		_, err := Check(parse(t, twoModels+"detect: {labels: {"+label+": {enter: 0.9}}}\n"))
		if wrong == "" && err != nil || wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)) {
			t.Errorf("%s: %v", label, err)
		}
	}
	newWithModels(t, twoModels+"detect: {labels: {walk: {enter: 0.9}, left_to_right: {cooldown: 1s}}}\n").Close()
	_, err := Check(parse(t, "cameras: [{name: a, source: 'pattern:', model: /no/such.tflite}, {name: b, source: 'pattern:'}]\n"))
	if err == nil || !strings.Contains(err.Error(), "cameras[0].model: models: /no/such.tflite") {
		t.Errorf("%v", err)
	}
}

// Both models run, each on its own goroutine, and what they cost is told apart.
func TestTwoModelsRun(t *testing.T) {
	testkit.Slow(t)
	n := newWithModels(t, twoModels)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	var status struct {
		Models []struct {
			Name    string
			Cameras []string
			Windows float64
		}
	}
	for tick := time.NewTicker(100 * time.Millisecond); ; <-tick.C {
		text, err := n.Telemetry().JSON()
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &status); err != nil {
			t.Fatal(err)
		}
		if len(status.Models) == 2 && status.Models[0].Windows > 0 && status.Models[1].Windows > 0 {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("no windows of both models: %s", text)
		}
	}
	if got := status.Models; !slices.Equal(got[0].Cameras, []string{"gate", "yard"}) || !slices.Equal(got[1].Cameras, []string{"hall"}) || got[0].Name == got[1].Name {
		t.Errorf("models %+v", got)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
