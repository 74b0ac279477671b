package main

import (
	"fmt"
	"io"

	"edged/capture"
	"edged/infer/engine"
	"edged/internal/config"
	"edged/internal/node"
	"edged/publish/address"
)

// printBanner says what runs, and how to subscribe to it.
func printBanner(w io.Writer, n *node.Node, info engine.Info) {
	fmt.Fprintf(w, "edged %s\n", version)
	for _, cam := range n.Config.Cameras {
		fmt.Fprintf(w, "camera    %s: %s\n", cam.Name, capture.ShownSource(cam.Source))
	}
	fmt.Fprintf(w, "model     %s\n", describeModel(n.Model))
	fmt.Fprintf(w, "delegate  %s\n", describeDelegate(info))
	fmt.Fprintf(w, "broker    %s\n", n.DescribeBroker())
	if line := subscribeLine(n.Config); line != "" {
		fmt.Fprintf(w, "subscribe %s\n", line)
	}
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
