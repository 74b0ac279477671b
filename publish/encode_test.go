package publish

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"edged/internal/clock"
	"edged/internal/sink"
)

// noon is an instant in a zone east of Greenwich, 1000 s after the monotonic clock's start.
var noon = clock.Instant{
	Wall:      time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("", 2*60*60)),
	Monotonic: 1000 * time.Second,
}

func testView(path string, labels ...string) *ViewTopics {
	camera, name, ok := strings.Cut(path, "/")
	c := Camera{Name: camera, Labels: labels}
	if ok {
		c.Views = []string{name}
	}
	return newStates(newTopics("board"), []Camera{c}, func() {}).views[path]
}

func TestEventPayload(t *testing.T) {
	enc := newEventEncoder(Model{Name: `say "hi"`, SHA256: "ff00"})
	e := sink.Event{
		ID: sink.ID{Run: "0a1b2c3d", N: 17}, Score: 0.93, Peak: 1,
		Start: 997*time.Second + 250*time.Millisecond, End: 999 * time.Second, Newest: noon.Monotonic - 2345*time.Microsecond,
	}
	for _, c := range []struct {
		phase sink.Phase
		want  string
	}{
		{sink.Start, `{"id":"0a1b2c3d-17","event_type":"wave","phase":"start","camera":"front","score":0.9300,"peak_score":1.0000,` +
			`"start":"2026-03-01T09:59:57.250Z","end":null,"latency_ms":2.3,"model":{"name":"say \"hi\"","sha256":"ff00"}}`},
		{sink.Update, `{"id":"0a1b2c3d-17","event_type":"wave","phase":"update","camera":"front","score":0.9300,"peak_score":1.0000,` +
			`"start":"2026-03-01T09:59:57.250Z","end":null,"latency_ms":2.3,"model":{"name":"say \"hi\"","sha256":"ff00"}}`},
		{sink.End, `{"id":"0a1b2c3d-17","event_type":"wave","phase":"end","camera":"front","score":0.9300,"peak_score":1.0000,` +
			`"start":"2026-03-01T09:59:57.250Z","end":"2026-03-01T09:59:59.000Z","latency_ms":2.3,"model":{"name":"say \"hi\"","sha256":"ff00"}}`},
	} {
		e.Phase = c.phase
		if got := string(enc.append(nil, &queued{Event: e}, testView("front", "wave").actions["wave"], noon)); got != c.want {
			t.Errorf("%v:\n got %s\nwant %s", c.phase, got, c.want)
		}
	}
}

func TestEventOfAViewNamesCameraAndView(t *testing.T) {
	enc := newEventEncoder(Model{})
	got := string(enc.append(nil, &queued{}, testView("front/door", "wave").actions["wave"], noon))
	if want := `"camera":"front","view":"door",`; !strings.Contains(got, want) || !json.Valid([]byte(got)) {
		t.Errorf("%s lacks %s", got, want)
	}
}

func TestEventSaysWhereATargetIs(t *testing.T) {
	e := sink.Event{
		Phase: sink.Start, Track: 7, Box: [4]float64{0.1, 0.25, 0.05, 0.125}, StartBox: [4]float64{0, 0.25, 0.05, 0.125}, PeakBox: [4]float64{1, 0, 0, 0},
	}
	enc := newEventEncoder(Model{})
	got := string(enc.append(nil, &queued{Event: e}, testView("front", "wave").actions["wave"], noon))
	want := `"track":7,"box":[0.1000,0.2500,0.0500,0.1250],"start_box":[0.0000,0.2500,0.0500,0.1250],"peak_box":[1.0000,0.0000,0.0000,0.0000]`
	if !strings.Contains(got, want) || !json.Valid([]byte(got)) {
		t.Errorf("got %s, want in it %s", got, want)
	}
}

func TestEventSaysInWhichZonesATargetIs(t *testing.T) {
	enc := newEventEncoder(Model{})
	action := testView("front", "wave").actions["wave"]
	for want, e := range map[string]sink.Event{
		`,"zones":["gate","path"],"start_zones":[],"peak_zones":["gate"],`: {
			Track: 7, Zones: []string{"gate", "path"}, StartZones: []string{}, PeakZones: []string{"gate"},
		},
		`"peak_box":[0.0000,0.0000,0.0000,0.0000],"model"`: {Track: 7}, // the view has no zones
	} {
		got := string(enc.append(nil, &queued{Event: e}, action, noon))
		if !strings.Contains(got, want) || !json.Valid([]byte(got)) {
			t.Errorf("got %s, want in it %s", got, want)
		}
	}
}

func TestEventNamesItsClip(t *testing.T) {
	enc := newEventEncoder(Model{})
	got := string(enc.append(nil, &queued{Event: sink.Event{Clip: "20261129-204832-ba4c899354e52ace"}}, testView("front", "wave").actions["wave"], noon))
	if want := `,"clip":"20261129-204832-ba4c899354e52ace",`; !strings.Contains(got, want) || !json.Valid([]byte(got)) {
		t.Errorf("%s lacks %s", got, want)
	}
}

func TestEventLinksToThePage(t *testing.T) {
	enc := newEventEncoder(Model{})
	enc.page = "https://home.example/edged/events/"
	e := queued{Event: sink.Event{ID: sink.ID{Run: "0a1b2c3d", N: 17}}}
	got := string(enc.append(nil, &e, testView("front", "wave").actions["wave"], noon))
	if want := `,"url":"https://home.example/edged/events/0a1b2c3d-17",`; !strings.Contains(got, want) || !json.Valid([]byte(got)) {
		t.Errorf("%s lacks %s", got, want)
	}
}

func TestScoresPayload(t *testing.T) {
	w := window{n: 5, time: 999500 * time.Millisecond, scores: []float32{0.25, 0.74999, float32(math.NaN())}}
	got := string(appendScores(nil, testView("front", "still", `a "b"`, "ü").labels, w, noon))
	want := `{"window":5,"time":"2026-03-01T09:59:59.500Z","monotonic_ns":999500000000,` +
		`"scores":{"still":0.2500,"a \"b\"":0.7500,"ü":null}}`
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if !json.Valid([]byte(got)) {
		t.Error("not JSON")
	}
}

func TestEncodingDoesNotAllocate(t *testing.T) {
	enc := newEventEncoder(Model{Name: "starter", SHA256: "ff00"})
	c := testView("front", "still", "wave")
	e := queued{Event: sink.Event{ID: sink.ID{Run: "0a1b2c3d", N: 1}, Phase: sink.End, Score: 0.9, Peak: 0.9}}
	w := window{n: 5, time: time.Second, scores: []float32{0.1, 0.9}}
	buf := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() {
		buf = enc.append(buf[:0], &e, c.actions["wave"], noon)
		buf = appendScores(buf[:0], c.labels, w, noon)
	}); n != 0 {
		t.Errorf("encoding an event and a window allocates %v times", n)
	}
}
