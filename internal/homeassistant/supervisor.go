package homeassistant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// service is the MQTT broker that the Supervisor knows.
type service struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`
	SSL      bool   `json:"ssl"`
	Username string `json:"username"`
	Password string `json:"password"`
}

func (s service) url() string {
	scheme := "tcp"
	if s.SSL {
		scheme = "mqtts"
	}
	return scheme + "://" + net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
}

// errNoBroker is what a user reads who has no broker.
var errNoBroker = errors.New(`no MQTT broker: Home Assistant knows of none. Install and start the app "Mosquitto broker", then start edged again; or set mqtt.broker in edged.yaml`)

// After the board starts, the Supervisor may take a while to answer.
const (
	patience  = time.Minute
	timeout   = 10 * time.Second
	maxAnswer = 1 << 16
)

// pause is how long edged waits before it asks again; tests set it.
var pause = 2 * time.Second

// broker asks the Supervisor for the MQTT broker.
func (a App) broker(ctx context.Context) (service, error) {
	if a.Token == "" {
		return service{}, errors.New("SUPERVISOR_TOKEN is not set: \"edged app\" works only as an app of Home Assistant; use \"edged run\"")
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	for {
		s, err := a.ask(ctx)
		if !isRetried(err) || ctx.Err() != nil {
			return s, err
		}
		select {
		case <-ctx.Done():
			return s, err
		case <-time.After(pause):
		}
	}
}

// isRetried reports whether the error means that the Supervisor does not answer.
func isRetried(err error) bool { return errors.As(err, new(net.Error)) }

// ask asks once.
func (a App) ask(ctx context.Context) (service, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, a.Supervisor+"/services/mqtt", nil)
	if err != nil {
		return service{}, fmt.Errorf("the Supervisor's address: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+a.Token)
	client := http.Client{Timeout: timeout, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		return service{}, fmt.Errorf("ask the Supervisor for the broker: %w", err)
	}
	defer answer.Body.Close()
	var said struct {
		Result  string  `json:"result"`
		Message string  `json:"message"`
		Data    service `json:"data"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(&said); err != nil {
		return service{}, fmt.Errorf("ask the Supervisor for the broker: HTTP status %d, and no JSON: %w", answer.StatusCode, err)
	}
	switch {
	case answer.StatusCode == http.StatusUnauthorized, answer.StatusCode == http.StatusForbidden:
		return service{}, fmt.Errorf("the Supervisor refuses to name the broker (HTTP status %d): the app needs \"services: [mqtt:need]\"", answer.StatusCode)
	case said.Result != "ok", said.Data.Host == "":
		return service{}, fmt.Errorf("%w (the Supervisor says: %q)", errNoBroker, said.Message)
	}
	return said.Data, nil
}
