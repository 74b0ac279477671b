package nodepage

import (
	"fmt"

	"edged/capture"
	"edged/internal/config"
	"edged/internal/node"
	"edged/web/page"
)

// hints says what somebody who has just installed edged can do next, with what was found on this machine.
func hints(n *node.Node, d page.Description, devices *devices) []page.Hint {
	found := []page.Hint{}
	for i, c := range d.Cameras {
		if spec, err := capture.ParseSpec(n.Config.Cameras[i].Source); !c.Online && err == nil && spec.Kind == capture.KindV4L2 {
			found = append(found, cameraHint(c, devices.get()))
			break
		}
	}
	if d.Broker.BuiltIn {
		found = append(found, page.Hint{
			ID: "broker", Title: "Events stay on this machine",
			Text: "edged publishes to its built-in MQTT broker, which only this machine can reach. Listen to it with the command below. " +
				"To send events to your own broker, and to Home Assistant, change these lines of edged.yaml, in the block mqtt, or set EDGED_MQTT_BROKER and EDGED_MQTT_USERNAME in Docker:",
			Lines: []string{"mosquitto_sub -h 127.0.0.1 -t 'edged/#' -v", "", "  broker: tcp://HOST:1883", "  username: NAME    # if the broker asks for one"},
		})
	} else if !d.Broker.Connected {
		found = append(found, page.Hint{
			ID: "broker", Title: "No connection to the broker",
			Text: fmt.Sprintf("edged cannot reach %s. It tries again by itself, and keeps events until then. Check the address and the password "+
				"in the configuration, and that the broker runs.", d.Broker.Address),
		})
	}
	if n.Recorder == nil {
		found = append(found, page.Hint{
			ID: "record", Title: "Events have no clips yet",
			Text: "edged can record the seconds before, during and after every event. They stay on this machine. Set record.enabled to true in edged.yaml; in Docker, EDGED_RECORD_ENABLED=true " +
				"does it, and in Home Assistant's app the option Record clips.",
		})
	}
	if n.Config.MQTT.Discovery == "" && n.Config.MQTT.Broker != config.Embedded {
		found = append(found, page.Hint{
			ID: "homeassistant", Title: "Home Assistant does not know this board",
			Text:  "mqtt.discovery is empty. With this line, in the block mqtt, Home Assistant finds the cameras and actions by itself:",
			Lines: []string{"  discovery: homeassistant"},
		})
	}
	return found
}

// cameraHint says which cameras this machine has.
func cameraHint(c page.Camera, devices []capture.Device) page.Hint {
	h := page.Hint{
		ID: "camera", Title: "No picture from " + c.Name,
		Text: "edged found no camera that it can use. Plug in a USB camera: edged opens it by itself. (In a container or in Home Assistant's app, restart " +
			"edged afterwards.) For a network camera, set source to its address, rtsp://HOST/PATH. A CSI camera needs a command as its source; see docs/cameras.md.",
	}
	for _, device := range devices {
		state := "can be used"
		if !device.Usable {
			state = device.Error
		}
		h.Lines = append(h.Lines, fmt.Sprintf("%s  %s  %s", device.Path, device.Name, state))
	}
	if len(h.Lines) == 0 {
		h.Lines = []string{"This machine has no /dev/video* device."}
	}
	return h
}
