package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"edged/capture/pixel"
	"edged/internal/background"
	"edged/teach"
)

// newTaughtScene is a page whose view "gate" can be taught, and has seen a minute.
func newTaughtScene(t *testing.T) *scene {
	t.Helper()
	s := newScene(t)
	s.Teacher.Configure([]teach.ViewOptions{{
		Path: "gate", Camera: "gate", Labels: []string{"none", "wave"}, Model: "m", Size: 8, Interval: 250 * time.Millisecond,
		Frames: 4, Width: 16, Height: 16, FrameRate: 8,
	}, {Path: "yard", Camera: "yard", WhyNot: "the model has no embedding"}}, teach.DefaultSettings, nil)
	v := s.Teacher.View("gate")
	frame := bytes.Repeat([]byte{90}, 3*16*16)
	for n := range 240 {
		e := make(teach.Embedding, 8)
		for i := range e {
			e[i] = float32((n*(i+3))%7) + float32(n/236)*20 // the last second stands out
		}
		v.Push(frame)
		v.Push(frame)
		v.Window(teach.Seen{Time: testNow - time.Duration(239-n)*250*time.Millisecond, Embedding: e, Motion: 0.2, Label: 1, Score: 0.4})
	}
	return s
}

// testNow is the time of the teacher's monotonic clock, which stands still.
const testNow = time.Hour

// began is the wall clock's time at that moment.
var began = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func newStillTeacher() *teach.Teacher {
	return teach.NewTeacher(teach.Options{
		Wall: func() time.Time { return began }, Monotonic: func() time.Duration { return testNow },
		NewEncoder: func() (teach.Encoder, error) { return pixel.NewEncoder() },
		CheckName: func(name string) error {
			if strings.Contains(name, "/") {
				return fmt.Errorf("%q is no level of a topic", name)
			}
			return nil
		},
	})
}

func (s *scene) wants(status int, method, path, body string) string {
	s.t.Helper()
	a, text := s.ask(method, "/api/v1/teach"+path, body)
	if a.status != status {
		s.t.Errorf("%s %s %s: %d %s, want %d", method, path, body, a.status, text, status)
	}
	return text
}

func TestTeachingThroughTheAPI(t *testing.T) {
	s := newTaughtScene(t)
	s.wants(204, "POST", "/actions", `{"view": "gate", "name": "ring"}`)
	var example teach.ExampleInfo
	if err := json.Unmarshal([]byte(s.wants(200, "POST", "/examples", `{"view": "gate", "name": "ring"}`)), &example); err != nil || example.ID == "" {
		t.Fatalf("example %+v, %v", example, err)
	}
	if d := began.Sub(example.Time); d < 0 || d > 2*time.Second {
		t.Errorf("the example is of %v ago, and what stood out of the last second", d)
	}
	var all struct {
		Views []teach.ViewInfo `json:"views"`
	}
	if err := json.Unmarshal([]byte(s.wants(200, "GET", "", "")), &all); err != nil || len(all.Views) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	gate, yard := all.Views[0], all.Views[1]
	if !gate.CanTeach || len(gate.Actions) != 1 || gate.Actions[0].Examples != 1 || gate.Undo != `add an example of "ring"` {
		t.Errorf("gate: %+v", gate)
	}
	if yard.CanTeach || yard.WhyNot == "" || len(yard.Actions) != 0 {
		t.Errorf("yard: %+v", yard)
	}
	s.wants(200, "GET", "/examples?view=gate&name=ring", "")
	s.wants(200, "GET", "/firings?view=gate&name=ring", "")
	s.wants(200, "GET", "/questions?view=gate", "")
	if text := s.wants(200, "GET", "/moments?view=gate", ""); strings.Count(text, `"stands_out"`) != 240 {
		t.Errorf("moments: %.200s", text)
	}
	since := began.Add(-time.Second).UnixMilli()
	if text := s.wants(200, "GET", fmt.Sprintf("/moments?view=gate&since=%d", since), ""); strings.Count(text, `"stands_out"`) != 4 {
		t.Errorf("moments of the last second: %s", text)
	}
	s.wants(204, "PATCH", "/actions?view=gate&name=ring", `{"name": "bell"}`)
	s.wants(200, "POST", "/undo", `{"view": "gate"}`)
	s.wants(204, "DELETE", "/examples?id="+example.ID, "")
	s.wants(204, "DELETE", "/actions?view=gate&name=ring", "")
	s.wants(404, "DELETE", "/actions?view=gate&name=ring", "")
}

func TestRefusedSteps(t *testing.T) {
	s := newTaughtScene(t)
	s.wants(204, "POST", "/actions", `{"view": "gate", "name": "ring"}`)
	for _, c := range []struct {
		status             int
		method, path, body string
	}{
		{404, "POST", "/actions", `{"view": "attic", "name": "ring"}`},
		{409, "POST", "/actions", `{"view": "yard", "name": "ring"}`},
		{409, "POST", "/actions", `{"view": "gate", "name": "ring"}`},
		{409, "POST", "/actions", `{"view": "gate", "name": "wave"}`},
		{400, "POST", "/actions", `{"view": "gate", "name": "a/b"}`},
		{400, "POST", "/actions", `{"view": "gate", "name": ""}`},
		{400, "POST", "/actions", `{"view": "gate", "colour": "red"}`},
		{400, "PATCH", "/actions?view=gate&name=ring", `{}`},
		{409, "PATCH", "/actions?view=gate&name=ring", `{"live": true}`},
		{404, "PATCH", "/actions?view=gate&name=wash", `{"live": true}`},
		{404, "POST", "/examples", `{"view": "gate", "name": "wash"}`},
		{409, "POST", "/examples", `{"view": "gate", "name": "ring", "from": 1000, "until": 2000}`},
		{400, "POST", "/examples", `{"view": "gate", "name": "ring", "from": 2000, "until": 1000}`},
		{400, "POST", "/examples", `{"view": "gate", "name": "ring", "until": 1000}`},
		{404, "DELETE", "/examples?id=x", ""},
		{404, "GET", "/examples/picture?id=x", ""},
		{400, "GET", "/examples/picture?id=x&n=-1", ""},
		{404, "GET", "/examples?view=gate&name=wash", ""},
		{400, "GET", "/moments?view=gate&since=yesterday", ""},
		{404, "GET", "/moments?view=attic", ""},
		{409, "GET", "/moments?view=yard", ""},
		{409, "GET", "/moments/picture?view=gate&time=1000", ""},
		{404, "GET", "/firings?view=gate&name=wash", ""},
		{409, "POST", "/wrong", `{"view": "gate", "name": "ring"}`},
		{404, "POST", "/wrong", `{"view": "gate", "name": "ring", "id": "x"}`},
		{404, "GET", "/questions?view=attic", ""},
		{400, "POST", "/questions", `{"id": "x", "answer": "maybe"}`},
		{404, "POST", "/questions", `{"id": "x", "answer": "no"}`},
		{409, "POST", "/undo", `{"view": "yard"}`},
		{409, "GET", "/export?view=gate&name=ring", ""},
		{400, "POST", "/import?view=gate", "no zip file"},
		{413, "POST", "/import?view=gate", strings.Repeat("x", teach.MaxImportBytes+1)},
	} {
		if text := s.wants(c.status, c.method, c.path, c.body); !strings.Contains(text, `"detail":"`) {
			t.Errorf("%s %s: no problem: %s", c.method, c.path, text)
		}
	}
}

func TestAnActionTravelsAsAFile(t *testing.T) {
	s := newTaughtScene(t)
	s.wants(204, "POST", "/actions", `{"view": "gate", "name": "ring"}`)
	s.wants(200, "POST", "/examples", `{"view": "gate", "name": "ring"}`)
	a, file := s.ask("GET", "/api/v1/teach/export?view=gate&name=ring", "")
	if a.header.Get("Content-Type") != "application/zip" || !strings.Contains(a.header.Get("Content-Disposition"), `"ring.zip"`) {
		t.Errorf("headers %v", a.header)
	}
	s.wants(409, "POST", "/import?view=gate", file)
	s.wants(204, "DELETE", "/actions?view=gate&name=ring", "")
	if text := s.wants(200, "POST", "/import?view=gate", file); !strings.Contains(text, `"examples":1`) {
		t.Errorf("imported: %s", text)
	}
}

// A stream says when something was taught.
func TestStreamSaysWhatWasTaught(t *testing.T) {
	s := newTaughtScene(t)
	in := s.open("/api/v1/stream")
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	defer background.Start(s.Teacher.Run)()
	s.wants(204, "POST", "/actions", `{"view": "gate", "name": "ring"}`)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "event: teach\n" {
			return
		}
	}
}
