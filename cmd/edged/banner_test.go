package main

import (
	"testing"

	"edged/internal/config"
)

// A user who copies the line sees events.
func TestSubscribeLineWorks(t *testing.T) {
	for broker, want := range map[string]string{
		config.Embedded:         "mosquitto_sub -h 127.0.0.1 -p 1883 -t 'edged/board/#' -v",
		"tcp://broker.lan":      "mosquitto_sub -h broker.lan -p 1883 -t 'edged/board/#' -v",
		"mqtt://[fd00::1]:1884": "mosquitto_sub -h fd00::1 -p 1884 -t 'edged/board/#' -v",
		"mqtts://broker.lan":    "",
		"ws://broker.lan/mqtt":  "",
	} {
		cfg := config.Default()
		cfg.Node, cfg.MQTT.Broker = "board", broker
		if got := subscribeLine(cfg); got != want {
			t.Errorf("%s: %q, want %q", broker, got, want)
		}
		cfg.MQTT.Username = "me"
		if got := subscribeLine(cfg); got != "" {
			t.Errorf("%s with a password: %q", broker, got)
		}
	}
}
