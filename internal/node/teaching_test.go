package node

import (
	"context"
	"sync"
	"testing"
	"time"

	"edged/internal/sink"
	"edged/internal/testkit"
	"edged/models"
	"edged/teach"
)

// eventLog keeps the labels of events.
type eventLog struct {
	sink.Ignore
	mu     sync.Mutex
	labels map[string]int
}

func (l *eventLog) Event(e sink.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.labels[e.Label+" "+string(e.Phase)]++
}

func (l *eventLog) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.labels[what]
}

// On real footage that plays in a loop: somebody teaches "that was it", the action is learned as a shadow, goes live, and gives events.
func TestATaughtActionGoesFromExampleToEvent(t *testing.T) {
	testkit.Slow(t)
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	cfg := parse(t, "state_dir: '"+t.TempDir()+"'\nmqtt: {broker: 'tcp://127.0.0.1:1'}\ncameras: [{name: gate, source: 'file:"+walkers(t)+"'}]\n")
	events := &eventLog{labels: map[string]int{}}
	n, err := New(Inputs{Config: cfg, Model: m, Sinks: []sink.Sink{events}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	ended := make(chan error, 2)
	go func() { n.State.Teacher.Run(ctx); ended <- nil }()
	go func() { ended <- n.Run(ctx) }()
	teacher := n.State.Teacher
	until := func(what string, done func() bool) {
		t.Helper()
		for !done() {
			select {
			case <-ctx.Done():
				t.Fatalf("%s: not in time: %+v", what, teacher.Views())
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	until("moments", func() bool {
		list, err := teacher.Moments("gate", time.Time{})
		return err == nil && len(list) > 60
	})
	if err := teacher.Create("gate", "passes_by"); err != nil {
		t.Fatal(err)
	}
	var example teach.ExampleInfo
	until("an example", func() bool {
		example, err = teacher.ThatWasIt("gate", "passes_by", time.Time{}, time.Time{})
		return err == nil
	})
	if example.Pictures == 0 || example.Windows == 0 {
		t.Errorf("example %+v", example)
	}
	until("learned", func() bool {
		return n.action("passes_by").State == teach.Shadow && !n.action("passes_by").LearnedAt.IsZero()
	})
	if err := teacher.SetLive("gate", "passes_by", true); err != nil {
		t.Fatal(err)
	}
	if err := n.SetThreshold("gate", "passes_by", 0.3); err != nil {
		t.Fatal(err)
	}
	until("a threshold among the settings", func() bool { return n.Settings()["gate"].Thresholds["passes_by"] == 0.3 })
	until("an event", func() bool { return events.count("passes_by start") > 0 && events.count("passes_by end") > 0 })
	stop()
	for range 2 {
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
}

func (n *Node) action(name string) teach.Action {
	actions, _ := n.State.Teacher.Actions("gate")
	for _, a := range actions {
		if a.Name == name {
			return a
		}
	}
	return teach.Action{}
}
