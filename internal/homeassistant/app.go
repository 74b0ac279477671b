// Package homeassistant makes edged's configuration where edged runs as an app (formerly "add-on") of Home Assistant. The Supervisor
// starts the app as root, writes the user's options to a file, and knows the broker. People see the page through its ingress.
//
// https://developers.home-assistant.io/docs/add-ons/communication
package homeassistant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"edged/internal/config"
	"edged/internal/plainfile"
)

// App is where an app finds things. Default has the Supervisor's places.
type App struct {
	Options    string // file with the user's options, JSON
	Own        string // the user's own configuration, YAML; it need not exist
	State      string // folder for what edged keeps
	Supervisor string // URL of its API
	Token      string // for the API
}

// Where the page listens, and the only address from which the Supervisor's ingress connects.
// https://developers.home-assistant.io/docs/add-ons/presentation#ingress
const (
	pageAddress = "0.0.0.0:8099"
	ingress     = "172.30.32.2"
)

// maxOptions bounds the options; real ones have a few hundred bytes.
const maxOptions = 1 << 16

// Default returns the Supervisor's places. The token comes from the environment.
func Default(token string) App {
	return App{Options: "/data/options.json", Own: "/config/edged.yaml", State: "/data/edged", Supervisor: "http://supervisor", Token: token}
}

// options are what a user can set on the app's page. packaging/home-assistant/edged/config.yaml declares them.
type options struct {
	Camera   string `json:"camera"`
	Model    string `json:"model"`
	Follow   bool   `json:"follow"`
	Record   bool   `json:"record"`
	LogLevel string `json:"log_level"`
}

// Config returns the configuration. The user's own file, if there is one, takes the place of the options. The broker is the Supervisor's,
// unless that file names another.
func (a App) Config(ctx context.Context) (*config.Config, error) {
	cfg, err := config.Load(a.Own)
	name := a.Own
	if errors.Is(err, fs.ErrNotExist) {
		name = "the app's options"
		cfg, err = a.fromOptions()
	}
	if err != nil {
		return nil, err
	}
	if cfg.Node == config.Default().Node {
		cfg.Node = "home" // the container's host name means nothing to a person
	}
	if cfg.MQTT.Broker == config.Embedded {
		broker, err := a.broker(ctx)
		if err != nil {
			return nil, err
		}
		cfg.MQTT.Broker = broker.url()
		cfg.MQTT.SetCredentials(broker.Username, broker.Password)
	}
	cfg.Web.Listen, cfg.Web.TrustedProxy, cfg.StateDir = pageAddress, ingress, a.State
	if cfg.Record.Enabled && cfg.Record.Dir == "" {
		cfg.Record.Dir = filepath.Join(a.State, "clips")
	}
	return cfg, cfg.Validate(name)
}

func (a App) fromOptions() (*config.Config, error) {
	text, err := plainfile.ReadText(a.Options, maxOptions)
	if err != nil {
		return nil, fmt.Errorf("the app's options: %s: %w", a.Options, err)
	}
	o := options{Record: true}
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, fmt.Errorf("the app's options: %s: %w", a.Options, err)
	}
	cfg := config.Default()
	cfg.Cameras[0].Source = source(o.Camera)
	if o.Follow {
		cfg.Cameras[0].Follow = config.DefaultFollow
	}
	cfg.Record.Enabled = o.Record
	if o.Model != "" {
		cfg.Model.File = o.Model
	}
	if o.LogLevel != "" {
		cfg.Log.Level = o.LogLevel
	}
	return cfg, nil
}

// source turns what a person writes for a camera into a source: nothing, a device, or a source.
func source(camera string) string {
	camera = strings.TrimSpace(camera)
	switch {
	case camera == "":
		return "v4l2:auto"
	case strings.HasPrefix(camera, "/dev/"):
		return "v4l2:" + camera
	}
	return camera
}
