package main

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"edged/capture"
	"edged/infer"
	"edged/infer/engine"
	"edged/internal/config"
	"edged/models"
	"edged/publish/address"
)

// console prints what a person at the terminal wants to see; logs go elsewhere.
type console struct {
	lines   *lines
	dropped atomic.Uint64
}

func newConsole(out output) *console {
	c := new(console)
	c.lines = newLines(out, &c.dropped, func(w io.Writer, n uint64) {
		fmt.Fprintf(w, "(%d lines are missing here: the terminal did not take them)\n", n)
	})
	return c
}

func (c *console) printf(format string, args ...any) { fmt.Fprintf(c.lines, format, args...) }

// banner says what runs and how to listen to it.
func (c *console) banner(cfg *config.Config, m *models.Model, info engine.Info, broker string) {
	c.printf("edged %s\n", version)
	for _, cam := range cfg.Cameras {
		c.printf("camera    %s: %s\n", cam.Name, capture.ShownSource(cam.Source))
	}
	c.printf("model     %s\n", describeModel(m))
	c.printf("delegate  %s\n", describeDelegate(info))
	c.printf("broker    %s\n", broker)
	if line := subscribeLine(cfg); line != "" {
		c.printf("subscribe %s\n", line)
	}
}

// subscribeLine is the command that shows everything this node publishes; "" where it would want a password, TLS or websockets.
func subscribeLine(cfg *config.Config) string {
	broker := cfg.MQTT.Broker
	if broker == config.Embedded {
		broker = "tcp://" + cfg.MQTT.Listen
	}
	u, err := address.Parse(broker)
	if err != nil || u.Scheme != "tcp" && u.Scheme != "mqtt" || cfg.MQTT.Username != "" {
		return ""
	}
	return fmt.Sprintf("mosquitto_sub -h %s -p %s -t 'edged/%s/#' -v", u.Hostname(), u.Port(), cfg.Node)
}

// event prints one line per start and end of an action.
func (c *console) event(camera string, e infer.Event) {
	now := time.Now().Format(time.TimeOnly)
	switch e.Phase {
	case infer.Start:
		c.printf("%s  %s  %-14s started, score %.2f\n", now, camera, e.Label, e.Score)
	case infer.End:
		c.printf("%s  %s  %-14s ended after %.1f s, peak %.2f\n", now, camera, e.Label, (e.End - e.Start).Seconds(), e.Peak)
	}
}

// status prints one line per change, but not into the journal, where the log has it.
func (c *console) status(camera string, online bool, reason error) {
	if inJournal {
		return
	}
	now := time.Now().Format(time.TimeOnly)
	if online {
		c.printf("%s  %s  online\n", now, camera)
		return
	}
	c.printf("%s  %s  offline: %s\n", now, camera, oneLine(reason))
}

// oneLine is the text of an error that may have several causes, each on a line of its own.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
