package main

import (
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
)

func TestJournalKnowsTheLevels(t *testing.T) {
	for toJournal, want := range map[bool]string{
		true:  "<3>msg=\"it hangs\" error=\"a\\nb\"\n<4>msg=offline reason=\"level=INFO\"\n<6>msg=online\n",
		false: "level=ERROR msg=\"it hangs\" error=\"a\\nb\"\nlevel=WARN msg=offline reason=\"level=INFO\"\nlevel=INFO msg=online\n",
	} {
		var out strings.Builder
		log := newLog(io.Writer(&out), toJournal)
		log.Error("it hangs", "error", errors.New("a\nb"))
		log.Warn("offline", "reason", "level=INFO")
		log.Info("online")
		log.Debug("not shown")
		got := out.String()
		if !toJournal { // a terminal's lines begin with the time
			var lines []string
			for line := range strings.Lines(got) {
				_, rest, _ := strings.Cut(line, " ")
				lines = append(lines, rest)
			}
			got = strings.Join(lines, "")
		}
		if got != want {
			t.Errorf("journal %t: got\n%swant\n%s", toJournal, got, want)
		}
	}
	if got, want := errorText(errors.New("a\nb"), true), "<3>edged: a\n<3>b\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if newLog(io.Discard, true).Enabled(t.Context(), slog.LevelDebug) {
		t.Error("the level of the configuration does not count")
	}
}
