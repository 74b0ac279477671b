package capture

import (
	"edged/capture/internal/device"
)

// DeviceFormat is one pixel format that a node offers, with its sizes and rates.
type (
	DeviceFormat = device.Format
	DeviceSize   = device.Size
)

// Device is what Probe has found out about one V4L2 node.
type Device struct {
	Path    string         `json:"path"`
	Name    string         `json:"name,omitempty"`
	Usable  bool           `json:"usable"` // a camera with a format that edged decodes
	Formats []DeviceFormat `json:"formats,omitempty"`
	Error   string         `json:"error,omitempty"` // why it is not usable
}

// Probe asks every V4L2 node what it is. The list also contains the nodes that do not answer, with the reason.
func Probe() []Device {
	nodes := device.Nodes()
	devices := make([]Device, 0, len(nodes))
	for _, path := range nodes {
		devices = append(devices, probe(path))
	}
	return devices
}

func probe(path string) Device {
	found := Device{Path: path}
	d, err := device.Open(path)
	if err != nil {
		found.Error = err.Error()
		return found
	}
	defer d.Close()
	found.Name = d.Card
	found.Formats, err = d.Formats()
	for i, f := range found.Formats {
		found.Formats[i].Sizes = d.Sizes(f.FourCC)
	}
	if err == nil {
		_, err = (&V4L2{}).offers(d, nil)
	}
	if err != nil {
		found.Error = err.Error()
	}
	found.Usable = err == nil
	return found
}
