package terminal

import (
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
)

func TestTheJournalGetsLevels(t *testing.T) {
	for toJournal, want := range map[bool]string{
		true:  "<3>msg=\"it hangs\" error=\"a\\nb\"\n<4>msg=offline reason=\"level=INFO\"\n<6>msg=online\n<3>edged: a\n<3>b\n",
		false: "level=ERROR msg=\"it hangs\" error=\"a\\nb\"\nlevel=WARN msg=offline reason=\"level=INFO\"\nlevel=INFO msg=online\nedged: a\nb\n",
	} {
		var out strings.Builder
		log := NewLog(&out, toJournal)
		stop := log.Start()
		logger := log.Logger()
		logger.Error("it hangs", "error", errors.New("a\nb"))
		logger.Warn("offline", "reason", "level=INFO")
		logger.Info("online")
		logger.Debug("not shown")
		log.PrintError(errors.New("a\nb"))
		stop()
		got := ""
		for line := range strings.Lines(out.String()) {
			got += strings.TrimPrefix(line, timeOf(line))
		}
		if got != want {
			t.Errorf("journal %t: got\n%swant\n%s", toJournal, got, want)
		}
	}
}

// timeOf is the time with which a line for a terminal begins.
func timeOf(line string) string {
	if before, _, found := strings.Cut(line, "level="); found && strings.HasPrefix(before, "time=") {
		return before
	}
	return ""
}

func TestSetLevel(t *testing.T) {
	log := NewLog(io.Discard, true)
	for _, c := range []struct {
		level string
		debug bool
	}{{"debug", true}, {"nonsense", true}, {"info", false}} {
		log.SetLevel(c.level)
		if got := log.Logger().Enabled(t.Context(), slog.LevelDebug); got != c.debug {
			t.Errorf("%s: debug enabled %t", c.level, got)
		}
	}
}
