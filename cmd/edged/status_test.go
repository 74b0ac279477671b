package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"
)

// shownNode is what the tests read of /status and of the stats topic.
type shownNode struct {
	Cameras         map[string]shownCamera `json:"cameras"`
	BrokerConnected bool                   `json:"broker_connected"`
}

type shownCamera struct {
	Online         bool                 `json:"online"`
	Reason         string               `json:"reason"`
	FramesPerSec   float64              `json:"frames_per_second"`
	Frames         uint64               `json:"frames"`
	DroppedCorrupt uint64               `json:"dropped_corrupt"`
	Views          map[string]shownView `json:"views"`
}

type shownView struct {
	Windows      uint64 `json:"windows"`
	WindowsGated uint64 `json:"windows_gated"`
}

// What another program answers is never passed on as edged's status.
func TestStatusOfAnotherProgram(t *testing.T) {
	for _, answer := range []string{"{}", "null", "[]", `{"node":5}`, "<html>", ""} {
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) }))
		for _, args := range [][]string{{"status", "--url", other.URL}, {"status", "--json", "--url", other.URL}} {
			if status, stdout, stderr := edged(t, args...); status != exitFailed || stdout != "" || !strings.Contains(stderr, "is not edged's") {
				t.Errorf("%q to %q: status %d, stdout %q, stderr %q", answer, args, status, stdout, stderr)
			}
		}
		other.Close()
	}
}

// What a daemon, or whatever answers in its place, says cannot control the terminal or forge a row.
func TestStatusOfAnUntrustworthyPeer(t *testing.T) {
	const evil = `\u001b[2J\nyard  online  30.0  0 of 9\r\u202e\u200b\u009b1m`
	status := `{"node": "` + evil + `", "version": "` + evil + `", "model": {"name": "` + evil + `"}, "broker": "` + evil + `", "outbox_error": "` + evil +
		`", "cameras": {"gate` + evil + `": {"online": true, "reason": "` + evil + `", "views": {"gate` + evil + `": {"problem": "` + evil + `"}}}}}`
	var answer string
	code := http.StatusOK
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, answer)
	}))
	defer peer.Close()
	for name, c := range map[string]struct {
		code   int
		answer string
		args   []string
		lines  int
	}{
		"table":        {http.StatusOK, status, nil, 10},
		"JSON":         {http.StatusOK, status, []string{"--json"}, 1},
		"not a status": {http.StatusOK, "\x1b[2J\nall is well\n", nil, 1},
		"refusal":      {http.StatusForbidden, "\x1b[2J\nall is well\n", nil, 1},
	} {
		answer, code = c.answer, c.code
		_, stdout, stderr := edged(t, append([]string{"status", "--url", peer.URL}, c.args...)...)
		said := stdout + stderr
		if n := strings.Count(strings.TrimRight(said, "\n"), "\n") + 1; n != c.lines {
			t.Errorf("%s: %d lines, want %d:\n%s", name, n, c.lines, said)
		}
		for _, r := range said {
			if r != '\n' && !unicode.IsGraphic(r) {
				t.Errorf("%s: %U in\n%q", name, r, said)
				break
			}
		}
	}
}
