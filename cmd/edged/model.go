package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"

	"edged/infer/delegate"
	"edged/infer/engine"
	"edged/internal/node"
	"edged/models"
)

type modelCmd struct {
	engineFlags
	JSON bool   `help:"Print JSON."`
	File string `arg:"" optional:"" type:"model" help:"Model file, or people, people-half or motions, which edged brings; without one, people."`
}

// engineFlags are the flags of commands that run a model without a configuration.
type engineFlags struct {
	Delegate string `default:"xnnpack" help:"xnnpack, cpu, gpu[:PATH] or external:PATH."`
	Threads  int    `default:"1" help:"Threads of the model."`
}

// Validate is called by kong.
func (f *engineFlags) Validate() error {
	if cores := runtime.NumCPU(); f.Threads < 1 || f.Threads > cores {
		return fmt.Errorf("--threads %d: must be 1 to %d, the number of cores", f.Threads, cores)
	}
	_, err := delegate.Parse(f.Delegate)
	return err
}

func (f *engineFlags) options() engine.Options {
	return engine.Options{Delegate: f.Delegate, Threads: f.Threads}
}

// Run loads the model as edged run does, and prints its parts and what runs it.
func (c *modelCmd) Run(out output) error {
	m, err := node.OpenModel(c.File)
	if err != nil {
		return err
	}
	e, err := engine.New(m, c.options())
	if err != nil {
		return node.ConfigError{Err: err}
	}
	defer e.Close()
	if c.JSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(struct {
			Path     string          `json:"path"`
			SHA256   string          `json:"sha256"`
			Manifest models.Manifest `json:"manifest"`
			Labels   []string        `json:"labels"`
			Runtime  engine.Info     `json:"runtime"`
		}{m.Path, m.SHA256, m.Manifest, m.Labels, e.Info()})
	}
	return modelSheet(m, e.Info()).print(out)
}

func modelSheet(m *models.Model, info engine.Info) *sheet {
	f, s := m.Manifest, new(sheet)
	row := func(name, format string, args ...any) { s.line("%-10s "+format, append([]any{name}, args...)...) }
	row("model", "%s %s", f.Name, f.Version)
	row("file", "%s, %d bytes, sha256 %s", m.Path, len(m.Data), m.SHA256)
	row("window", "%d frames of %dx%d at %g frames/s, channels %s", f.Frames, f.Width, f.Height, f.FrameRate, f.ChannelOrder)
	row("scaling", "(pixel - %v) / %v", f.Mean, f.Std)
	row("labels", "%s", strings.Join(m.Labels, ", "))
	row("background", "%s", f.Background)
	row("licence", "%s", f.License)
	row("trained on", "%s", f.TrainingData)
	if len(f.Accuracy) > 0 {
		row("accuracy", "%v", f.Accuracy)
	}
	row("input", "%s", tensorLine(info.Input))
	row("output", "%s, %s", tensorLine(info.Output), f.Output)
	if info.Embedding != nil {
		row("embedding", "%s", tensorLine(*info.Embedding))
	}
	row("delegate", "%s", describeDelegate(info))
	for _, op := range info.Ops {
		row("", "%4d %s, %d delegated", op.Nodes, op.Op, op.Delegated)
	}
	return s
}

func tensorLine(t engine.Tensor) string {
	s := fmt.Sprintf("%s %s %v", t.Name, t.Type, t.Shape)
	if t.Scale != 0 {
		s += fmt.Sprintf(", scale %g, zero point %d", t.Scale, t.ZeroPoint)
	}
	return s
}

// describeDelegate is what really runs, and why not the delegate that was asked for.
func describeDelegate(i engine.Info) string {
	s := fmt.Sprintf("%s, %d/%d nodes, %d thread", i.Delegate, i.NodesDelegated, i.NodesTotal, i.Threads)
	if i.Threads != 1 {
		s += "s"
	}
	for _, f := range i.Fallbacks {
		s += fmt.Sprintf("; %s not used: %s", f.Delegate, f.Reason)
	}
	return s
}

// describeModel is a model in one line.
func describeModel(m *models.Model) string {
	f := m.Manifest
	return fmt.Sprintf("%s %s (%s): %d labels, %d frames of %dx%d at %g/s", f.Name, f.Version, m.Path,
		len(m.Labels), f.Frames, f.Width, f.Height, f.FrameRate)
}
