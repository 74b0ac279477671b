package node

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"edged/internal/config"
	"edged/publish"
)

// Files of Linux that say what the machine is and how warm. They are variables for the tests.
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

// cpuTemperature is in °C, nil where the machine does not say.
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

// maxEntities is how many labels Home Assistant shows one by one; of a model with more, those that the configuration has
// something to say of. All of them are in the events.
const maxEntities = 50

func entities(labels []string, detect config.Detect) []string {
	if len(labels) <= maxEntities {
		return nil
	}
	named := []string{}
	for label := range detect.Labels {
		named = append(named, label)
	}
	return named
}

// sensors are the values of nodeStats that Home Assistant shows.
func sensors(cameras []publish.Camera) []publish.Sensor {
	const measurement, total = "measurement", "total_increasing"
	list := []publish.Sensor{{
		ID: "events_waiting", Name: "events waiting", Value: "value_json.events_waiting", StateClass: measurement, Icon: "mdi:tray-full",
	}}
	if cpuTemperature() != nil {
		list = append(list, publish.Sensor{
			ID: "cpu_temperature", Name: "CPU temperature", Value: "value_json.cpu_temperature_celsius",
			Unit: "°C", Class: "temperature", StateClass: measurement,
		})
	}
	for _, cam := range cameras {
		of := fmt.Sprintf("value_json.cameras['%s'].", cam.Name) // letters, digits, _ and -
		list = append(list,
			publish.Sensor{
				ID: cam.Name + "/frame_rate", Name: cam.Name + " frame rate", Value: of + "frames_per_second | round(1)",
				Unit: "fps", StateClass: measurement, Icon: "mdi:filmstrip",
			},
			publish.Sensor{
				ID: cam.Name + "/frames_dropped", Name: cam.Name + " frames dropped",
				Value: of + "dropped", Unit: "frames", StateClass: total, Icon: "mdi:image-broken",
			})
		for _, path := range cam.Paths() {
			list = append(list, publish.Sensor{
				ID: path + "/inference_time", Name: strings.ReplaceAll(path, "/", " ") + " inference time",
				Value: fmt.Sprintf("%sviews['%s'].invoke_ms | round(1)", of, path),
				Unit:  "ms", Class: "duration", StateClass: measurement,
			})
		}
	}
	return list
}
