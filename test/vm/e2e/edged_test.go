package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// edged is a running edged run.
type edged struct{ *process }

const web = "127.0.0.1:9797"

// startEdged runs it with these cameras, given as YAML, as a user with that number.
func startEdged(t *testing.T, cameras string, uid uint32) edged {
	t.Helper()
	path := filepath.Join("/tmp", t.Name()+".yaml")
	const head = "node: guest\nmqtt: {broker: \"tcp://127.0.0.1:1883\", scores: true, scores_every: 0s}\nweb: {listen: \"" + web + "\"}\n" +
		"detect: {stride: 16}\ncameras:\n" // a window of each in two seconds is what the emulated CPU can do
	if err := os.WriteFile(path, []byte(head+cameras), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), payload+"edged", "run", "-c", path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	e := edged{launch(t, cmd)}
	e.expect("its page", func(l string) bool { return strings.Contains(l, "metrics and status") })
	return e
}

// line is one of edged's log.
type line struct {
	at   time.Time
	text string
}

var stamp = regexp.MustCompile(`^time=(\S+)`)

// awaitLog returns the camera's next line with that text.
func (e edged) awaitLog(camera, text string) line {
	e.t.Helper()
	found := e.expect("log of camera "+camera+": "+text, func(l string) bool { return ofCamera(l, camera) && strings.Contains(l, text) })
	at, err := time.Parse(time.RFC3339, stamp.FindStringSubmatch(found)[1])
	if err != nil {
		e.t.Fatal(err)
	}
	return line{at, found}
}

func ofCamera(line, camera string) bool {
	return stamp.MatchString(line) && strings.Contains(line, " camera="+camera+" ")
}

// logged returns what was logged of the camera since the n-th line.
func (e edged) logged(since int, camera string) (lines []string) {
	for _, l := range e.said[since:] {
		if ofCamera(l, camera) {
			lines = append(lines, l)
		}
	}
	return lines
}

// status asks edged itself.
func (e edged) status(camera string) stats {
	e.t.Helper()
	var s struct{ Cameras map[string]stats }
	if err := json.Unmarshal([]byte(e.get("/status")), &s); err != nil {
		e.t.Fatal(err)
	}
	c := s.Cameras[camera]
	c.view = c.Views[camera]
	return c
}

func (e edged) get(page string) string {
	e.t.Helper()
	response, err := http.Get("http://" + web + page) //nolint:noctx // the guest's time is bounded
	if err != nil {
		e.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	return string(body)
}

// until waits for the camera's counters to get there.
func (e edged) until(camera, what string, ok func(stats) bool) stats {
	e.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		s := e.status(camera)
		if ok(s) {
			return s
		}
		if time.Now().After(deadline) {
			e.t.Fatalf("camera %s: no %s within %v: %+v", camera, what, patience, s)
		}
	}
}

// metric is a value of /metrics, by its name.
func (e edged) metric(name string) (value float64) {
	e.t.Helper()
	for l := range strings.Lines(e.get("/metrics")) {
		if n, _ := fmt.Sscanf(l, name+" %g", &value); n == 1 {
			return value
		}
	}
	e.t.Fatalf("no metric %s", name)
	return 0
}
