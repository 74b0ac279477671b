package main

// shownNode is what the tests read of /status and of the stats topic.
type shownNode struct {
	Cameras         map[string]shownCamera `json:"cameras"`
	BrokerConnected bool                   `json:"broker_connected"`
}

type shownCamera struct {
	Online         bool                 `json:"online"`
	Reason         string               `json:"reason"`
	FramesPerSec   float64              `json:"frames_per_second"`
	Frames         uint64               `json:"frames"`
	DroppedCorrupt uint64               `json:"dropped_corrupt"`
	Views          map[string]shownView `json:"views"`
}

type shownView struct {
	Windows      uint64 `json:"windows"`
	WindowsGated uint64 `json:"windows_gated"`
}
