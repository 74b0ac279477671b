package node

import (
	"testing"

	"edged/internal/config"
	"edged/models"
)

// The node after a reload gets the outbox of the one before, with all events that wait in it.
func TestNodesShareTheOutbox(t *testing.T) {
	cfg, err := config.Parse("edged.yaml", []byte("cameras: [{name: front, source: 'pattern:'}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	state := NewState()
	for range 2 {
		n, err := New(Inputs{Config: cfg, Model: m, State: state})
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		if n.Publisher.Outbox != state.Outbox {
			t.Error("the node has an outbox of its own")
		}
	}
}

// The page's server starts before the node runs. A page that asks then must know which labels have a threshold.
func TestSettingsAreThereBeforeTheNodeRuns(t *testing.T) {
	n := newNode(t, "cameras: [{name: front, source: 'pattern:'}]\ndetect: {enter: 0.75}\n")
	if front := n.Settings()["front"]; !front.Enabled || front.Thresholds["wave"] != 0.75 {
		t.Errorf("%+v", front)
	}
}
