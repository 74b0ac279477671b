package main

import (
	"fmt"
	"io"

	"edged/capture"
	"edged/internal/config"
	"edged/internal/node"
	"edged/publish/address"
)

// printBanner says what runs, and how to subscribe to it.
func printBanner(w io.Writer, n *node.Node) {
	var s sheet
	s.line("edged %s", version)
	for _, cam := range n.Config.Cameras {
		s.line("camera    %s: %s", cam.Name, capture.ShownSource(cam.Source))
	}
	for _, e := range n.Engines {
		s.line("model     %s", describeModel(e.Model))
		s.line("delegate  %s", describeDelegate(*e.Info()))
	}
	s.line("broker    %s", n.DescribeBroker())
	if line := subscribeLine(n.Config); line != "" {
		s.line("subscribe %s", line)
	}
	if page := pageURL(n.Config.Web); page != "" {
		s.line("page      %s", page)
	}
	_ = s.print(w) // the console never fails
}

// pageURL is where a browser finds the page; "" if there is none.
func pageURL(w config.Web) string {
	switch {
	case w.URL != "" || w.Listen == "":
		return w.URL
	case w.CertFile != "":
		return "https://" + w.Listen
	}
	return "http://" + w.Listen
}

// subscribeLine is the command that shows everything this node publishes, or "" if it would need a password, TLS or websockets.
func subscribeLine(cfg *config.Config) string {
	broker := cfg.MQTT.Broker
	if broker == config.Embedded {
		broker = "tcp://" + cfg.MQTT.Listen
	}
	a, err := address.Parse(broker)
	if err != nil || a.UsesTLS() || a.IsWebsocket() || cfg.MQTT.Username != "" {
		return ""
	}
	return fmt.Sprintf("mosquitto_sub -h %s -p %s -t 'edged/%s/#' -v", a.Host, a.Port, cfg.Node)
}
