package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
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
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, answer) }))
		for _, args := range [][]string{{"status", "--url", other.URL}, {"status", "--json", "--url", other.URL}} {
			if status, stdout, stderr := edged(t, args...); status != exitFailed || stdout != "" || !strings.Contains(stderr, "is not edged's") {
				t.Errorf("%q to %q: status %d, stdout %q, stderr %q", answer, args, status, stdout, stderr)
			}
		}
		other.Close()
	}
}
