package main

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/coreos/go-systemd/v22/journal"
)

// logLevel is raised or lowered by the configuration.
var logLevel = new(slog.LevelVar)

// logDropped counts the lines that stderr did not take.
var logDropped atomic.Uint64

// logLines is stderr for the log and for a command's last words.
func logLines(stderr io.Writer) *lines {
	return newLines(stderr, &logDropped, func(w io.Writer, n uint64) {
		newLog(w, inJournal).Warn("log: lines are missing here: nobody took them", "lines", n)
	})
}

// inJournal says whether stderr goes to journald, which has times and levels of its own.
var inJournal = func() bool {
	yes, err := journal.StderrIsJournalStream()
	return err == nil && yes
}()

// newLog writes the log to w; for the journal with the levels as it reads them, so that journalctl -p warning works.
func newLog(w io.Writer, toJournal bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: logLevel}
	if toJournal {
		w = journalWriter{w}
		options.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// journalWriter puts sd-daemon(3)'s prefix in the place of the level with which each line begins.
type journalWriter struct{ w io.Writer }

var journalPrefix = map[string]string{"DEBUG": "<7>", "INFO": "<6>", "WARN": "<4>", "ERROR": "<3>"}

func (j journalWriter) Write(line []byte) (int, error) {
	if level, rest, found := bytes.Cut(line, []byte(" ")); found {
		if prefix := journalPrefix[strings.TrimPrefix(string(level), "level=")]; prefix != "" {
			_, err := j.w.Write(append([]byte(prefix), rest...))
			return len(line), err
		}
	}
	return j.w.Write(line)
}

// errorText is a command's last words, for the journal as errors line by line.
func errorText(err error, toJournal bool) string {
	text := "edged: " + err.Error()
	if toJournal {
		text = journalPrefix["ERROR"] + strings.ReplaceAll(text, "\n", "\n"+journalPrefix["ERROR"])
	}
	return text + "\n"
}
