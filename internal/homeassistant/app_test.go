package homeassistant

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"edged/internal/config"
)

const mosquitto = `{"result":"ok","data":{"addon":"core_mosquitto","host":"core-mosquitto","port":1883,"ssl":false,"protocol":"3.1.1","username":"addons","password":"s3cret: \"x\""}}`

// supervisor stands in for the Supervisor's API.
func supervisor(t *testing.T, status int, answer string) App {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/services/mqtt" || r.Header.Get("Authorization") != "Bearer token" {
			t.Errorf("asked for %s with %v", r.URL, r.Header)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(s.Close)
	dir := t.TempDir()
	return App{
		Options: filepath.Join(dir, "options.json"), Own: filepath.Join(dir, "edged.yaml"), State: filepath.Join(dir, "state"),
		Supervisor: s.URL, Token: "token",
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOptionsBecomeTheConfiguration(t *testing.T) {
	a := supervisor(t, http.StatusOK, mosquitto)
	write(t, a.Options, `{"camera": "/dev/video2", "model": "people", "follow": true, "record": true, "log_level": "debug"}`)
	c, err := a.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c.Cameras[0].Source != "v4l2:/dev/video2" || c.Cameras[0].Follow != config.DefaultFollow || c.Model.File != "people" || c.Log.Level != "debug" || c.Node != "home" {
		t.Errorf("%+v", c)
	}
	if c.MQTT.Broker != "tcp://core-mosquitto:1883" || c.MQTT.Username != "addons" || c.MQTT.Password() != `s3cret: "x"` {
		t.Errorf("the broker: %s as %s with %q", c.MQTT.Broker, c.MQTT.Username, c.MQTT.Password())
	}
	if c.Web.Listen != pageAddress || c.Web.TrustedProxy != ingress || c.Record.Dir != filepath.Join(a.State, "clips") {
		t.Errorf("%+v %+v", c.Web, c.Record)
	}
}

func TestOwnFileTakesThePlaceOfTheOptions(t *testing.T) {
	a := supervisor(t, http.StatusOK, mosquitto)
	write(t, a.Options, `{"camera": "/dev/video2"}`)
	write(t, a.Own, "node: cellar\ncameras:\n  - name: door\n    source: \"pattern:\"\nweb:\n  listen: 127.0.0.1:1\n")
	c, err := a.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c.Node != "cellar" || c.Cameras[0].Name != "door" || c.MQTT.Broker != "tcp://core-mosquitto:1883" || c.Web.Listen != pageAddress {
		t.Errorf("%+v", c)
	}
	write(t, a.Own, "mqtt:\n  broker: tcp://192.168.1.9:1883\n")
	a.Supervisor = "http://127.0.0.1:1" // nobody asks it
	if c, err = a.Config(t.Context()); err != nil || c.MQTT.Broker != "tcp://192.168.1.9:1883" || c.Node != "home" {
		t.Errorf("%v, %v, %v", c.MQTT.Broker, c.Node, err)
	}
}

func TestCamerasAsPeopleWriteThem(t *testing.T) {
	for written, want := range map[string]string{
		"":                 "v4l2:auto",
		"/dev/video0\n":    "v4l2:/dev/video0",
		"pattern:":         "pattern:",
		"rtsp://a:b@cam/1": "rtsp://a:b@cam/1",
	} {
		if got := source(written); got != want {
			t.Errorf("%q becomes %q, want %q", written, got, want)
		}
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	for what, c := range map[string]struct {
		status       int
		answer, want string
		change       func(*App)
	}{
		"no broker":            {http.StatusBadRequest, `{"result":"error","message":"Service not enabled"}`, `Install and start the app "Mosquitto broker"`, nil},
		"no right":             {http.StatusForbidden, `{"result":"error"}`, "mqtt:need", nil},
		"no JSON":              {http.StatusBadGateway, "<html>", "status 502", nil},
		"no Supervisor":        {0, "", "use \"edged run\"", func(a *App) { a.Token = "" }},
		"no options":           {0, "", "options.json", func(a *App) { _ = os.Remove(a.Options) }},
		"broken options":       {0, "", "options.json", func(a *App) { _ = os.WriteFile(a.Options, []byte("{"), 0o600) }},
		"a level that is none": {http.StatusOK, mosquitto, "log.level", func(a *App) { _ = os.WriteFile(a.Options, []byte(`{"log_level": "loud"}`), 0o600) }},
		"a broken file":        {0, "", "edged.yaml", func(a *App) { _ = os.WriteFile(a.Own, []byte("camera: x\n"), 0o600) }},
	} {
		a := supervisor(t, c.status, c.answer)
		write(t, a.Options, "{}")
		if c.change != nil {
			c.change(&a)
		}
		if _, err := a.Config(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
}

// A board that starts may have no Supervisor yet.
func TestASupervisorThatDoesNotAnswerIsAskedAgain(t *testing.T) {
	defer func(old time.Duration) { pause = old }(pause)
	pause = time.Millisecond
	var asked atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write([]byte(mosquitto))
	}))
	defer s.Close()
	a := supervisor(t, http.StatusOK, mosquitto)
	write(t, a.Options, "{}")
	a.Supervisor = s.URL
	if c, err := a.Config(t.Context()); err != nil || c.MQTT.Broker != "tcp://core-mosquitto:1883" || asked.Load() != 3 {
		t.Errorf("asked %d times: %v", asked.Load(), err)
	}
}
