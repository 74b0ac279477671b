//go:build homeassistant

package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"edged/internal/testkit"
)

// A real Home Assistant shows who is in a zone, what they do there, who comes and goes, and how long the last one stayed.
func TestHomeAssistantShowsZones(t *testing.T) {
	broker := testkit.StartMosquitto(t)
	walkers := filepath.Join(os.Getenv("EDGED_CACHE"), "footage", "vtest.avi")
	config := write(t, "edged.yaml", "node: kitchen\nweb: {listen: ''}\nmqtt: {broker: '"+broker.URL()+"'}\ncameras: [{name: walk, source: 'file:"+walkers+
		"', follow: true, zones: {way: [[0.3, 0.2], [0.7, 0.2], [0.7, 1], [0.3, 1]], sky: [[0, 0], [0.1, 0], [0, 0.02]]}}]\n")
	p := startEdged(t, "run", "-c", config)
	p.line(t, "online")
	h := startHomeAssistant(t, broker.Address)
	h.untilState("binary_sensor.kitchen_walk_zone_way", "on")
	h.untilState("binary_sensor.kitchen_walk_zone_sky", "off")
	h.untilState("binary_sensor.kitchen_walk_zone_way_walk", "on")
	h.until("event.kitchen_walk_zone_way_event", "somebody comes or goes", func(e entity) bool {
		kind, _ := e.Attributes["event_type"].(string)
		return kind == "enter" || kind == "leave"
	})
	h.until("sensor.kitchen_walk_zone_way_last", "how long the last one stayed", func(e entity) bool {
		seconds, err := strconv.ParseFloat(e.State, 64)
		return err == nil && seconds > 0
	})
	for _, line := range h.warnings() {
		if !strings.HasPrefix(line, "aiohttp_fast_zlib") {
			t.Errorf("Home Assistant warns: %s", line)
		}
	}
}
