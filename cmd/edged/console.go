package main

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"edged/infer"
	"edged/infer/engine"
	"edged/internal/config"
	"edged/models"
)

// console prints what a person at the terminal wants to see; logs go elsewhere.
type console struct {
	mu  sync.Mutex // cameras print beside each other
	out output
}

func (c *console) printf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = fmt.Fprintf(c.out, format, args...) // a closed terminal is no reason to stop watching
}

// banner says what runs and how to listen to it.
func (c *console) banner(cfg *config.Config, m *models.Model, info engine.Info) {
	c.printf("edged %s\n", version)
	for _, cam := range cfg.Cameras {
		c.printf("camera    %s: %s\n", cam.Name, cam.Source)
	}
	c.printf("model     %s\n", describeModel(m))
	c.printf("delegate  %s\n", describeDelegate(info))
	c.printf("broker    %s\n", describeBroker(cfg.MQTT))
	c.printf("subscribe %s\n", subscribeLine(cfg))
}

// subscribeLine is the command that shows everything this node publishes.
func subscribeLine(cfg *config.Config) string {
	host, port, err := net.SplitHostPort(brokerAddress(cfg.MQTT))
	if err != nil {
		host, port = brokerAddress(cfg.MQTT), "1883"
	}
	return fmt.Sprintf("mosquitto_sub -h %s -p %s -t 'edged/%s/#' -v", host, port, cfg.Node)
}

// brokerAddress is HOST:PORT, or HOST alone where the configuration leaves the port out.
func brokerAddress(m config.MQTT) string {
	if m.Broker == config.Embedded {
		return m.Listen
	}
	_, address, _ := strings.Cut(m.Broker, "://")
	return address
}

// event prints one line per start and end of an action.
func (c *console) event(camera string, e infer.Event) {
	now := time.Now().Format(time.TimeOnly)
	if e.Phase == infer.Start {
		c.printf("%s  %s  %-14s started, score %.2f\n", now, camera, e.Label, e.Score)
		return
	}
	c.printf("%s  %s  %-14s ended after %.1f s, peak %.2f\n", now, camera, e.Label, (e.End - e.Start).Seconds(), e.Peak)
}

// status prints one line per change.
func (c *console) status(camera string, online bool, reason error) {
	now := time.Now().Format(time.TimeOnly)
	if online {
		c.printf("%s  %s  online\n", now, camera)
		return
	}
	c.printf("%s  %s  offline: %v\n", now, camera, reason)
}
