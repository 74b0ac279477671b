package page

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edged/capture/pixel"
	"edged/internal/history"
	"edged/internal/pictures"
	"edged/internal/sink"
	"edged/internal/testkit"
	"edged/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clips are clips in memory.
type clips map[string]*record.Clip

const clipID = "20261129-204832-ba4c899354e52ace"

// video is what every clip's file holds: one JPEG.
var video = func() []byte {
	jpeg, err := pixel.EncodeJPEG(bytes.Repeat([]byte{200}, 3*640*480), 640, 480, 80)
	if err != nil {
		panic(err)
	}
	return jpeg
}()

func (c clips) Info(id string) (*record.Clip, error) {
	if c[id] == nil {
		return nil, fs.ErrNotExist
	}
	return c[id], nil
}

type file struct{ *bytes.Reader }

func (file) Close() error { return nil }

func (c clips) Video(id string) (record.Video, error) {
	if c[id] == nil {
		return nil, fs.ErrNotExist
	}
	return file{bytes.NewReader(video)}, nil
}

func (c clips) Delete(id string) error {
	if c[id] == nil {
		return fs.ErrNotExist
	}
	delete(c, id)
	return nil
}

// anybody lets everybody through, or nobody.
type anybody struct{ atomic.Int32 }

func (a *anybody) Check(*http.Request) Permission              { return Permission(a.Load()) }
func (*anybody) Login(w http.ResponseWriter, _ *http.Request)  { w.WriteHeader(http.StatusNoContent) }
func (*anybody) Logout(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

type scene struct {
	*Page
	t      *testing.T
	server *httptest.Server
	access *anybody
	set    atomic.Pointer[string]
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, access: &anybody{}}
	s.Page = &Page{
		Node: "cottage", Version: "v1", Live: map[string]*pictures.Live{"gate": {}}, Timeline: &record.Timeline{}, Access: s.access, Teacher: newStillTeacher(),
		Recorder: clips{clipID: {ID: clipID, Camera: "gate", Width: 640, Height: 480, Frames: [][3]int64{{0, 0, int64(len(video))}}}},
		Description: func() Description {
			return Description{Cameras: []Camera{{Name: "gate", Views: []View{{Path: "gate", Thresholds: map[string]float64{"wave": 0.5}}}}}}
		},
		SetEnabled: func(view string, on bool) error {
			said := fmt.Sprint(view, on)
			s.set.Store(&said)
			return nil
		},
		SetThreshold: func(view, label string, score float64) error {
			text := fmt.Sprint(view, label, score)
			s.set.Store(&text)
			return nil
		},
		CheckConfig: func(text []byte) []ConfigProblem {
			return []ConfigProblem{{Line: 1, Key: "k", Text: string(text)}}
		},
		Statistics: func() any { return map[string]int{"frames": 7} },
		History:    new(history.History),
		Support:    func(w io.Writer) { fmt.Fprint(w, "all is well") },
	}
	s.Initialize()
	s.Timeline.Event(sink.Event{ID: sink.ID{Run: "5f1c09ab", N: 1}, Camera: "gate", View: "gate", Label: "wave", Phase: sink.Start, Peak: 0.8, Clip: clipID})
	s.server = httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		s.Close()
		s.server.CloseClientConnections()
		s.server.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return s
}

// answer is what the page has answered, without its body.
type answer struct {
	status int
	header http.Header
}

func (s *scene) ask(method, path, body string, headers ...string) (answer, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.server.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{reply.StatusCode, reply.Header}, string(text)
}

// What a client may get wrong, with the status that it must get. Every error is a problem as RFC 9457 writes it.
func TestBadRequests(t *testing.T) {
	s := newScene(t)
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/api/v1/nothing", "", 404},
		{"GET", "/api/v2/node", "", 404},
		{"GET", "/nothing", "", 404},
		{"GET", "/static/", "", 404},
		{"GET", "/static/vendor", "", 404},
		{"GET", "/static/index.html", "", 404},
		{"GET", "/static/../page.go", "", 404},
		{"GET", "/static/..%2fpage.go", "", 404},
		{"GET", "/static//app.js", "", 404},
		{"GET", "/.git/config", "", 404},
		{"GET", "/api/v1/events/unknown", "", 404},
		{"GET", "/api/v1/events/..%2f..%2fetc%2fpasswd", "", 404},
		{"GET", "/api/v1/events/unknown/thumbnail", "", 404},
		{"GET", "/api/v1/clips/unknown", "", 404},
		{"GET", "/api/v1/clips/..%2f..%2fsettings/video", "", 404},
		{"GET", "/api/v1/clips/unknown/video", "", 404},
		{"GET", "/api/v1/cameras/unknown/picture", "", 404},
		{"GET", "/api/v1/live?camera=unknown", "", 404},
		{"GET", "/api/v1/live?interval_ms=-1", "", 400},
		{"GET", "/api/v1/events?limit=0", "", 400},
		{"GET", "/api/v1/events?going=perhaps", "", 400},
		{"GET", "/api/v1/events?limit=100000", "", 400},
		{"GET", "/api/v1/events?limit=many", "", 400},
		{"GET", "/api/v1/events?before=yesterday", "", 400},
		{"GET", "/api/v1/events?min_score=NaN", "", 400},
		{"POST", "/api/v1/events", "", 405},
		{"DELETE", "/api/v1/node", "", 405},
		{"PUT", "/", "", 405},
		{"DELETE", "/api/v1/events/unknown", "", 404},
		{"DELETE", "/api/v1/clips/unknown", "", 404},
		{"PUT", "/api/v1/thresholds", "", 400},
		{"PUT", "/api/v1/thresholds", "{", 400},
		{"PUT", "/api/v1/thresholds", `{"view": "gate", "label": "wave"}`, 400},
		{"PUT", "/api/v1/thresholds", `{"view": "gate", "label": "wave", "score": 0}`, 400},
		{"PUT", "/api/v1/thresholds", `{"view": "gate", "label": "wave", "score": 1.1}`, 400},
		{"PUT", "/api/v1/thresholds", `{"view": "gate", "label": "wave", "score": 0.5, "more": 1}`, 400},
		{"PUT", "/api/v1/thresholds", `{"view": "gate", "label": "fly", "score": 0.5}`, 404},
		{"PUT", "/api/v1/enabled", `{"view": "gate"}`, 400},
		{"PUT", "/api/v1/enabled", `{"view": "gate", "enabled": 1}`, 400},
		{"PUT", "/api/v1/enabled", `{"view": "moon", "enabled": true}`, 404},
		{"PUT", "/api/v1/thresholds", `{"view": "` + strings.Repeat("x", maxBody) + `"}`, 413},
		{"POST", "/api/v1/config/check", strings.Repeat("x", maxBody+1), 413},
	} {
		reply, body := s.ask(c.method, c.path, c.body)
		var p problem
		if err := json.Unmarshal([]byte(body), &p); err != nil || reply.status != c.status || p.Status != c.status || p.Detail == "" ||
			reply.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %.60s %.60s: %d %s %.200s, want a problem with status %d", c.method, c.path, c.body, reply.status, reply.header.Get("Content-Type"), body, c.status)
		}
		if allow := reply.header.Get("Allow"); c.status == 405 && allow == "" {
			t.Errorf("%s %s: no Allow header", c.method, c.path)
		}
	}
}

func TestEventsAndClips(t *testing.T) {
	s := newScene(t)
	var list struct {
		Events []record.Event
		Next   string
	}
	_, body := s.ask("GET", "/api/v1/events?camera=gate&label=wave&min_score=0.5&limit=10", "")
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list.Events) != 1 || list.Events[0].Peak != 0.8 || list.Next != "" {
		t.Errorf("%s, %v", body, err)
	}
	if _, body = s.ask("GET", "/api/v1/events?min_score=0.9", ""); !strings.Contains(body, `"events":[]`) {
		t.Errorf("%s, want none", body)
	}
	if _, body = s.ask("GET", "/api/v1/events?going=true", ""); !strings.Contains(body, `"id":"5f1c09ab-1"`) || !strings.Contains(body, `"labels":["wave"]`) {
		t.Errorf("%s, want the one that goes on, and the labels", body)
	}
	if reply, _ := s.ask("GET", "/api/v1/events/5f1c09ab-1", ""); reply.status != 200 {
		t.Errorf("the event: %d", reply.status)
	}
	reply, body := s.ask("GET", "/api/v1/events/5f1c09ab-1/thumbnail", "")
	if width, height, err := pixel.JPEGSize([]byte(body)); err != nil || width != 320 || height != 240 || reply.header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("thumbnail of %dx%d, %v", width, height, err)
	}
	if _, body = s.ask("GET", "/api/v1/clips/"+clipID, ""); !strings.Contains(body, clipID) {
		t.Errorf("the clip: %s", body)
	}
	if reply, _ = s.ask("DELETE", "/api/v1/events/5f1c09ab-1", ""); reply.status != 204 {
		t.Errorf("deleting: %d", reply.status)
	}
	if reply, _ = s.ask("GET", "/api/v1/clips/"+clipID+"/video", ""); reply.status != 404 {
		t.Errorf("the deleted clip: %d", reply.status)
	}
}

func TestVideoRanges(t *testing.T) {
	s := newScene(t)
	path, size := "/api/v1/clips/"+clipID+"/video", len(video)
	for _, c := range []struct {
		ranges string
		status int
		want   []byte
	}{
		{"", 200, video},
		{"bytes=0-9", 206, video[:10]},
		{fmt.Sprintf("bytes=%d-", size-5), 206, video[size-5:]},
		{"bytes=-7", 206, video[size-7:]},
		{fmt.Sprintf("bytes=10-%d", 10*size), 206, video[10:]},
		{fmt.Sprintf("bytes=%d-", size), 416, nil},
		{"bytes=9-3", 416, nil},
		{"bytes=x", 416, nil},
	} {
		reply, body := s.ask("GET", path, "", "Range", c.ranges)
		if reply.status != c.status || c.want != nil && body != string(c.want) {
			t.Errorf("%q: %d with %d bytes, want %d with %d", c.ranges, reply.status, len(body), c.status, len(c.want))
		}
		if c.status == 416 && reply.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%q: %s", c.ranges, body)
		}
	}
	reply, _ := s.ask("GET", path+"?download", "")
	if got := reply.header.Get("Content-Disposition"); got != `attachment; filename="gate-`+clipID+`.mkv"` {
		t.Errorf("Content-Disposition %q", got)
	}
}

func TestThresholdAndConfigCheck(t *testing.T) {
	s := newScene(t)
	if reply, body := s.ask("PUT", "/api/v1/thresholds", `{"view": "gate", "label": "wave", "score": 0.7}`); reply.status != 204 || *s.set.Load() != "gatewave0.7" {
		t.Errorf("%d %s", reply.status, body)
	}
	if reply, body := s.ask("PUT", "/api/v1/enabled", `{"view": "gate", "enabled": false}`); reply.status != 204 || *s.set.Load() != "gatefalse" {
		t.Errorf("%d %s", reply.status, body)
	}
	if _, body := s.ask("POST", "/api/v1/config/check", "cameras: 3"); !strings.Contains(body, `{"line":1,"key":"k","text":"cameras: 3"}`) {
		t.Errorf("%s", body)
	}
	if reply, body := s.ask("GET", "/api/v1/support", ""); body != "all is well" || !strings.Contains(reply.header.Get("Content-Disposition"), "edged-support-cottage.txt") {
		t.Errorf("%s", body)
	}
}

func TestHistoryHasCurvesAndStatus(t *testing.T) {
	s := newScene(t)
	s.History.Add(time.UnixMilli(7), map[string]float64{"cpu": 1.5})
	if _, body := s.ask("GET", "/api/v1/history", ""); !strings.HasPrefix(body, `{"times":[7],"series":{"cpu":[1.5]},"status":`) {
		t.Errorf("%s", body)
	}
}

func TestWhoMayNotSeeGetsNothing(t *testing.T) {
	s := newScene(t)
	ids := strings.NewReplacer("{camera}", "gate", "clips/{id}", "clips/"+clipID, "{id}", "5f1c09ab-1")
	asked := 0
	for permission, status := range map[Permission]int{NeedsLogin: 401, NoPassword: 403} {
		s.access.Store(int32(permission))
		for _, route := range s.routes {
			method, path, _ := strings.Cut(ids.Replace(route), " ")
			if !strings.HasPrefix(path, "/api/v1/") || strings.HasSuffix(path, "/login") || strings.HasSuffix(path, "/logout") {
				continue
			}
			asked++
			if reply, body := s.ask(method, path, "{}"); reply.status != status || !strings.Contains(body, `"detail"`) {
				t.Errorf("%s: %d %s, want %d", route, reply.status, body, status)
			}
		}
	}
	if asked < 2*30 {
		t.Errorf("only %d requests: the API has more than 30 routes", asked)
	}
	s.access.Store(int32(NoPassword))
	if reply, body := s.ask("GET", "/", ""); reply.status != 403 || !strings.Contains(body, "web.password_file") {
		t.Errorf("the page without a password: %d %s; want it to say why", reply.status, body)
	}
}

func TestPageUnderAPath(t *testing.T) {
	s := newScene(t)
	for _, c := range []struct{ header, value, prefix, want string }{
		{"X-None", "", "", `<base href="/">`},
		{"X-None", "", "/edged/", `<base href="/edged/">`},
		{"X-Ingress-Path", "/api/hassio_ingress/Ab-1_x", "", `<base href="/api/hassio_ingress/Ab-1_x/">`},
		{"X-Forwarded-Prefix", "/edged", "/other", `<base href="/edged/">`},
		{"X-Forwarded-Prefix", `/"><script>`, "", `<base href="/">`},
		{"X-Forwarded-Prefix", "//evil.example", "", `<base href="/">`},
		{"X-Forwarded-Prefix", "javascript:alert(1)", "", `<base href="/">`},
	} {
		s.Prefix = c.prefix
		reply, body := s.ask("GET", "/events/5f1c09ab-1", "", c.header, c.value)
		if !strings.Contains(body, c.want) || strings.Contains(reply.header.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s %q: no %s", c.header, c.value, c.want)
		}
	}
}

// The page is light, without pictures: what a browser gets of all screens together, and what it then holds of the screens that are loaded at once.
func TestPageWeight(t *testing.T) {
	sent, atOnce := 0, 0
	for name, a := range assets() {
		if strings.HasSuffix(name, ".txt") {
			continue
		}
		sent += len(a.packed)
		if !strings.HasPrefix(name, "static/teach/") { // loaded by those who open Teach
			atOnce += len(a.body)
		}
	}
	t.Logf("%d bytes are sent for all screens; %d bytes are held without Teach", sent, atOnce)
	if sent > 75_000 || atOnce > 150_000 {
		t.Error("want 75 kB and 150 kB at most")
	}
}

func TestFilesAreNotSentTwice(t *testing.T) {
	s := newScene(t)
	reply, body := s.ask("GET", "/static/app.js", "")
	if body == "" || !strings.HasPrefix(reply.header.Get("Content-Type"), "text/javascript") {
		t.Errorf("%d bytes of %s", len(body), reply.header.Get("Content-Type"))
	}
	if reply, body = s.ask("GET", "/static/app.js", "", "If-None-Match", reply.header.Get("ETag")); reply.status != 304 || body != "" {
		t.Errorf("%d with %d bytes, want 304", reply.status, len(body))
	}
}

func TestFilesAreSentInGzipToWhoTakesIt(t *testing.T) {
	s := newScene(t)
	_, plain := s.ask("GET", "/static/style.css", "", "Accept-Encoding", "identity")
	for accept, want := range map[string]bool{"gzip": true, "deflate, gzip;q=0.5": true, "gzip;q=0": false, "gzip; q=0.000": false, "br": false} {
		reply, body := s.ask("GET", "/static/style.css", "", "Accept-Encoding", accept)
		if got := reply.header.Get("Content-Encoding") == "gzip"; got != want || reply.header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: gzip %t, want %t; Vary %q", accept, got, want, reply.header.Get("Vary"))
			continue
		}
		if want {
			unpacked, err := gzip.NewReader(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(unpacked)
			body = string(text)
			if err != nil || len(text) == 0 {
				t.Errorf("%d bytes, %v", len(text), err)
			}
		}
		if body != plain {
			t.Errorf("Accept-Encoding %q: another file", accept)
		}
	}
}

// stream is an answer that goes on.
type stream struct {
	*bufio.Reader
	header http.Header
	close  func() error
}

// open asks for a stream.
func (s *scene) open(path string) stream {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.server.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { reply.Body.Close() })
	return stream{bufio.NewReader(reply.Body), reply.Header, reply.Body.Close}
}

func TestStreamSaysWhatHappens(t *testing.T) {
	s := newScene(t)
	in := s.open("/api/v1/stream")
	awaitLine := func(want string) {
		t.Helper()
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatalf("%q never comes: %v", want, err)
			}
			if strings.Contains(line, want) {
				return
			}
		}
	}
	awaitLine("event: hello")
	awaitLine(`{"began":"` + s.began + `","cameras":[{"name":"gate",`)
	s.Sink().Window(sink.Window{View: "gate", Scores: []float32{0.25, 0.75}})
	awaitLine(`"scores":[0.2500,0.7500]`)
	s.Sink().Camera(sink.Camera{Name: "gate", Reason: errors.New("unplugged")})
	awaitLine(`{"name":"gate","online":false,"reason":"unplugged"}`)
	s.Sink().View(sink.View{Path: "gate", Enabled: true, Thresholds: map[string]float64{"wave": 0.5}})
	awaitLine(`{"enabled":true,"path":"gate","thresholds":{"wave":0.5}}`)
	s.Timeline.Event(sink.Event{ID: sink.ID{Run: "5f1c09ab", N: 2}, Label: "fall", Phase: sink.Start})
	awaitLine(`"id":"5f1c09ab-2"`)
}

func TestNobodyLooksNothingIsMade(t *testing.T) {
	s := newScene(t)
	w := sink.Window{View: "gate", Scores: []float32{0.25, 0.75}}
	if n := testing.AllocsPerRun(100, func() { s.Sink().Window(w) }); n != 0 {
		t.Errorf("%v allocations for a window that nobody sees", n)
	}
	if s.Live["gate"].Due(time.Second, true) {
		t.Error("a live picture is made for nobody")
	}
}

func (s *scene) awaitViewers(n int) {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); s.Live["gate"].Viewers() != n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%d viewers, want %d", s.Live["gate"].Viewers(), n)
		}
	}
}

func TestLivePictures(t *testing.T) {
	s := newScene(t)
	in := s.open("/api/v1/live?camera=gate")
	if !strings.HasPrefix(in.header.Get("Content-Type"), "multipart/x-mixed-replace") {
		t.Error(in.header.Get("Content-Type"))
	}
	s.awaitViewers(1)
	for n := range 3 {
		s.Live["gate"].Picture(pictures.Picture{JPEG: []byte{0xff, byte(n)}, Time: time.Duration(n) * time.Second})
		var part string
		for !strings.HasSuffix(part, "--"+boundary+"\r\nContent-Type: image/jpeg\r\nContent-Length: 2\r\nX-Camera: gate\r\n") {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			part += line
		}
		for !strings.HasSuffix(part, "\r\n\r\n") {
			line, _ := in.ReadString('\n')
			part += line
		}
		var jpeg [4]byte
		if _, err := io.ReadFull(in, jpeg[:]); err != nil || jpeg[1] != byte(n) {
			t.Fatalf("picture %d: %v %v", n, jpeg, err)
		}
	}
	_ = in.close()
	s.awaitViewers(0)
}

func TestPicture(t *testing.T) {
	testkit.Slow(t)
	s := newScene(t)
	got := make(chan string)
	go func() {
		_, body := s.ask("GET", "/api/v1/cameras/gate/picture", "")
		got <- body
	}()
	s.awaitViewers(1)
	s.Live["gate"].Picture(pictures.Picture{JPEG: []byte("jpeg"), Time: time.Second})
	if body := <-got; body != "jpeg" {
		t.Errorf("%q", body)
	}
	if reply, body := s.ask("GET", "/api/v1/cameras/gate/picture", ""); reply.status != 503 || !strings.Contains(body, "offline") {
		t.Errorf("without a picture: %d %s", reply.status, body)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	s := newScene(t)
	for range maxStreams {
		s.open("/api/v1/stream")
	}
	if reply, body := s.ask("GET", "/api/v1/live", ""); reply.status != 503 || reply.header.Get("Retry-After") == "" {
		t.Errorf("stream %d: %d %s", maxStreams+1, reply.status, body)
	}
}

// When a session ends, or access is taken away, streams end with the next sign of life.
func TestStreamEndsWithItsSession(t *testing.T) {
	testkit.Slow(t)
	s := newScene(t)
	in := s.open("/api/v1/stream")
	s.access.Store(int32(NeedsLogin))
	ctx, cancel := context.WithTimeout(t.Context(), 3*tickEvery)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, in)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		t.Error("the stream goes on")
	}
}

// From the model's decision to a client that has read it.
func TestEventReachesThePageSoon(t *testing.T) {
	s := newScene(t)
	in := s.open("/api/v1/stream")
	arrived := make(chan time.Time, 1)
	go func() {
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if strings.Contains(line, `"label":"fall"`) {
				arrived <- time.Now()
			}
		}
	}()
	for deadline := time.Now().Add(20 * time.Second); s.hub.clients.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the client does not join")
		}
	}
	took := make([]time.Duration, 500)
	for n := range took {
		began := time.Now()
		s.Timeline.Event(sink.Event{ID: sink.ID{Run: "0a1b2c3d", N: uint64(n)}, Label: "fall", Phase: sink.Start, Start: time.Duration(n)})
		took[n] = (<-arrived).Sub(began)
	}
	slices.Sort(took)
	t.Logf("half of the events within %v, 99 of 100 within %v", took[250], took[495])
	if took[250] > 500*time.Millisecond {
		t.Errorf("half of the events take more than %v", took[250])
	}
}
