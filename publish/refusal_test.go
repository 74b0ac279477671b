package publish

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

func TestConnectErrorsNameTheReason(t *testing.T) {
	refused := errors.New("connection refused")
	for _, c := range []struct {
		name         string
		dialErr, err error
		code         byte
		want         string
	}{
		{"no listener", refused, fmt.Errorf("paho: %w", refused), packets.ErrNetworkError, "connection refused"},
		{"old broker", nil, errors.New("x"), 1, "does not speak MQTT 3.1.1"},
		{"client id", nil, errors.New("x"), 2, "bad client id"},
		{"busy", nil, errors.New("x"), 3, "not taking connections now"},
		{"credentials", nil, errors.New("x"), 4, "bad credentials"},
		{"rights", nil, errors.New("x"), 5, "not authorised"},
		{"silence", nil, fmt.Errorf("read: %w", os.ErrDeadlineExceeded), packets.ErrNetworkError, "did not answer within 5s"},
		{"hung up", nil, fmt.Errorf("read: %w", io.EOF), packets.ErrNetworkError, "closed the connection instead of answering"},
	} {
		if got := connectError(c.dialErr, c.err, c.code); !strings.Contains(got.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, got, c.want)
		}
	}
}

func TestIDContest(t *testing.T) {
	type loss struct {
		lived time.Duration
		err   error
	}
	refused := errors.New("connection refused")
	for _, c := range []struct {
		name   string
		losses []loss
		want   bool // after the last
	}{
		{"thrown out three times", []loss{{time.Second, io.EOF}, {2 * time.Second, io.EOF}, {9 * time.Second, io.EOF}}, true},
		{"thrown out twice", []loss{{time.Second, io.EOF}, {time.Second, io.EOF}}, false},
		{"broker restarts", []loss{{time.Second, io.EOF}, {0, refused}, {time.Second, io.EOF}, {0, refused}, {time.Second, io.EOF}}, false},
		{"long lives", []loss{{time.Hour, io.EOF}, {time.Hour, io.EOF}, {time.Hour, io.EOF}}, false},
		{"bad link", []loss{{1, os.ErrDeadlineExceeded}, {1, os.ErrDeadlineExceeded}, {1, os.ErrDeadlineExceeded}}, false},
	} {
		var contest idContest
		var got bool
		for _, l := range c.losses {
			got = contest.recordLoss("tcp://b", l.lived, l.err)
		}
		if got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// What differs in each try, a port of our own or the time in a certificate's error, makes no new reason.
func TestAnOutageOfManyPortsAndTimesIsToldOnce(t *testing.T) {
	told := outage{}
	warnings := 0
	for n := range 1000 {
		for _, err := range []error{
			fmt.Errorf("lookup broker.lan on 192.168.1.1:53: read udp 192.168.1.7:%d->192.168.1.1:53: i/o timeout", 40000+n),
			fmt.Errorf("x509: certificate has expired or is not yet valid: current time 2026-11-25T22:%02d:%02dZ is after 2026-01-01T00:00:00Z", n/60, n%60),
		} {
			if told.recordReason("tcp://a", 0, err) == slog.LevelWarn {
				warnings++
			}
		}
	}
	if warnings != 2 || len(told) != 2 {
		t.Errorf("%d warnings, %d reasons kept; want 2", warnings, len(told))
	}
	for n := range 1000 { // whatever else may differ
		told.recordReason("tcp://a", 0, errors.New(strings.Repeat("x", n)))
	}
	if len(told) > maxReasons {
		t.Errorf("%d reasons are kept", len(told))
	}
}

func TestOutageIsToldOnce(t *testing.T) {
	refused, denied := errors.New("connection refused"), errors.New("bad credentials")
	told := outage{}
	for i, c := range []struct {
		broker string
		lived  time.Duration
		err    error
		want   slog.Level
	}{
		{"tcp://a", 0, refused, slog.LevelWarn},
		{"tcp://a", 0, refused, slog.LevelDebug},
		{"tcp://b", 0, refused, slog.LevelWarn},
		{"tcp://a", 0, denied, slog.LevelWarn},
		{"tcp://a", 0, refused, slog.LevelDebug},
		{"tcp://a", time.Second, io.EOF, slog.LevelWarn},
		{"tcp://a", time.Second, io.EOF, slog.LevelWarn},
		{"tcp://a", 0, refused, slog.LevelWarn},
	} {
		if got := told.recordReason(c.broker, c.lived, c.err); got != c.want {
			t.Errorf("%d: %v, %v", i, c, got)
		}
	}
}
