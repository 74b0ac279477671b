package node

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"edged/internal/config"
)

// Files of Linux that say what the machine is and how warm it is. They are variables for the tests.
var (
	boardFiles      = []string{"/proc/device-tree/model", "/sys/class/dmi/id/product_name"}
	temperatureFile = "/sys/class/thermal/thermal_zone0/temp"
)

// board is the machine's model: "Raspberry Pi 5 Model B Rev 1.0"; "" = unknown.
func board() string {
	for _, path := range boardFiles {
		if b, err := os.ReadFile(path); err == nil {
			return strings.Trim(string(b), "\x00 \n")
		}
	}
	return ""
}

// cpuTemperature is in °C; nil if the machine does not report it.
func cpuTemperature() *float64 {
	b, err := os.ReadFile(temperatureFile)
	if err != nil {
		return nil
	}
	milli, err := strconv.ParseFloat(strings.TrimSpace(string(b)), 64)
	if err != nil {
		return nil
	}
	celsius := milli / 1000
	return &celsius
}

// maxEntities is how many labels get entities of their own in Home Assistant, and maxZoneEntities how many entities these may be in all zones of a
// view. Of more, only the labels under detect.labels get one. The events and topics have all of them.
const (
	maxEntities     = 50
	maxZoneEntities = 120 // eight zones with the labels of people
)

func entities(labels []string, detect config.Detect) []string {
	if len(labels) <= maxEntities {
		return nil
	}
	return named(detect)
}

// named returns the labels under detect.labels. It is never nil, which would stand for all labels.
func named(detect config.Detect) []string {
	return slices.AppendSeq([]string{}, maps.Keys(detect.Labels))
}
