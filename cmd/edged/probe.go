package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-tflite"

	"edged/capture"
	"edged/infer/engine"
	"edged/internal/node"
)

type probeCmd struct {
	JSON bool `help:"Print JSON."`
}

// machine is what edged finds here.
type machine struct {
	Cameras   []capture.Device  `json:"cameras"`
	TFLite    string            `json:"tflite"`
	Delegates []delegateFinding `json:"delegates"`
}

// delegateFinding is the result of loading the people model with one delegate.
type delegateFinding struct {
	Delegate       string `json:"delegate"`
	Usable         bool   `json:"usable"`
	NodesDelegated int    `json:"nodes_delegated"`
	NodesTotal     int    `json:"nodes_total"`
	Error          string `json:"error,omitempty"`
}

// Run prints what a user needs to know to write a configuration.
func (c *probeCmd) Run(out output) error {
	found := machine{Cameras: capture.Probe(), TFLite: tflite.Version()}
	for _, name := range []string{"xnnpack", "gpu", "cpu"} {
		finding, err := probeDelegate(name)
		if err != nil {
			return err
		}
		found.Delegates = append(found.Delegates, finding)
	}
	if c.JSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(found)
	}
	return found.sheet().print(out)
}

// probeDelegate loads the people model with the delegate, and with no other one if that fails.
func probeDelegate(name string) (delegateFinding, error) {
	found := delegateFinding{Delegate: name}
	m, err := node.OpenModel("")
	if err != nil {
		return found, err
	}
	e, err := engine.New(m, engine.Options{Delegate: name, Strict: true})
	if err != nil {
		found.Error = err.Error()
		return found, nil
	}
	defer e.Close()
	info := e.Info()
	found.Usable, found.NodesDelegated, found.NodesTotal = true, info.NodesDelegated, info.NodesTotal
	return found, nil
}

func (m machine) sheet() *sheet {
	s := new(sheet)
	if len(m.Cameras) == 0 {
		s.line("no camera: there is no /dev/video* node")
	}
	for _, cam := range m.Cameras {
		s.line("%s", strings.TrimSpace(cam.Path+"  "+cam.Name))
		if cam.Error != "" {
			s.line("    not usable: %s", cam.Error)
		}
		var others []string
		for _, f := range cam.Formats {
			if f.Supported {
				s.line("    %s", formatLine(f))
			} else {
				others = append(others, f.Name)
			}
		}
		if len(others) > 0 {
			s.line("    not decoded: %s", strings.Join(others, ", "))
		}
	}
	s.line("TFLite %s", m.TFLite)
	for _, d := range m.Delegates {
		if d.Usable {
			s.line("%-8s the people model: %d/%d nodes", d.Delegate, d.NodesDelegated, d.NodesTotal)
		} else {
			s.line("%-8s not usable: %s", d.Delegate, d.Error)
		}
	}
	return s
}

// formatLine lists a format's sizes, each with its highest rate.
func formatLine(f capture.DeviceFormat) string {
	line := f.Name
	for _, s := range f.Sizes {
		line += fmt.Sprintf("  %dx%d", s.Width, s.Height)
		if s.MaxWidth > 0 {
			line += fmt.Sprintf("..%dx%d", s.MaxWidth, s.MaxHeight)
		}
		if len(s.Rates) > 0 {
			line += fmt.Sprintf("@%g", slices.Max(s.Rates))
		}
	}
	return line
}

// usableCamera returns nil if there is a usable camera, else why there is none.
func usableCamera() error {
	var errs []error
	for _, d := range capture.Probe() {
		if d.Usable {
			return nil
		}
		errs = append(errs, errors.New(d.Error))
	}
	if len(errs) == 0 {
		return errors.New("there is no /dev/video* node")
	}
	return errors.Join(errs...)
}
