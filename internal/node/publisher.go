package node

import (
	"net/url"

	"edged/internal/config"
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
		Outbox:         n.State.Outbox,
		OnCommand:      n.obey,
		PageURL:        pageURL(cfg.Web.URL),
		Discovery: publish.Discovery{
			Prefix: cfg.MQTT.Discovery, Birth: cfg.MQTT.BirthTopic, Version: n.Version, Board: board(), Sensors: telemetry.Sensors(cameras, cpuTemperature() != nil),
		},
	}
	return p, p.Initialize()
}

// pageURL is web.url with every character escaped that neither a URL nor JSON takes as it is.
func pageURL(configured string) string {
	u, err := url.Parse(configured)
	if err != nil || configured == "" {
		return ""
	}
	return u.String()
}

// brokerURL is where the publisher connects to.
func brokerURL(m config.MQTT) string {
	if m.Broker == config.Embedded {
		return "tcp://" + m.Listen
	}
	return m.Broker
}

func (n *Node) publishedCameras() []publish.Camera {
	cameras := make([]publish.Camera, 0, len(n.Config.Cameras))
	for _, cam := range n.Config.Cameras {
		model := n.modelOf(cam)
		c := publish.Camera{
			Name: cam.Name, Model: publish.Model{Name: model.Manifest.Name, SHA256: model.SHA256}, Labels: model.Labels, Background: model.Manifest.Background, Snapshots: cam.Snapshots,
			Entities: entities(model.Labels, n.Config.Detect), Derived: derivedOf(n.Config, model),
		}
		for _, v := range cam.Views {
			c.Views = append(c.Views, v.Name)
		}
		n.addZones(&c)
		cameras = append(cameras, c)
	}
	return cameras
}

// addZones names the zones of the camera's views.
func (n *Node) addZones(c *publish.Camera) {
	c.Zones = map[string][]string{}
	most := 0
	for _, v := range n.Views {
		if t := v.Pipeline.Targets; v.Camera == c.Name && t != nil && t.Zones != nil {
			c.Zones[v.Path] = t.Zones.Names()
			most = max(most, len(c.Zones[v.Path]))
		}
	}
	if most*len(c.Labels) > maxZoneEntities {
		c.ZoneEntities = named(n.Config.Detect)
	}
}

// publisherSink hands what the node recognises to the publisher.
func (n *Node) publisherSink() (*publish.Sink, error) {
	paths := make([]string, 0, len(n.Views))
	for _, v := range n.Views {
		paths = append(paths, v.Path)
	}
	return n.Publisher.Sink(paths...)
}
