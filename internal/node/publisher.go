package node

import (
	"math"

	"edged/internal/config"
	"edged/internal/sink"
	"edged/internal/telemetry"
	"edged/publish"
)

func (n *Node) newPublisher() (*publish.Publisher, error) {
	cfg, model := n.Config, n.Model
	secure, err := tlsConfig(cfg.MQTT)
	if err != nil {
		return nil, err
	}
	cameras := n.publishedCameras()
	p := &publish.Publisher{
		Broker:         brokerURL(cfg.MQTT),
		Brokers:        cfg.MQTT.Brokers,
		TLS:            secure,
		Username:       cfg.MQTT.Username,
		Password:       cfg.MQTT.Password(),
		Node:           cfg.Node,
		Cameras:        cameras,
		Model:          publish.Model{Name: model.Manifest.Name, SHA256: model.SHA256},
		PublishScores:  cfg.MQTT.Scores,
		ScoresInterval: cfg.MQTT.ScoresEvery,
		QueueLength:    cfg.MQTT.OutboxEvents,
		QueueBytes:     cfg.MQTT.OutboxBytes,
		QueueAge:       cfg.MQTT.OutboxAge,
		OnCommand:      n.obey,
		Discovery: publish.Discovery{
			Prefix: cfg.MQTT.Discovery, Version: n.Version, Board: board(), Sensors: telemetry.Sensors(cameras, cpuTemperature() != nil),
		},
	}
	return p, p.Initialize()
}

// brokerURL is where the publisher connects to.
func brokerURL(m config.MQTT) string {
	if m.Broker == config.Embedded {
		return "tcp://" + m.Listen
	}
	return m.Broker
}

func (n *Node) publishedCameras() []publish.Camera {
	var cameras []publish.Camera
	for _, cam := range n.Config.Cameras {
		c := publish.Camera{
			Name: cam.Name, Labels: n.Model.Labels, Background: n.Model.Manifest.Background, Snapshots: cam.Snapshots,
			Entities: entities(n.Model.Labels, n.Config.Detect),
		}
		for _, v := range cam.Views {
			c.Views = append(c.Views, v.Name)
		}
		cameras = append(cameras, c)
	}
	return cameras
}

// publisherSink hands what a node recognises to the publisher.
type publisherSink struct{ *publish.Publisher }

var publishedPhases = map[sink.Phase]publish.Phase{sink.Start: publish.Start, sink.Update: publish.Update, sink.End: publish.End}

// Event implements sink.Sink.
func (p publisherSink) Event(e sink.Event) {
	p.Publisher.Event(publish.Event{
		ID: e.ID.N, Source: e.View, Label: e.Label, Phase: publishedPhases[e.Phase],
		Score: e.Score, Peak: e.Peak, Start: e.Start, End: e.End, Newest: e.Newest,
	})
	p.State(e.View, e.Label, e.Phase != sink.End)
}

// Window implements sink.Sink.
func (p publisherSink) Window(w sink.Window) { p.Scores(w.View, w.N, w.Time, w.Scores) }

// Camera implements sink.Sink.
func (p publisherSink) Camera(c sink.Camera) { p.CameraStatus(c.Name, c.Online) }

// View implements sink.Sink.
func (p publisherSink) View(v sink.View) {
	p.Enabled(v.Path, v.Enabled)
	for label, score := range v.Thresholds {
		p.Threshold(v.Path, label, math.Round(score*1e4)/1e4)
	}
}
