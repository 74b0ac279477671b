package telemetry

import (
	"fmt"
	"strings"

	"edged/publish"
)

// Sensors are the values of the stats topic that Home Assistant shows. CanMeasureCPU says whether the machine reports the temperature of
// its processor.
func Sensors(cameras []publish.Camera, canMeasureCPU bool) []publish.Sensor {
	var list []publish.Sensor
	for _, s := range sensorsOf(nodeRows, "", "", "value_json.") {
		if s.ID != "cpu_temperature" || canMeasureCPU {
			list = append(list, s)
		}
	}
	for _, cam := range cameras {
		at := fmt.Sprintf("value_json.cameras['%s'].", cam.Name) // names have letters, digits, _ and - only
		list = append(list, sensorsOf(cameraRows, cam.Name+"/", cam.Name+" ", at)...)
		for _, path := range cam.Paths() {
			list = append(list, sensorsOf(viewRows, path+"/", strings.ReplaceAll(path, "/", " ")+" ", fmt.Sprintf("%sviews['%s'].", at, path))...)
		}
	}
	return list
}

func sensorsOf[S any](rows []Row[S], idPrefix, namePrefix, at string) []publish.Sensor {
	var list []publish.Sensor
	for _, row := range rows {
		s := row.Sensor
		if s == nil {
			continue
		}
		value := at + row.Key
		if s.Round {
			value += " | round(1)"
		}
		list = append(list, publish.Sensor{
			ID: idPrefix + s.ID, Name: namePrefix + s.Name, Value: value,
			Unit: s.Unit, Class: s.Class, StateClass: s.StateClass, Icon: s.Icon,
		})
	}
	return list
}
