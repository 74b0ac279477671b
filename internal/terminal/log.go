package terminal

import (
	"bytes"
	"io"
	"log/slog"
	"strings"

	"github.com/coreos/go-systemd/v22/journal"
)

// Log is standard error: the log, and a command's last words.
type Log struct {
	*Lines
	level   slog.LevelVar
	journal bool
	recent  recent
}

// NewLog returns the log that writes to stderr, with levels as journald reads them if toJournal.
func NewLog(stderr io.Writer, toJournal bool) *Log {
	l := &Log{journal: toJournal}
	l.Lines = newLines(stderr, func(w io.Writer, n uint64) {
		l.logger(w).Warn("log: the reader was too slow; lines are missing here", "lines", n)
	})
	return l
}

// InJournal reports whether standard error goes to journald, which has times and levels of its own.
func InJournal() bool {
	yes, err := journal.StderrIsJournalStream()
	return err == nil && yes
}

// Logger returns the logger that writes to l.
func (l *Log) Logger() *slog.Logger { return l.logger(io.MultiWriter(&l.recent, l.Lines)) }

// SetLevel sets the lowest level that is logged: debug, info, warn or error. Anything else changes nothing.
func (l *Log) SetLevel(level string) { _ = l.level.UnmarshalText([]byte(level)) }

func (l *Log) logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: &l.level}
	if l.journal {
		w = journalWriter{w}
		options.ReplaceAttr = dropTime
	}
	return slog.New(slog.NewTextHandler(w, options))
}

func dropTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// journalWriter replaces the level at the beginning of each line by the prefix of sd-daemon(3), so that journalctl -p warning works.
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

// PrintError prints a command's error, for the journal as one error a line.
func (l *Log) PrintError(err error) {
	text := "edged: " + err.Error()
	if l.journal {
		text = journalPrefix["ERROR"] + strings.ReplaceAll(text, "\n", "\n"+journalPrefix["ERROR"])
	}
	_, _ = io.WriteString(l, text+"\n")
}
