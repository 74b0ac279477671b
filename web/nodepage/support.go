package nodepage

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/goccy/go-yaml"

	"edged/capture"
	"edged/internal/node"
)

// support writes what somebody who helps needs to know: versions, the configuration without secrets, the counters, the newest log lines.
func (s *Site) support(w io.Writer) {
	n := s.node
	fmt.Fprintf(w, "edged %s on %s/%s, %s, written %s\n", n.Version, runtime.GOOS, runtime.GOARCH, runtime.Version(), time.Now().UTC().Format(time.RFC3339))
	fmt.Fprintf(w, "model %s %s, sha256 %s\n", n.Model.Manifest.Name, n.Model.Manifest.Version, n.Model.SHA256)
	section(w, "configuration, with its defaults")
	cfg := *n.Config
	cfg.Cameras = append(cfg.Cameras[:0:0], cfg.Cameras...)
	for i := range cfg.Cameras {
		cfg.Cameras[i].Source = capture.ShownSource(cfg.Cameras[i].Source)
	}
	cfg.MQTT.Broker = node.ConfiguredBroker(cfg.MQTT)
	cfg.MQTT.Brokers, cfg.MQTT.Username = nil, hidden(cfg.MQTT.Username)
	cfg.Model.DelegateOptions = nil
	text, err := yaml.Marshal(cfg)
	fmt.Fprintf(w, "%s", text)
	if err != nil {
		fmt.Fprintln(w, err)
	}
	section(w, "counters")
	counters, err := json.MarshalIndent(s.statistics(), "", " ")
	fmt.Fprintf(w, "%s\n", counters)
	if err != nil {
		fmt.Fprintln(w, err)
	}
	section(w, "the newest lines of the log")
	_, _ = io.WriteString(w, s.recent())
}

func section(w io.Writer, title string) { fmt.Fprintf(w, "\n=== %s\n", title) }

func hidden(s string) string {
	if s == "" {
		return ""
	}
	return "(set)"
}
