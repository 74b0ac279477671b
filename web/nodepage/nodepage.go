// Package nodepage builds the web page of a running node.
package nodepage

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"slices"

	"edged/capture"
	"edged/internal/background"
	"edged/internal/certs"
	"edged/internal/config"
	"edged/internal/node"
	"edged/internal/plainfile"
	"edged/internal/plaintext"
	"edged/record"
	"edged/web/login"
	"edged/web/page"
)

// Site is a node's page and how it is served.
type Site struct {
	*page.Page
	URL *url.URL    // of web.url; nil = there is none
	TLS *tls.Config // nil = plain HTTP

	node   *node.Node
	recent func() string // the newest lines of the log
	access *login.Guard
	meter  meter

	devices devices
}

// New prepares the page of a node that does not run yet. Recent returns the newest lines of the log. Sessions are the process's. The error
// names what is wrong with the configuration.
func New(n *node.Node, recent func() string, sessions *login.Sessions) (*Site, error) {
	cfg := n.Config.Web
	password, err := readPassword(cfg.PasswordFile)
	if err != nil {
		return nil, err
	}
	s := &Site{node: n, recent: recent, devices: devices{probe: capture.Probe}}
	if cfg.CertFile != "" {
		pair, err := certs.LoadPair(cfg.CertFile, cfg.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("web.cert_file, web.key_file: %w", err)
		}
		s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	if cfg.URL != "" {
		if s.URL, err = url.Parse(cfg.URL); err != nil {
			return nil, fmt.Errorf("web.url: %w", err)
		}
	}
	secure := s.TLS != nil || s.URL != nil && s.URL.Scheme == "https"
	access := login.New(password, secure, sessions)
	s.access = access
	access.Proxy = net.ParseIP(cfg.TrustedProxy)
	s.Page = &page.Page{
		Node: n.Config.Node, Version: n.Version, Description: s.describe, Live: n.Live, Timeline: n.Timeline, SetThreshold: n.SetThreshold, SetEnabled: n.SetEnabled,
		Teacher: n.State.Teacher, CheckConfig: checkConfig, Statistics: s.statistics, History: n.State.History, Support: s.support, Access: access,
		Login: password != nil,
	}
	if n.Recorder != nil {
		s.Recorder = n.Recorder
	}
	if s.URL != nil {
		s.Prefix = s.URL.Path
	}
	s.Initialize()
	return s, nil
}

// Start begins to measure for the page's charts. Stop ends that and all streams.
func (s *Site) Start() (stop func()) {
	s.access.Begin()
	end := background.Start(func(ctx context.Context) { s.meter.run(ctx, s) })
	return func() {
		s.Close()
		end()
	}
}

// maxPasswordFile is more than the line of "edged password" needs.
const maxPasswordFile = 4 << 10

func readPassword(file string) (*login.Hashed, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // there is no password
	}
	text, err := plainfile.ReadText(file, maxPasswordFile) // its errors do not name the file: that may be the password itself
	if err != nil {
		return nil, fmt.Errorf("web.password_file: %w", err)
	}
	line, err := plaintext.Value(text)
	if err != nil {
		return nil, fmt.Errorf("web.password_file: %w", err)
	}
	password, err := login.Parse(line)
	if err != nil {
		return nil, fmt.Errorf("web.password_file: %w", err)
	}
	return password, nil
}

// checkConfig reports what is wrong with a configuration. It reads no file that the configuration names.
func checkConfig(yaml []byte) (found []page.ConfigProblem) {
	_, err := config.ParsePublic("configuration", yaml)
	var all *config.Problems
	if !errors.As(err, &all) {
		return nil
	}
	for _, p := range all.List {
		found = append(found, page.ConfigProblem{Line: p.Line, Key: p.Key, Text: p.Text})
	}
	return found
}

func (s *Site) statistics() any {
	text, err := s.node.Telemetry().JSON()
	if err != nil {
		return nil
	}
	return json.RawMessage(text)
}

// describe is what the page shows of the node.
func (s *Site) describe() page.Description {
	n, m := s.node, s.node.Model.Manifest
	d := page.Description{
		Model: page.Model{
			Name: m.Name, Version: m.Version, Labels: n.Model.Labels, Background: m.Background, Width: m.Width, Height: m.Height,
		},
		SmoothingMs: n.Config.Detect.Smoothing.Milliseconds(),
		Broker: page.Broker{
			Address: n.DescribeBroker(), Connected: n.Publisher.Counters().Connected, BuiltIn: n.Config.MQTT.Broker == config.Embedded,
		},
	}
	settings := n.Settings()
	for _, t := range n.Telemetry().Cameras {
		cam := n.Config.Cameras[slices.IndexFunc(n.Config.Cameras, func(c config.Camera) bool { return c.Name == t.Name })]
		c := page.Camera{Name: t.Name, Source: t.Source, Online: t.Online(), Masks: cam.Masks, Own: ownOfCamera(cam), Views: []page.View{}}
		if c.Masks == nil {
			c.Masks = [][][]float64{}
		}
		if c.Zones = cam.Zones; c.Zones == nil {
			c.Zones = map[string][][]float64{}
		}
		if reason := t.Reason(); reason != nil {
			c.Reason = reason.Error()
		}
		for i, v := range n.ViewsOf(cam) {
			view := page.View{Path: t.Views[i].Path, Name: v.Name, Area: v.Area, Stride: v.Stride, Own: ownOfView(cam, i), Labels: n.LabelsOf(t.Name)}
			view.Derived = append([]string{}, n.DerivedOf(t.Name)...)
			if problem := t.Views[i].Problem(); problem != nil {
				view.Problem = problem.Error()
			}
			now := settings[view.Path]
			view.Enabled, view.Thresholds = now.Enabled, rounded(now.Thresholds)
			c.Views = append(c.Views, view)
		}
		d.Cameras = append(d.Cameras, c)
	}
	if n.Recorder != nil {
		d.Recording = n.Recorder.Stats()
	}
	d.Hints = hints(n, d, &s.devices)
	return d
}

// rounded keeps four decimals: thresholds have been float32 on their way.
func rounded(thresholds map[string]float64) map[string]float64 {
	for label, score := range thresholds {
		thresholds[label] = math.Round(score*1e4) / 1e4
	}
	return thresholds
}

var _ page.Clips = (*record.Recorder)(nil)
